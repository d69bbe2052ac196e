package nanostore

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"libnanostore/bindings/go/internal/tag"
)

// form is a value of a declared type in the shape of a document.
type form struct {
	members    jsonObject // title, body, key and the times
	dimensions jsonObject
	data       jsonObject
}

// form writes a value. With onlySet, fields that are zero are left out. What the type does not
// declare is in Dimensions and Data of the embedded Document and goes along.
func (d *declaration) form(op string, value reflect.Value, onlySet bool) (*form, error) {
	document := d.documentOf(value)
	made := &form{}
	for _, name := range slices.Sorted(maps.Keys(document.Dimensions)) {
		made.dimensions.set(name, quoted(document.Dimensions[name]))
	}
	data, err := readObject(document.Data)
	if err != nil {
		return nil, newError(ErrInvalid, "FIELD_VALUE", op, "Data",
			"the Data of the Document is not a JSON object: "+err.Error())
	}
	made.data = *data
	if err := made.document(op, document); err != nil {
		return nil, err
	}
	for at := range d.fields {
		field := &d.fields[at]
		part := value.FieldByIndex(field.index)
		if onlySet && part.IsZero() {
			continue
		}
		text, err := field.encode(part)
		if err != nil {
			return nil, fieldError(op, field.goName, err)
		}
		made.set(field, text)
	}
	return made, nil
}

// set puts the value of a field in its place.
func (f *form) set(field *declaredField, text json.RawMessage) {
	if field.Kind != tag.Data {
		f.dimensions.set(field.Name, text)
		return
	}
	if field.hasOldName() {
		f.data.set(field.oldName(), nil)
	}
	f.data.set(field.Name, text)
}

// document writes the members of the embedded Document that a caller may set and has set.
func (f *form) document(op string, document *Document) error {
	for _, member := range documentMembers {
		text, err := member.encode(document)
		if err != nil {
			return fieldError(op, member.goName, err)
		}
		f.members.set(member.name, text)
	}
	return nil
}

// documentMember is a member of the embedded Document that a caller may set.
type documentMember struct {
	name, goName string
	encode       func(*Document) (json.RawMessage, error)
}

var documentMembers = []documentMember{
	{"key", "Key", func(d *Document) (json.RawMessage, error) { return encodeSet(d.Key) }},
	{"title", "Title", func(d *Document) (json.RawMessage, error) { return encodeSet(d.Title) }},
	{"body", "Body", func(d *Document) (json.RawMessage, error) { return encodeSet(d.Body) }},
	{"created_at", "CreatedAt", func(d *Document) (json.RawMessage, error) {
		return encodeTime(d.CreatedAt)
	}},
	{"updated_at", "UpdatedAt", func(d *Document) (json.RawMessage, error) {
		return encodeTime(d.UpdatedAt)
	}},
}

// encodeSet writes a text; an empty one is none.
func encodeSet(text string) (json.RawMessage, error) {
	if text == "" {
		return nil, nil
	}
	return encodeText(text)
}

// encodeTime writes a time of a document; the zero time is none.
func encodeTime(at time.Time) (json.RawMessage, error) {
	if at.IsZero() {
		return nil, nil
	}
	return json.Marshal(at)
}

func fieldError(op, goName string, err error) error {
	return newError(ErrInvalid, "FIELD_VALUE", op, goName,
		fmt.Sprintf("the field %s cannot be stored: %s", goName, err))
}
