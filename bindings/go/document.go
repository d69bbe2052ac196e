package nanostore

import (
	"bytes"
	"encoding/json"
	"time"
)

// Document is the unit of a store, going in and coming out.
//
// Going in, every member may be left out, and empty ones count as left out. Coming out, every
// member that has a value is set; a listing with Fields sets those alone. What came out may be
// changed and handed to [Store.Replace]: its UUID and Rev then say which document and version was
// seen, and a write by someone else in between, or a short ID that leads to another document by
// now, is [ErrConflict]. What [Store.Delete] gave may be handed to [Store.Add] or [Batch.Add], which
// put it back.
//
// A type of your own embeds it to be used with the typed layer.
type Document struct {
	UUID       string          `json:"uuid,omitempty"` // permanent
	SimpleID   string          `json:"id,omitempty"`   // the short ID, as the call saw it
	Key        string          `json:"key,omitempty"`  // the caller's own name, unique in the store
	Rev        uint64          `json:"rev,omitempty"`  // of the write that made this version
	Title      string          `json:"title,omitempty"`
	Body       string          `json:"body,omitempty"`
	Dimensions Dimensions      `json:"dimensions,omitempty"` // the parent under its RefField
	Data       json.RawMessage `json:"data,omitempty"`       // an object; its numbers are exact
	CreatedAt  time.Time       `json:"created_at,omitzero"`
	UpdatedAt  time.Time       `json:"updated_at,omitzero"`
	Numbers    json.RawMessage `json:"numbers,omitempty"` // that stable numbering gave it

	// What a query adds when it asks for it; a write takes no notice.
	Hits     []Hit           `json:"hits,omitempty"` // where Search was found
	IndexKey json.RawMessage `json:"$key,omitempty"` // of the entry, for the field "$key"

	seen *json.RawMessage // all of it as the typed layer read it, to tell what was changed since
}

// byUUID is the document without its short ID, which its siblings may have moved, if it has a UUID.
func (d *Document) byUUID() *Document {
	if d == nil || d.UUID == "" {
		return d
	}
	named := *d
	named.SimpleID = ""
	return &named
}

// Hit is where a search was found: bytes of the title or the body.
type Hit struct {
	Field string `json:"field"`
	Start int    `json:"start_bytes"`
	End   int    `json:"end_bytes"`
}

// Dimensions are the values of a document's dimensions by their names.
type Dimensions map[string]string

// UnmarshalJSON takes what is no text, which a person may have written into the file, as its JSON.
func (d *Dimensions) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	*d = make(Dimensions, len(members))
	for name, value := range members {
		if !bytes.HasPrefix(value, []byte{'"'}) {
			(*d)[name] = string(value)
			continue
		}
		var plain string
		if err := json.Unmarshal(value, &plain); err != nil {
			return err
		}
		(*d)[name] = plain
	}
	return nil
}

// Patch is what an update changes: a member that is left out stays, nil takes it away or sets a
// dimension to its default. "dimensions" and "data" are merged member by member:
//
//	nanostore.Patch{"title": "Rye bread", "dimensions": nanostore.Patch{"status": "done"}}
type Patch map[string]any
