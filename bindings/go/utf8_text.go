package nanostore

import (
	"reflect"
	"unicode/utf8"
)

// isUTF8 tells whether every text in a value is UTF-8. Types that write themselves are trusted.
func isUTF8(value reflect.Value) bool {
	if !value.IsValid() || (value.Kind() != reflect.String && writes(value.Type())) {
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
		for _, key := range value.MapKeys() {
			if !isUTF8(key) || !isUTF8(value.MapIndex(key)) {
				return false
			}
		}
	case reflect.Struct:
		for at := range value.NumField() {
			if !isUTF8(value.Field(at)) {
				return false
			}
		}
	}
	return true
}
