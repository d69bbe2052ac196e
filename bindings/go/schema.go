package nanostore

// Schema says which dimensions the documents of a store have. Every member may be left out.
type Schema struct {
	SchemaVersion int64       `json:"schema_version,omitempty"`
	Dimensions    []Dimension `json:"dimensions,omitzero"`
	CanonicalView Condition   `json:"canonical_view,omitzero"` // of a listing without one of its own
	Numbering     Numbering   `json:"numbering,omitempty"`
	Indexes       []Index     `json:"indexes,omitempty"`
}

// Dimension is a field that shapes short IDs. Name and Type are needed.
type Dimension struct {
	Name     string            `json:"name"`
	Type     DimensionType     `json:"type"`
	Values   []string          `json:"values,omitzero"`         // the texts allowed, in their order
	Prefixes map[string]string `json:"prefixes,omitempty"`      // the letters of a value in an ID
	Default  string            `json:"default_value,omitempty"` // shows no letter
	RefField string            `json:"ref_field,omitempty"`     // where a document keeps its parent
}

// DimensionType is the kind of a dimension.
type DimensionType string

// The kinds of dimensions; a schema has at most one that is hierarchical.
const (
	Enumerated   DimensionType = "enumerated"
	Hierarchical DimensionType = "hierarchical"
)

// Numbering is what becomes of the numbers of a partition when a document leaves it.
type Numbering string

// The numberings: dense closes up and is the default, stable leaves a hole.
const (
	Dense  Numbering = "dense"
	Stable Numbering = "stable"
)
