package nanostore

// This is the only file that speaks C. Handles and texts of C are wrapped here, and nothing that C
// owns leaves it but a handle: a text is copied into Go memory and freed at once.

/*
#cgo LDFLAGS: -lnanostore

// The library keeps no pointer that it is given, and never calls back: Go need not move outputs to
// the heap, nor be ready to be called.
#cgo noescape nanostore_add
#cgo noescape nanostore_apply
#cgo noescape nanostore_changes
#cgo noescape nanostore_checkpoint
#cgo noescape nanostore_close
#cgo noescape nanostore_count
#cgo noescape nanostore_cursor_next
#cgo noescape nanostore_cursor_open
#cgo noescape nanostore_cursor_token
#cgo noescape nanostore_define
#cgo noescape nanostore_delete
#cgo noescape nanostore_explain
#cgo noescape nanostore_get
#cgo noescape nanostore_info
#cgo noescape nanostore_json_get
#cgo noescape nanostore_json_quote
#cgo noescape nanostore_list
#cgo noescape nanostore_merge
#cgo noescape nanostore_open
#cgo noescape nanostore_replace
#cgo noescape nanostore_resolve_id
#cgo noescape nanostore_resolve_ids
#cgo noescape nanostore_snapshot
#cgo noescape nanostore_sync
#cgo noescape nanostore_update
#cgo noescape nanostore_verify
#cgo nocallback nanostore_add
#cgo nocallback nanostore_apply
#cgo nocallback nanostore_changes
#cgo nocallback nanostore_checkpoint
#cgo nocallback nanostore_close
#cgo nocallback nanostore_count
#cgo nocallback nanostore_cursor_close
#cgo nocallback nanostore_cursor_next
#cgo nocallback nanostore_cursor_open
#cgo nocallback nanostore_cursor_token
#cgo nocallback nanostore_define
#cgo nocallback nanostore_delete
#cgo nocallback nanostore_error_free
#cgo nocallback nanostore_explain
#cgo nocallback nanostore_get
#cgo nocallback nanostore_info
#cgo nocallback nanostore_json_get
#cgo nocallback nanostore_json_quote
#cgo nocallback nanostore_list
#cgo nocallback nanostore_merge
#cgo nocallback nanostore_open
#cgo nocallback nanostore_replace
#cgo nocallback nanostore_resolve_id
#cgo nocallback nanostore_resolve_ids
#cgo nocallback nanostore_snapshot
#cgo nocallback nanostore_string_free
#cgo nocallback nanostore_sync
#cgo nocallback nanostore_update
#cgo nocallback nanostore_verify
#cgo nocallback strlen

#include <nanostore.h>
#include <string.h>
*/
import "C"

import (
	"encoding/json"
	"sync/atomic"
	"unsafe"
)

// pathInMemory is the path of a store that is gone after its last handle.
const pathInMemory = ":memory:"

// liveHandles counts the handles of stores and cursors that are not closed yet.
var liveHandles atomic.Int64

// storeHandle is a handle of the library; the zero value is none.
type storeHandle struct{ pointer *C.nanostore }

// cursorHandle is a cursor of the library; the zero value is none.
type cursorHandle struct{ pointer *C.nanostore_cursor }

// text is what goes in: bytes of Go that end in NUL, or nil for NULL. The library keeps none of
// it, so C may look at the memory of Go for the time of the call and nothing has to be freed.
type text []byte

func (t text) c() *C.char {
	if t == nil {
		return nil
	}
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(t)))
}

// storeCall is a function of the library on a store that gives a text.
type storeCall func(storeHandle, []text) (json.RawMessage, error)

func openStore(path, options text) (storeHandle, error) {
	if C.nanostore_version_number() < C.NANOSTORE_VERSION_NUMBER {
		return storeHandle{}, newError(ErrUnsupported, "OLD_LIBRARY", "open", "",
			"the library found at run time is older than the header this program was built with")
	}
	var handle *C.nanostore
	var failure *C.nanostore_error
	if C.nanostore_open(path.c(), options.c(), &handle, &failure) != C.NANOSTORE_OK {
		return storeHandle{}, takeError(failure)
	}
	liveHandles.Add(1)
	return storeHandle{handle}, nil
}

func (h storeHandle) close() error {
	var failure *C.nanostore_error
	liveHandles.Add(-1)
	if C.nanostore_close(&h.pointer, &failure) != C.NANOSTORE_OK {
		return takeError(failure)
	}
	return nil
}

