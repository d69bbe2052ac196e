package nanostore

import (
	"encoding/json"
	"runtime"
	"sync"
)

// Store is an open store. Any number of goroutines may use it at the same time: readers run side
// by side, writers one after the other.
type Store struct {
	// Calls hold it to read and Close holds it to write, so the handle is not freed under a call.
	mutex    sync.RWMutex
	handle   storeHandle
	closed   bool
	closeErr error
	cleanup  runtime.Cleanup
}

// Open opens a store: a readable JSON file, which is made when it is not there, or memory for the
// path ":memory:".
//
// Several stores and several processes may have one file open. Close the store; one that is
// forgotten is closed when it is collected, and an error of that is lost.
func Open(path string, options *Options) (*Store, error) {
	in, err := options.input()
	if err != nil {
		return nil, err
	}
	made, err := texts("open", []input{word("path", path), in})
	if err != nil {
		return nil, err
	}
	handle, err := openStore(made[0], made[1])
	if err != nil {
		return nil, err
	}
	return newStore(handle), nil
}

func newStore(handle storeHandle) *Store {
	store := &Store{handle: handle}
	store.cleanup = runtime.AddCleanup(store, func(handle storeHandle) { handle.close() }, handle)
	return store
}

// OpenMemory opens a store of its own in memory, which is gone when it is closed.
func OpenMemory(options *Options) (*Store, error) { return Open(pathInMemory, options) }

// Close closes the store, once the calls on it have returned. The error tells whether everything
// is on disk. Later calls give [ErrClosed]; closing again does nothing and gives the same error.
func (s *Store) Close() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.closed {
		s.closed = true
		s.cleanup.Stop()
		s.closeErr = s.handle.close()
	}
	return s.closeErr
}

// call makes one call on the open store.
func (s *Store) call(op string, function storeCall, inputs ...input) (json.RawMessage, error) {
	in, err := texts(op, inputs)
	if err != nil {
		return nil, err
	}
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	if s.closed {
		return nil, closedError(op)
	}
	return function(s.handle, in)
}

func closedError(op string) error {
	return newError(ErrClosed, "CLOSED", op, "", "the handle is closed")
}

// Add adds a document and gives it as it is now.
func (s *Store) Add(document *Document, options *WriteOptions) (*Document, error) {
	text, err := marshal("add", "document_json", document)
	if err != nil {
		return nil, err
	}
	return unmarshal[Document](s.AddJSON(text, options))
}

// AddJSON is [Store.Add] in JSON.
func (s *Store) AddJSON(document json.RawMessage, options *WriteOptions) (json.RawMessage, error) {
	in, err := writeInput("add", options)
	if err != nil {
		return nil, err
	}
	return s.call("add", storeHandle.add, raw("document_json", document), in)
}

// Get gives one document. An ID is a short one, a whole UUID, "uuid:" with a unique beginning or
// ending of one, or "key:" with the document's own key.
func (s *Store) Get(id string) (*Document, error) {
	return unmarshal[Document](s.GetJSON(id))
}

// GetJSON is [Store.Get] in JSON.
func (s *Store) GetJSON(id string) (json.RawMessage, error) { return s.getJSON(id, nil) }

// getJSON also passes the options, of which this version of the library knows none.
func (s *Store) getJSON(id string, options json.RawMessage) (json.RawMessage, error) {
	return s.call("get", storeHandle.get, word("id", id), raw("options_json", options))
}

// Update changes the members of a document that the patch names, and gives the document.
func (s *Store) Update(id string, patch Patch, options *WriteOptions) (*Document, error) {
	text, err := marshal("update", "patch_json", patch)
	if err != nil {
		return nil, err
	}
	return unmarshal[Document](s.UpdateJSON(id, text, options))
}

// UpdateJSON is [Store.Update] in JSON: a merge patch by RFC 7396.
func (s *Store) UpdateJSON(
	id string, patch json.RawMessage, options *WriteOptions,
) (json.RawMessage, error) {
	in, err := writeInput("update", options)
	if err != nil {
		return nil, err
	}
	return s.call("update", storeHandle.update, word("id", id), raw("patch_json", patch), in)
}

// Replace replaces a document as a whole and gives it. When no document answers to a key ("key:a")
// or whole UUID, it is added. A Rev in the document acts as IfRev, a UUID as IfUUID; beside a UUID
// the SimpleID, which may be another one by now, is not looked at.
func (s *Store) Replace(id string, document *Document, options *WriteOptions) (*Document, error) {
	text, err := marshal("replace", "document_json", document.byUUID())
	if err != nil {
		return nil, err
	}
	return unmarshal[Document](s.ReplaceJSON(id, text, options))
}

// ReplaceJSON is [Store.Replace] in JSON.
func (s *Store) ReplaceJSON(
	id string, document json.RawMessage, options *WriteOptions,
) (json.RawMessage, error) {
	in, err := writeInput("replace", options)
	if err != nil {
		return nil, err
	}
	return s.call("replace", storeHandle.replace,
		word("id", id), raw("document_json", document), in)
}

// Delete deletes a document, and gives what was deleted as it was, the document itself first.
func (s *Store) Delete(id string, options *DeleteOptions) ([]Document, error) {
	report, err := unmarshal[OperationResult](s.DeleteJSON(id, options))
	if err != nil {
		return nil, err
	}
	return report.Deleted, nil
}

// DeleteJSON is [Store.Delete] in JSON: {"deleted":[...]}.
func (s *Store) DeleteJSON(id string, options *DeleteOptions) (json.RawMessage, error) {
	in, err := optionsInput("delete", options,
		func(o *DeleteOptions) json.RawMessage { return o.JSON })
	if err != nil {
		return nil, err
	}
	return s.call("delete", storeHandle.delete, word("id", id), in)
}

// DeleteDocument deletes a document that was read, wherever its short ID leads by now, if it is
// still as it was read, and gives what was deleted as it was.
func (s *Store) DeleteDocument(document *Document, cascade bool) ([]Document, error) {
	options := &DeleteOptions{Cascade: cascade}
	if document.Rev != 0 { // a listing may have left it out
		options.IfRev = &document.Rev
	}
	return s.Delete(document.UUID, options)
}

// ResolveID turns an ID, as a person types it, into the UUID of its document.
func (s *Store) ResolveID(id string) (string, error) {
	uuid, err := s.call("resolve_id", storeHandle.resolveID, word("id", id))
	return string(uuid), err
}

// ResolveIDs turns several IDs into UUIDs, all against one state of the store.
func (s *Store) ResolveIDs(ids []string) ([]string, error) {
	text, err := marshal("resolve_ids", "ids_json", list(ids))
	if err != nil {
		return nil, err
	}
	uuids, err := unmarshal[[]string](s.ResolveIDsJSON(text))
	if err != nil {
		return nil, err
	}
	return *uuids, nil
}

// ResolveIDsJSON is [Store.ResolveIDs] in JSON.
func (s *Store) ResolveIDsJSON(ids json.RawMessage) (json.RawMessage, error) {
	return s.call("resolve_ids", storeHandle.resolveIDs, raw("ids_json", ids))
}

func writeInput(op string, options *WriteOptions) (input, error) {
	return optionsInput(op, options, func(o *WriteOptions) json.RawMessage { return o.JSON })
}
