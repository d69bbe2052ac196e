package nanostore

import (
	"encoding/json"
	"syscall"
)

// Status is the kind of a failure. The statuses below are the errors to compare with:
//
//	errors.Is(err, nanostore.ErrConflict)
//
// The numbers are those of the C interface. One that this package does not know is to be treated
// like [ErrInternal].
type Status int32

// The statuses, one for each NANOSTORE_ constant of nanostore.h but NANOSTORE_OK.
const (
	ErrInternal       Status = iota + 1 // a defect of the library; nothing changed
	ErrInvalid                          // an argument, document, query or option is wrong
	ErrNotFound                         // no document, member or file of that name
	ErrExists                           // the document, the key or the file is there already
	ErrAmbiguous                        // more than one document answers to the ID
	ErrConflict                         // another revision, or document, than was expected
	ErrConstraint                       // a rule of the schema or of the tree would be broken
	ErrReadOnly                         // the store, the file or the medium can only be read
	ErrBusy                             // something else is using what the call needs
	ErrTimeout                          // the lock was not to be had within LockTimeout
	ErrCancelled                        // the caller cancelled the work
	ErrIO                               // the operating system reported an error
	ErrNoSpace                          // the disk or the quota is full
	ErrPermission                       // the rights for the file or its folder are missing
	ErrCorrupt                          // the data file cannot be understood
	ErrTooNew                           // the file was written by a newer version
	ErrUnsupported                      // this version cannot do that
	ErrLimit                            // a size, a depth or a number is over its limit
	ErrMisuse                           // the call is one that the interface forbids
	ErrForked                           // the handle was made by the parent process
	ErrClosed                           // the store or the cursor is closed
	ErrPanic                            // a defect was caught; the store takes no more writes
	ErrHasChildren                      // the document has children, and Cascade was not set
	ErrSchemaMismatch                   // the schema given does not go with the stored one
	ErrUnknownOutcome                   // the write may or may not have reached the disk
)

// Error gives the name of the status.
func (s Status) Error() string { return "nanostore: " + s.String() }

// String gives the name of the status in capitals, such as NOTFOUND.
func (s Status) String() string { return statusName(s) }

// Error is why a call failed. Members that are not known are empty.
type Error struct {
	Status     Status   `json:"status"`
	Name       string   `json:"name"` // the name of the status or of a finer cause, JSON_SYNTAX
	Message    string   `json:"message"`
	Op         string   `json:"op"`    // the call that failed: add, cursor_next
	ID         string   `json:"id"`    // the document, as the caller named it
	Field      string   `json:"field"` // the member, option or argument at fault
	Path       string   `json:"path"`  // the file
	Line       int      `json:"line"`  // the place in the JSON or in the file, from 1
	Column     int      `json:"column"`
	Expected   string   `json:"expected"` // what the call wanted; of a conflict the revision
	Actual     string   `json:"actual"`   // what it found
	Candidates []string `json:"candidates"`
	Hint       string   `json:"hint"`
	SysErrno   int      `json:"sys_errno"` // what the operating system gave

	// JSON is all of it, as the library gave it.
	JSON json.RawMessage `json:"-"`
}

// Error gives the message and the hint, one line of English for a person.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + " (" + e.Hint + ")"
}

// Is tells whether target is the status of this error.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}

// Unwrap gives the error of the operating system, if there is one, so that errors.Is answers to
// fs.ErrNotExist, syscall.ENOSPC and the like.
func (e *Error) Unwrap() error {
	if e.SysErrno == 0 {
		return nil
	}
	return syscall.Errno(e.SysErrno)
}

// readError makes an error of the JSON that the library gives.
func readError(text json.RawMessage) error {
	failure := &Error{JSON: text}
	if err := json.Unmarshal(text, failure); err != nil {
		return newError(ErrInternal, "ERROR_JSON", "", "",
			"the library gave an error that is not JSON: "+err.Error())
	}
	return failure
}

// newError makes an error that this package itself finds, in the form of those of the library.
func newError(status Status, name, op, field, message string) *Error {
	failure := &Error{Status: status, Name: name, Message: message, Op: op, Field: field}
	members := map[string]any{"status": int32(status), "name": name, "message": message, "op": op}
	if field != "" {
		members["field"] = field
	}
	// Texts and a number are always JSON.
	failure.JSON, _ = json.Marshal(members)
	return failure
}
