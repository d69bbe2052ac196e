package nanostore

import "encoding/json"

// Index is an ordered list of entries, each a key and a document, that queries use by themselves
// and may name. Name and Fields are needed.
type Index struct {
	Name    string       `json:"name"`
	Fields  []IndexField `json:"fields"`
	Unique  bool         `json:"unique,omitempty"`  // no two documents may have one key
	Multi   bool         `json:"multi,omitempty"`   // an entry for each element of the first field
	Missing bool         `json:"missing,omitempty"` // entries for documents that lack a field, too
	Where   Condition    `json:"where,omitzero"`    // which documents have entries
	Include []string     `json:"include,omitempty"` // the fields that a listing by it gives
	Reduce  *Reduce      `json:"reduce,omitempty"`  // what groups of entries come to
}

// IndexField is a part of a key.
type IndexField struct {
	Field string  `json:"field"`           // "-" in front: greatest values first
	Slice *[2]int `json:"slice,omitempty"` // these characters of its text, up to the second
}

// IndexFields gives the fields of an index by their names.
func IndexFields(names ...string) []IndexField {
	fields := make([]IndexField, len(names))
	for at, name := range names {
		fields[at].Field = name
	}
	return fields
}

// Reduce is what a group of entries comes to: a kind, and the field whose values count.
type Reduce struct {
	Kind  ReduceKind
	Field string
}

// ReduceKind is how values of a group become one.
type ReduceKind string

// The kinds: the number of entries, which needs no field; the exact sum of the numbers; the least
// and the greatest value; and all four together.
const (
	ReduceCount ReduceKind = "count"
	ReduceSum   ReduceKind = "sum"
	ReduceMin   ReduceKind = "min"
	ReduceMax   ReduceKind = "max"
	ReduceStats ReduceKind = "stats"
)

// MarshalJSON gives the form of a schema.
func (r Reduce) MarshalJSON() ([]byte, error) {
	if r.Kind == ReduceCount {
		return json.Marshal(r.Kind)
	}
	return json.Marshal(map[ReduceKind]string{r.Kind: r.Field})
}
