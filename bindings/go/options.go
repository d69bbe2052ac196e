package nanostore

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"time"
)

// Options say how a store is opened. A nil pointer and every member left out mean the default.
type Options struct {
	Schema           *Schema       // left out: the one kept in the file
	Create           *bool         // false: the file must be there; true: an empty one is a new store
	ReadOnly         bool          // needs no rights to write, makes no file, refuses writes
	Durability       Durability    //
	Interval         time.Duration // of the durability Batched, in whole milliseconds
	Checkpoint       Checkpoint    //
	Format           Format        // left out: as the file is, and pretty for a new one
	LockTimeout      time.Duration // how long a call waits for other processes, in milliseconds
	Mode             fs.FileMode   // the rights of a new file, whatever the umask is
	MaxDocumentBytes int64         // larger ones are refused with ErrLimit
	Strict           bool          // refuse a file with documents that break the schema
	Salvage          bool          // of a damaged store, keep what can be read
	Clock            *Clock        // for tests and tools that give the same in each run
	UUIDSeed         *uint64       // likewise

	// JSON, when it is set, is handed to the library as it is, in the place of all the others.
	JSON json.RawMessage
}

// Durability says when a write is on disk.
type Durability string

// The durabilities: when the call returns (the default), or at most Interval later.
const (
	Sync    Durability = "sync"
	Batched Durability = "batched"
)

// Checkpoint says when the readable file is brought up to date.
type Checkpoint string

// The checkpoints: when the library sees fit (the default), or at every write.
const (
	CheckpointAuto   Checkpoint = "auto"
	CheckpointCommit Checkpoint = "commit"
)

// Format is how the file is written.
type Format string

// The formats: indented, or one document a line.
const (
	Pretty Format = "pretty"
	Lines  Format = "lines"
)

// Clock gives times that begin at Start and advance by Step, in whole milliseconds.
type Clock struct {
	Start time.Time
	Step  time.Duration
}

// WriteOptions are those of [Store.Add], [Store.Update] and [Store.Replace].
type WriteOptions struct {
	// IfRev lets the write succeed only while the document is at this revision; 0 asks that it not
	// be there yet. Otherwise it is ErrConflict.
	IfRev *uint64 `json:"if_rev,omitempty"`
	// IfUUID lets the write succeed only while the ID leads to the document with this UUID.
	// Otherwise it is ErrConflict. Documents of one batch share a revision, so a short ID that was
	// listed is guarded by both.
	IfUUID string `json:"if_uuid,omitempty"`

	// JSON, when it is set, is handed to the library as it is, in the place of the others.
	JSON json.RawMessage `json:"-"`
}

// DeleteOptions are those of [Store.Delete].
type DeleteOptions struct {
	Cascade bool    `json:"cascade,omitempty"` // delete what hangs below, too
	IfRev   *uint64 `json:"if_rev,omitempty"`  // as in WriteOptions
	IfUUID  string  `json:"if_uuid,omitempty"` // as in WriteOptions

	// JSON, when it is set, is handed to the library as it is, in the place of the others.
	JSON json.RawMessage `json:"-"`
}

// DefineOptions are those of [Store.Define].
type DefineOptions struct {
	Strict bool `json:"strict,omitempty"` // refuse a schema that stored documents break

	// JSON, when it is set, is handed to the library as it is, in the place of the others.
	JSON json.RawMessage `json:"-"`
}

// Ptr gives the address of a value, for members that may be left out:
//
//	&nanostore.WriteOptions{IfRev: nanostore.Ptr(document.Rev)}
func Ptr[T any](value T) *T { return &value }

// optionsJSON is the form in which the library takes Options.
type optionsJSON struct {
	Schema           *Schema    `json:"schema,omitempty"`
	Create           *bool      `json:"create,omitempty"`
	ReadOnly         bool       `json:"read_only,omitempty"`
	Durability       Durability `json:"durability,omitempty"`
	Interval         int64      `json:"interval_ms,omitempty"`
	Checkpoint       Checkpoint `json:"checkpoint,omitempty"`
	Format           Format     `json:"format,omitempty"`
	LockTimeout      int64      `json:"lock_timeout_ms,omitempty"`
	Mode             string     `json:"mode,omitempty"`
	MaxDocumentBytes int64      `json:"max_document_bytes,omitempty"`
	Strict           bool       `json:"strict,omitempty"`
	Salvage          bool       `json:"salvage,omitempty"`
	Clock            *Clock     `json:"clock,omitempty"`
	UUIDSeed         *uint64    `json:"uuid_seed,omitempty"`
}

// input makes the input "options_json" of the options of Open.
func (o *Options) input() (input, error) {
	if o == nil || o.JSON != nil {
		return optionsInput("open", o, func(o *Options) json.RawMessage { return o.JSON })
	}
	mode := ""
	if o.Mode != 0 {
		mode = fmt.Sprintf("%04o", o.Mode)
	}
	text, err := marshal("open", "options_json", optionsJSON{
		Schema: o.Schema, Create: o.Create, ReadOnly: o.ReadOnly,
		Durability: o.Durability, Interval: o.Interval.Milliseconds(), Checkpoint: o.Checkpoint,
		Format: o.Format, LockTimeout: o.LockTimeout.Milliseconds(), Mode: mode,
		MaxDocumentBytes: o.MaxDocumentBytes, Strict: o.Strict, Salvage: o.Salvage,
		Clock: o.Clock, UUIDSeed: o.UUIDSeed,
	})
	return raw("options_json", text), err
}

// MarshalJSON writes the clock as the library takes it.
func (c Clock) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"start": c.Start, "step_ms": c.Step.Milliseconds()})
}

// optionsInput makes the input "options_json": NULL of nil, and the caller's own JSON as it is.
func optionsInput[T any](op string, options *T, own func(*T) json.RawMessage) (input, error) {
	if options == nil {
		return raw("options_json", nil), nil
	}
	if text := own(options); text != nil {
		return raw("options_json", text), nil
	}
	text, err := marshal(op, "options_json", options)
	return raw("options_json", text), err
}
