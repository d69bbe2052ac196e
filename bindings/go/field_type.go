package nanostore

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
)

var (
	jsonReader = reflect.TypeFor[json.Unmarshaler]()
	textReader = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonWriter = reflect.TypeFor[json.Marshaler]()
	textWriter = reflect.TypeFor[encoding.TextMarshaler]()
)

// checkDimension tells whether a dimension can have this type: one that has a text.
func checkDimension(goType reflect.Type) error {
	plain := goType
	if plain.Kind() == reflect.Pointer {
		plain = plain.Elem()
	}
	switch plain.Kind() {
	case reflect.String, reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return nil
	}
	return fmt.Errorf("a dimension is a string, a bool, an integer or a pointer to one, not %s", goType)
}

// checkData tells whether a field of this type comes back from JSON as it went in.
func checkData(goType reflect.Type) error {
	return typeCheck{}.check(goType)
}

// typeCheck remembers which types are being looked at, since a type may contain itself.
type typeCheck map[reflect.Type]bool

func (seen typeCheck) check(goType reflect.Type) error {
	if seen[goType] || (writes(goType) && reads(goType)) {
		return nil
	}
	seen[goType] = true
	switch goType.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128,
		reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Errorf("a %s cannot be stored", goType.Kind())
	case reflect.Interface:
		if goType.NumMethod() > 0 {
			return fmt.Errorf("the interface %s cannot be read back: which type is it?", goType)
		}
	case reflect.Pointer:
		if canBeNull(goType.Elem().Kind()) {
			return fmt.Errorf("of a %s, nil and a pointer to nil are the same when stored", goType)
		}
		return seen.check(goType.Elem())
	case reflect.Slice, reflect.Array:
		return seen.check(goType.Elem())
	case reflect.Map:
		if err := checkKey(goType.Key()); err != nil {
			return err
		}
		return seen.check(goType.Elem())
	case reflect.Struct:
		return seen.checkStruct(goType)
	}
	return nil
}

// checkStruct looks at the fields that encoding/json takes.
func (seen typeCheck) checkStruct(goType reflect.Type) error {
	taken := 0
	for at := range goType.NumField() {
		field := goType.Field(at)
		if field.Tag.Get("json") == "-" || !(field.IsExported() || field.Anonymous) {
			continue
		}
		taken++
		if err := seen.check(field.Type); err != nil {
			return fmt.Errorf("%s: %w", field.Name, err)
		}
	}
	if taken == 0 && goType.NumField() > 0 {
		return fmt.Errorf("of a %s nothing would be stored: it exports no field", goType)
	}
	return nil
}

// checkKey tells whether a map can have keys of this type.
func checkKey(goType reflect.Type) error {
	kind := goType.Kind()
	isText := goType.Implements(textWriter) && reflect.PointerTo(goType).Implements(textReader)
	if kind == reflect.String || (kind >= reflect.Int && kind <= reflect.Uint64) || isText {
		return nil
	}
	return fmt.Errorf("a map with keys of the type %s cannot be stored", goType)
}

// canBeNull tells whether a value of this kind may be null in JSON.
func canBeNull(kind reflect.Kind) bool {
	switch kind {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	return false
}

// writes and reads tell whether a type has a form of its own.
func writes(goType reflect.Type) bool {
	pointer := reflect.PointerTo(goType)
	return pointer.Implements(jsonWriter) || pointer.Implements(textWriter)
}

func reads(goType reflect.Type) bool {
	pointer := reflect.PointerTo(goType)
	return pointer.Implements(jsonReader) || pointer.Implements(textReader)
}
