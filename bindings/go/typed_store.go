package nanostore

import (
	"encoding/json"
	"errors"
	"reflect"
)

// TypedStore is a store whose documents are values of the type T. T is a struct that embeds
// [Document]; its other fields are kept as their tags say:
//
//	type Task struct {
//		nanostore.Document
//		Status   string `values:"pending,active,done" prefix:"done=d" default:"pending"`
//		ParentID string `dimension:"parent_id,ref"`
//		Due      *time.Time
//	}
//
// values, with prefix and default, makes a field a dimension, which is called by the name of the
// field in small letters, or as the tag dimension says; dimension with ref makes it the reference
// to the parent, for which any form of an ID may be given; dimension:"-" leaves it out. All other
// fields are members of the document's data, called by their names in snake_case, or as the tag
// data says.
//
// Any number of goroutines may use it at the same time.
type TypedStore[T any] struct {
	store *Store
	types *declaration
}

// New opens the store at a path, as [Open] does, for documents of the type T.
func New[T any](path string) (*TypedStore[T], error) { return NewWithOptions[T](path, nil) }

// NewWithOptions is [New] with options. Their schema may have everything but dimensions, which T
// declares.
func NewWithOptions[T any](path string, options *Options) (*TypedStore[T], error) {
	types, err := declare(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	with, schema := Options{}, Schema{}
	if options != nil {
		with = *options
	}
	if with.Schema != nil {
		schema = *with.Schema
	}
	if schema.Dimensions != nil || with.JSON != nil {
		return nil, types.wrong("", "it declares the dimensions: the options must have neither "+
			"dimensions nor JSON")
	}
	schema.Dimensions = types.schema()
	with.Schema = &schema
	store, err := Open(path, &with)
	if err != nil {
		return nil, err
	}
	return &TypedStore[T]{store, types}, nil
}

// Store gives the store itself, for all that needs no type.
func (s *TypedStore[T]) Store() *Store { return s.store }

// Close closes the store; see [Store.Close].
func (s *TypedStore[T]) Close() error { return s.store.Close() }

// ResolveUUID turns an ID, as a person types it, into the UUID of its document.
func (s *TypedStore[T]) ResolveUUID(id string) (string, error) { return s.store.ResolveID(id) }

// Create adds a document and gives its short ID. The title given here is the one that counts; data
// may be nil and stays as it is. Dimensions that are not set get their defaults.
func (s *TypedStore[T]) Create(title string, data *T) (string, error) {
	made, err := s.Add(title, data)
	if err != nil {
		return "", err
	}
	return s.document(made).SimpleID, nil
}

// Add is [TypedStore.Create] that gives the document as the store has it now.
func (s *TypedStore[T]) Add(title string, data *T) (*T, error) {
	if data == nil {
		data = new(T)
	}
	value := reflect.ValueOf(data).Elem()
	form, err := s.types.form("add", value, false)
	if err != nil {
		return nil, err
	}
	document := form.members
	// What was read is the template of a document of its own, not that document once more.
	if own := s.types.documentOf(value); own.seen == nil && own.UUID != "" {
		document.set("uuid", quoted(own.UUID))
	} else if own.seen != nil {
		for _, name := range []string{"key", "created_at", "updated_at"} {
			document.set(name, nil)
		}
	}
	text, err := encodeText(title)
	if err != nil {
		return nil, fieldError("add", "Title", err)
	}
	document.set("title", text)
	document.set("dimensions", form.dimensions.text())
	document.set("data", form.data.text())
	return s.read(s.store.AddJSON(document.text(), nil))
}

// Get gives one document, named by any form of its ID.
func (s *TypedStore[T]) Get(id string) (*T, error) { return s.read(s.store.GetJSON(id)) }

// Update changes a document. Of data that was read from the store, the fields are written that
// differ from what was read; the ID must then lead to that same document, or it is [ErrConflict],
// and data is brought up to date. Of any other data, the fields are written that are not zero. The listed fields, by
// their names in Go or in the store, are written in any case: with them a field can be emptied
// without reading the document first.
func (s *TypedStore[T]) Update(id string, data *T, fields ...string) error {
	change, err := s.change(data, fields)
	if err != nil {
		return err
	}
	text, err := s.write(id, change)
	if err != nil {
		return err
	}
	if s.document(data).seen == nil {
		return nil
	}
	return s.types.read(text, reflect.ValueOf(data).Elem())
}

// Modify reads a document, lets the function change it, and writes what it changed, on condition
// that nobody else wrote the document meanwhile. If someone did, it begins anew, so the function
// may be called several times. An error of the function ends it, and nothing is written.
func (s *TypedStore[T]) Modify(id string, modify func(*T) error) error {
	for {
		data, err := s.Get(id)
		if err != nil {
			return err
		}
		read := *s.document(data)
		if err := modify(data); err != nil {
			return err
		}
		s.document(data).seen = read.seen // in case it put another document in the place
		change, err := s.change(data, nil)
		if err != nil || change.empty() {
			return err
		}
		change.rev = &read.Rev
		_, err = s.write(read.UUID, change)
		if !errors.Is(err, ErrConflict) {
			return err
		}
		id = read.UUID // the short ID may lead elsewhere by now
	}
}

// Delete deletes a document; what hangs below it must be deleted too, by cascade, or stands in the
// way as [ErrHasChildren].
func (s *TypedStore[T]) Delete(id string, cascade bool) error {
	_, err := s.store.DeleteJSON(id, &DeleteOptions{Cascade: cascade})
	return err
}

// DeleteRead deletes a document that was read, if it is still as it was read; see
// [Store.DeleteDocument].
func (s *TypedStore[T]) DeleteRead(data *T, cascade bool) error {
	if data == nil {
		return newError(ErrInvalid, "NULL_ARGUMENT", "delete", "data", "there is no data")
	}
	_, err := s.store.DeleteDocument(s.document(data), cascade)
	return err
}

// write makes a change in one document and gives the document.
func (s *TypedStore[T]) write(id string, change *change) (json.RawMessage, error) {
	if change.mergeable() {
		return s.store.UpdateJSON(id, change.patch(), nil)
	}
	if change.uuid != "" {
		// The library says whether the ID still leads to that document.
		guard := jsonObject{}
		change.identify(&guard)
		if _, err := s.store.UpdateJSON(id, guard.text(), nil); err != nil {
			return nil, err
		}
		id = change.uuid
	}
	for {
		text, err := s.store.GetJSON(id)
		if err != nil {
			return nil, err
		}
		uuid, document, err := edited(text, change.apply)
		if err != nil {
			return nil, err
		}
		text, err = s.store.ReplaceJSON(uuid, document, nil)
		if change.rev != nil || !errors.Is(err, ErrConflict) {
			return text, err
		}
	}
}

// edited edits the text of a document, and gives its UUID and the text.
func edited(text json.RawMessage, edit func(*jsonObject) error) (string, json.RawMessage, error) {
	document, err := readObject(text)
	if err != nil {
		return "", nil, err
	}
	var uuid string
	if err := json.Unmarshal(document.get("uuid"), &uuid); err != nil {
		return "", nil, err
	}
	// The short ID may be another one by now; UUID and revision say what is meant.
	document.set("id", nil)
	if err := edit(document); err != nil {
		return "", nil, err
	}
	return uuid, document.text(), nil
}

// change tells what an update with this data does.
func (s *TypedStore[T]) change(data *T, fields []string) (*change, error) {
	if data == nil {
		return nil, newError(ErrInvalid, "NULL_ARGUMENT", "update", "data", "there is no data")
	}
	return s.types.change("update", reflect.ValueOf(data).Elem(), fields)
}

// read makes a value of what the store gave.
func (s *TypedStore[T]) read(text json.RawMessage, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	data := new(T)
	if err := s.types.read(text, reflect.ValueOf(data).Elem()); err != nil {
		return nil, err
	}
	return data, nil
}

// document is the Document embedded in data.
func (s *TypedStore[T]) document(data *T) *Document {
	return s.types.documentOf(reflect.ValueOf(data).Elem())
}
