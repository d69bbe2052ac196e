package nanostore

import "encoding/json"

// Batch is several writes that happen together, or not at all, in their order. Short IDs in it
// mean the state before it.
//
//	var batch nanostore.Batch
//	batch.Add(&nanostore.Document{Title: "Party"}).Named("party")
//	below := nanostore.Dimensions{"parent_id": "$party"}
//	batch.Add(&nanostore.Document{Title: "Cake", Dimensions: below})
//	batch.UpdateEach([]string{"1", "2"}, nanostore.Patch{"body": "together"})
//	result, err := store.Apply(&batch)
type Batch struct{ operations []*Operation }

// Operation is one write of a batch.
type Operation struct {
	Op       string     `json:"op"`
	ID       string     `json:"id,omitempty"`
	IDs      []string   `json:"ids,omitzero"`
	Where    *Condition `json:"where,omitempty"`
	Document *Document  `json:"document,omitempty"`
	Patch    any        `json:"patch,omitempty"`
	As       string     `json:"as,omitempty"`
	IfRev    *uint64    `json:"if_rev,omitempty"`
	IfUUID   string     `json:"if_uuid,omitempty"`
	Cascade  bool       `json:"cascade,omitempty"`
	All      bool       `json:"all,omitempty"`
}

// BatchResult is what a batch did.
type BatchResult struct {
	Commit  uint64            `json:"commit"`  // the number of this write
	Results []OperationResult `json:"results"` // in the order of the operations
}

// OperationResult is what one operation did: Document for one that names one document, Documents
// for one with several IDs or a condition, Deleted for a delete.
type OperationResult struct {
	Document  *Document  `json:"document"`
	Documents []Document `json:"documents"`
	Deleted   []Document `json:"deleted"`
}

// All gives the documents of the operation, whichever member they are in.
func (r *OperationResult) All() []Document {
	if r.Document != nil {
		return []Document{*r.Document}
	}
	return append(r.Documents[:len(r.Documents):len(r.Documents)], r.Deleted...)
}

// Add adds a document.
func (b *Batch) Add(document *Document) *Operation {
	return b.append(&Operation{Op: "add", Document: document})
}

// Update changes one document.
func (b *Batch) Update(id string, patch Patch) *Operation {
	return b.append(&Operation{Op: "update", ID: id, Patch: filled(patch)})
}

// UpdateEach changes each of the documents with these IDs.
func (b *Batch) UpdateEach(ids []string, patch Patch) *Operation {
	return b.append(&Operation{Op: "update", IDs: list(ids), Patch: filled(patch)})
}

// UpdateWhere changes the documents that fulfil a condition, once the operations before are done.
func (b *Batch) UpdateWhere(where Condition, patch Patch) *Operation {
	return b.append(&Operation{Op: "update", Patch: filled(patch), Where: &where})
}

// Replace replaces a document as a whole, or adds it under a key or UUID that is not there.
func (b *Batch) Replace(id string, document *Document) *Operation {
	return b.append(&Operation{Op: "replace", ID: id, Document: document.byUUID()})
}

// Delete deletes one document.
func (b *Batch) Delete(id string) *Operation {
	return b.append(&Operation{Op: "delete", ID: id})
}

// DeleteEach deletes each of the documents with these IDs.
func (b *Batch) DeleteEach(ids []string) *Operation {
	return b.append(&Operation{Op: "delete", IDs: list(ids)})
}

// DeleteWhere deletes the documents that fulfil a condition, once the operations before are done.
func (b *Batch) DeleteWhere(where Condition) *Operation {
	return b.append(&Operation{Op: "delete", Where: &where})
}

func (b *Batch) append(operation *Operation) *Operation {
	b.operations = append(b.operations, operation)
	return operation
}

// Named lets later operations of the batch call the document that this one adds "$name".
func (o *Operation) Named(name string) *Operation { o.As = name; return o }

// At makes the batch fail unless the one document is at this revision.
func (o *Operation) At(rev uint64) *Operation { o.IfRev = &rev; return o }

// Of makes the batch fail unless the ID leads to the document with this UUID.
func (o *Operation) Of(uuid string) *Operation { o.IfUUID = uuid; return o }

// Cascading deletes what hangs below, too.
func (o *Operation) Cascading() *Operation { o.Cascade = true; return o }

// Everywhere allows an empty condition, which all documents fulfil.
func (o *Operation) Everywhere() *Operation { o.All = true; return o }

// Apply applies a batch.
func (s *Store) Apply(batch *Batch) (*BatchResult, error) {
	text, err := marshal("apply", "operations_json", list(batch.operations))
	if err != nil {
		return nil, err
	}
	return unmarshal[BatchResult](s.ApplyJSON(text))
}

// ApplyJSON is [Store.Apply] in JSON: an array of operations.
func (s *Store) ApplyJSON(operations json.RawMessage) (json.RawMessage, error) {
	return s.applyJSON(operations, nil)
}

// applyJSON also passes the options, of which this version of the library knows none.
func (s *Store) applyJSON(operations, options json.RawMessage) (json.RawMessage, error) {
	return s.call("apply", storeHandle.apply,
		raw("operations_json", operations), raw("options_json", options))
}

// filled is never nil, which would be left out.
func filled(patch Patch) Patch {
	if patch == nil {
		return Patch{}
	}
	return patch
}
