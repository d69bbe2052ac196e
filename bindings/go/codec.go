package nanostore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf8"

	"libnanostore/bindings/go/internal/tag"
)

var errNotUTF8 = errors.New("it holds text that is not UTF-8; bytes belong into a []byte")

// encode writes the value of a field as the JSON that is stored, or nil when there is nothing to
// store: nil, or a dimension that is not set.
func (f *declaredField) encode(value reflect.Value) (json.RawMessage, error) {
	if f.Kind == tag.Data {
		return encodeData(value)
	}
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return nil, nil
		}
		return encodeText(dimensionText(value.Elem()))
	}
	if value.IsZero() && value.Kind() != reflect.Bool {
		return nil, nil
	}
	return encodeText(dimensionText(value))
}

// dimensionText is the text of a value whose type [checkDimension] let pass.
func dimensionText(value reflect.Value) string {
	switch {
	case value.Kind() == reflect.String:
		return value.String()
	case value.Kind() == reflect.Bool:
		return strconv.FormatBool(value.Bool())
	case value.CanInt():
		return strconv.FormatInt(value.Int(), 10)
	}
	return strconv.FormatUint(value.Uint(), 10)
}

// encodeText writes a text, which must be UTF-8.
func encodeText(text string) (json.RawMessage, error) {
	if !utf8.ValidString(text) {
		return nil, errNotUTF8
	}
	return quoted(text), nil
}

// encodeData writes a value of any type. The value must be addressable.
func encodeData(value reflect.Value) (json.RawMessage, error) {
	if canBeNull(value.Kind()) && value.IsNil() {
		return nil, nil
	}
	switch own := value.Interface().(type) {
	case json.RawMessage:
		if len(own) == 0 {
			return nil, nil
		}
	case json.Number:
		if own == "" {
			return nil, nil
		}
	}
	text, err := json.Marshal(value.Addr().Interface())
	if err != nil {
		return nil, err
	}
	// In silence, encoding/json puts U+FFFD in the place of what is not UTF-8, plain or escaped.
	replaced := bytes.Contains(text, []byte("\ufffd")) || bytes.Contains(text, []byte(`\ufffd`))
	if replaced && !isUTF8(value) {
		return nil, errNotUTF8
	}
	return text, nil
}

// decode sets a field, which is zero, to what is stored. Nothing stored leaves it so.
func (f *declaredField) decode(stored json.RawMessage, value reflect.Value) error {
	if stored == nil {
		return nil
	}
	if f.Kind == tag.Data {
		return decodeData(stored, value.Addr().Interface())
	}
	var text string
	if err := json.Unmarshal(stored, &text); err != nil {
		text = string(stored) // a person may have written a number or a truth value into the file
	}
	if value.Kind() == reflect.Pointer {
		value.Set(reflect.New(value.Type().Elem()))
		value = value.Elem()
	}
	return decodeText(text, value)
}

// decodeData reads JSON. Where the type leaves it open, numbers are read as [json.Number], because
// a float64 would change the large and the long ones.
func decodeData(stored json.RawMessage, target any) error {
	decoder := json.NewDecoder(bytes.NewReader(stored))
	decoder.UseNumber()
	return decoder.Decode(target)
}

// decodeText reads the text of a dimension.
func decodeText(text string, value reflect.Value) error {
	bits := 0
	if value.Kind() != reflect.String && value.Kind() != reflect.Bool {
		bits = value.Type().Bits()
	}
	switch {
	case value.Kind() == reflect.String:
		value.SetString(text)
	case value.Kind() == reflect.Bool:
		truth, err := strconv.ParseBool(text)
		value.SetBool(truth)
		return err
	case value.CanInt():
		number, err := strconv.ParseInt(text, 10, bits)
		value.SetInt(number)
		return err
	default:
		number, err := strconv.ParseUint(text, 10, bits)
		value.SetUint(number)
		return err
	}
	return nil
}

// read fills a value of the type with a document.
func (d *declaration) read(text json.RawMessage, value reflect.Value) error {
	document, err := unmarshal[Document](text, nil)
	if err != nil {
		return err
	}
	document.seen = &text
	value.FieldByIndex(d.document).Set(reflect.ValueOf(*document))
	data, err := readObject(document.Data)
	if err != nil {
		return err
	}
	for at := range d.fields {
		field := &d.fields[at]
		stored := data.get(field.Name)
		if field.Kind != tag.Data {
			stored = nil
			if word, found := document.Dimensions[field.Name]; found {
				stored = quoted(word)
			}
		} else if stored == nil {
			stored = data.get(field.oldName())
		}
		target := value.FieldByIndex(field.index)
		target.SetZero()
		if err := field.decode(stored, target); err != nil {
			return newError(ErrInvalid, "FIELD_VALUE", "get", field.goName, fmt.Sprintf(
				"document %s has %s for the field %s of the type %s: %s",
				document.UUID, stored, field.goName, field.goType, err))
		}
	}
	return nil
}

// documentOf is the Document that is embedded in a value.
func (d *declaration) documentOf(value reflect.Value) *Document {
	return value.FieldByIndex(d.document).Addr().Interface().(*Document)
}
