package nanostore

import (
	"encoding"
	"encoding/json"
	"reflect"
	"unicode/utf8"
)

// marshal writes a value of Go as the JSON of an argument of the call op. A string that is not
// UTF-8 is refused, where encoding/json would put other characters in its place.
func marshal(op, name string, value any) (json.RawMessage, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, newError(ErrInvalid, "NOT_JSON", op, name,
			"'"+name+"' cannot be written as JSON: "+err.Error())
	}
	if !isUTF8(reflect.ValueOf(value)) {
		return nil, newError(ErrInvalid, "NOT_UTF8", op, name,
			"'"+name+"' has a string in it that is not UTF-8")
	}
	return text, nil
}

// isUTF8 looks at the strings that encoding/json writes. What writes its own JSON is left to the
// library, which looks at the bytes.
func isUTF8(value reflect.Value) bool {
	if !value.IsValid() {
		return true
	}
	if condition, ok := value.Interface().(Condition); ok {
		return isUTF8(reflect.ValueOf(condition.value))
	}
	switch value.Interface().(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return true
	}
	switch value.Kind() {
	case reflect.String:
		return utf8.ValidString(value.String())
	case reflect.Pointer, reflect.Interface:
		return isUTF8(value.Elem())
	case reflect.Slice, reflect.Array:
		for at := range value.Len() {
			if !isUTF8(value.Index(at)) {
				return false
			}
		}
	case reflect.Map:
		for each := value.MapRange(); each.Next(); {
			if !isUTF8(each.Key()) || !isUTF8(each.Value()) {
				return false
			}
		}
	case reflect.Struct:
		for at := range value.NumField() {
			field := value.Type().Field(at)
			if field.IsExported() && field.Tag.Get("json") != "-" && !isUTF8(value.Field(at)) {
				return false
			}
		}
	}
	return true
}

// unmarshal reads a result of the library, when the call that gave it succeeded.
func unmarshal[T any](text json.RawMessage, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	value := new(T)
	if err := json.Unmarshal(text, value); err != nil {
		return nil, newError(ErrInternal, "RESULT_JSON", "", "",
			"the result is not of the form expected: "+err.Error())
	}
	return value, nil
}
