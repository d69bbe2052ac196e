package nanostore

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// checkValues tells whether values are of the type of the field they are compared with: a value of
// another type would match nothing, in silence.
func (d *declaration) checkValues(op, name string, values []any) error {
	wanted := d.fieldKind(name)
	for _, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			continue // which is told when the query is written
		}
		if found := kindOf(text); wanted != "" && found != "" && found != wanted {
			return newError(ErrInvalid, "WRONG_TYPE", op, name, fmt.Sprintf(
				"the field '%s' of %s is compared with %s, not with %s", name, d.goType, wanted, found))
		}
	}
	return nil
}

// fieldKind tells what a field is in JSON; nothing where that is open.
func (d *declaration) fieldKind(name string) string {
	switch name {
	case "uuid", "id", "key", "title", "body", "created_at", "updated_at":
		return textKind
	case "rev":
		return numberKind
	case "has_children":
		return truthKind
	}
	field := d.field(name)
	if field == nil {
		return ""
	}
	goType := field.goType
	for goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	text, err := json.Marshal(reflect.New(goType).Interface())
	if err != nil {
		return ""
	}
	return kindOf(text)
}

const (
	textKind   = "a text"
	numberKind = "a number"
	truthKind  = "a truth value"
)

// kindOf tells what a JSON text is; nothing of null, which stands for what is not there.
func kindOf(text json.RawMessage) string {
	switch text[0] {
	case '"':
		return textKind
	case 't', 'f':
		return truthKind
	case '[':
		return "an array"
	case '{':
		return "an object"
	case 'n':
		return ""
	}
	return numberKind
}
