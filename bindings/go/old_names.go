package nanostore

import (
	"encoding/json"
	"errors"

	"libnanostore/bindings/go/internal/tag"
)

// RenameOldFields puts data that older programs stored under the names that fields have in Go, such
// as AssignedTo, under the names of today, assigned_to, in one commit, and counts the documents.
// Get and Find read both; conditions and orders look under the names of today only.
func (s *TypedStore[T]) RenameOldFields() (int, error) {
	var old []Condition
	for _, field := range s.types.fields {
		if field.hasOldName() {
			old = append(old, Exists(Data(field.oldName())))
		}
	}
	if old == nil {
		return 0, nil
	}
	for {
		count, err := s.rewrite(nil, func() ([]json.RawMessage, error) {
			return s.documents(&Query{Where: Or(old...)})
		}, s.types.renameOldFields)
		if !errors.Is(err, ErrConflict) {
			return count, err
		}
	}
}

// renameOldFields renames in one document. What is there under the name of today is what counts.
func (d *declaration) renameOldFields(document *jsonObject) error {
	data, err := readObject(document.get("data"))
	if err != nil {
		return err
	}
	for _, field := range d.fields {
		if !field.hasOldName() {
			continue
		}
		value := data.get(field.oldName())
		data.set(field.oldName(), nil)
		if data.get(field.Name) == nil {
			data.set(field.Name, value)
		}
	}
	document.set("data", data.text())
	return nil
}

// oldName is the name that a data field has in files of older programs.
func (f *declaredField) oldName() string { return f.goName }

// hasOldName tells whether that is another one.
func (f *declaredField) hasOldName() bool { return f.Kind == tag.Data && f.oldName() != f.Name }