func (h storeHandle) add(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_add(h.pointer, in[0].c(), in[1].c(), &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) get(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_get(h.pointer, in[0].c(), in[1].c(), &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) update(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_update(h.pointer, in[0].c(), in[1].c(), in[2].c(), &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) replace(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_replace(h.pointer, in[0].c(), in[1].c(), in[2].c(), &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) delete(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_delete(h.pointer, in[0].c(), in[1].c(), &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) apply(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_apply(h.pointer, in[0].c(), in[1].c(), &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) list(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_list(h.pointer, in[0].c(), &out, &failure)
	return take(status, out, failure)
}

// appendList appends to a buffer, which may be hot in the cache where a new one never is.
func (h storeHandle) appendList(buffer []byte, query text) ([]byte, error) {
	var out *C.char
	var failure *C.nanostore_error
	if C.nanostore_list(h.pointer, query.c(), &out, &failure) != C.NANOSTORE_OK {
		return buffer, takeError(failure)
	}
	defer C.nanostore_string_free(out)
	return appendText(buffer, out), nil
}

func (h storeHandle) explain(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_explain(h.pointer, in[0].c(), &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) count(query text) (int64, error) {
	var count C.int64_t
	var failure *C.nanostore_error
	if C.nanostore_count(h.pointer, query.c(), &count, &failure) != C.NANOSTORE_OK {
		return 0, takeError(failure)
	}
	return int64(count), nil
}

func (h storeHandle) resolveID(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_resolve_id(h.pointer, in[0].c(), &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) resolveIDs(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_resolve_ids(h.pointer, in[0].c(), &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) define(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_define(h.pointer, in[0].c(), in[1].c(), &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) info([]text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_info(h.pointer, &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) verify([]text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_verify(h.pointer, &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) sync([]text) (json.RawMessage, error) {
	var failure *C.nanostore_error
	status := C.nanostore_sync(h.pointer, &failure)
	return take(status, nil, failure)
}

func (h storeHandle) checkpoint([]text) (json.RawMessage, error) {
	var failure *C.nanostore_error
	status := C.nanostore_checkpoint(h.pointer, &failure)
	return take(status, nil, failure)
}

func (h storeHandle) changes(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_changes(h.pointer, in[0].c(), &out, &failure)
	return take(status, out, failure)
}

func (h storeHandle) snapshot() (storeHandle, error) {
	var snapshot *C.nanostore
	var failure *C.nanostore_error
	if C.nanostore_snapshot(h.pointer, &snapshot, &failure) != C.NANOSTORE_OK {
		return storeHandle{}, takeError(failure)
	}
	liveHandles.Add(1)
	return storeHandle{snapshot}, nil
}

func (h storeHandle) openCursor(query text) (cursorHandle, error) {
	var cursor *C.nanostore_cursor
	var failure *C.nanostore_error
	if C.nanostore_cursor_open(h.pointer, query.c(), &cursor, &failure) != C.NANOSTORE_OK {
		return cursorHandle{}, takeError(failure)
	}
	liveHandles.Add(1)
	return cursorHandle{cursor}, nil
}

// next gives nil behind the last document.
func (h cursorHandle) next() (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_cursor_next(h.pointer, &out, &failure)
	return take(status, out, failure)
}

func (h cursorHandle) token() (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_cursor_token(h.pointer, &out, &failure)
	return take(status, out, failure)
}

func (h cursorHandle) close() {
	liveHandles.Add(-1)
	C.nanostore_cursor_close(h.pointer)
}

func quote(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_json_quote(in[0].c(), &out, &failure)
	return take(status, out, failure)
}

func lookUp(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_json_get(in[0].c(), in[1].c(), &out, &failure)
	return take(status, out, failure)
}

func mergeFiles(in []text) (json.RawMessage, error) {
	var out *C.char
	var failure *C.nanostore_error
	status := C.nanostore_merge(in[0].c(), in[1].c(), in[2].c(), in[3].c(), &out, &failure)
	return take(status, out, failure)
}

// take copies what a call gave and frees it: the text, or the error in its place.
func take(
	status C.nanostore_status, out *C.char, failure *C.nanostore_error,
) (json.RawMessage, error) {
	if status != C.NANOSTORE_OK {
		return nil, takeError(failure)
	}
	if out == nil {
		return nil, nil
	}
	defer C.nanostore_string_free(out)
	return appendText(nil, out), nil
}

func takeError(failure *C.nanostore_error) error {
	defer C.nanostore_error_free(failure)
	return readError(appendText(nil, C.nanostore_error_json(failure)))
}

func appendText(buffer []byte, from *C.char) []byte {
	return append(buffer, unsafe.Slice((*byte)(unsafe.Pointer(from)), C.strlen(from))...)
}

// statusName gives the name of a status in capitals, such as NOTFOUND.
func statusName(status Status) string {
	return C.GoString(C.nanostore_status_name(C.nanostore_status(status)))
}

// Version gives the version of the library that the program runs with, such as "0.1.0".
func Version() string {
	return C.GoString(C.nanostore_version())
}
