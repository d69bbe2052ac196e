package nanostore_test

import (
	"encoding/json"
	"time"

	nanostore "libnanostore/bindings/go"
)

//go:generate go run libnanostore/bindings/go/cmd/nanostore-gen -type TodoItem,Sample

// TodoItem is the item of a task list, as the typed API that this package follows documents it.
type TodoItem struct {
	nanostore.Document

	Status   string `values:"pending,active,done" prefix:"done=d" default:"pending"`
	Priority string `values:"low,medium,high" prefix:"high=h" default:"medium"`
	Activity string `values:"active,archived,deleted" default:"active"`
	ParentID string `dimension:"parent_id,ref"`

	Description string
	AssignedTo  string
	Estimate    int
	DueDate     time.Time
	Tags        []string
	Place       map[string]string
}

// Sample has fields of every kind.
type Sample struct {
	nanostore.Document
	stamps

	State  state  `values:"new,old" prefix:"old=o" default:"new" dimension:"state_of_it"`
	Flag   bool   `dimension:"flag"`
	Level  *int8  `dimension:"level_of_it"`
	Memory string `dimension:"-"`

	Text     string
	Truth    bool
	Int      int
	Int8     int8
	Int64    int64
	Uint64   uint64
	Float32  float32
	Float64  float64
	When     time.Time
	HowLong  time.Duration
	Bytes    []byte
	Number   json.Number
	Raw      json.RawMessage
	Any      any
	TextPtr  *string
	IntPtr   *int
	TruthPtr *bool
	WhenPtr  *time.Time
	Texts    []string
	States   states
	Places   []place
	Array    [3]int
	Counts   map[string]int
	ByNumber map[int]string
	Anything map[string]any
	Place    place
	PlacePtr *place
	Count    int
}

type state string

type states []state

type stamps struct {
	Owner string
}

type place struct {
	City    string
	Postal  *string
	Nearby  []string
	Notes   map[string]*int
	Private string `json:"-"`
}
