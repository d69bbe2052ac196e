// Package tag reads what the struct tags of a field declare. The typed layer reads them from a type
// at run time and nanostore-gen from its source; both must come to the same names.
package tag

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Kind is what becomes of a field.
type Kind int

// The kinds of fields.
const (
	Data         Kind = iota // a member of the document's data
	Enumerated               // a dimension with values
	Hierarchical             // the reference to the parent
	Skipped                  // not stored at all
)

// Field is what the tags of one field declare.
type Field struct {
	Kind     Kind
	Name     string            // of the dimension (of a parent, its ref_field) or the member of data
	Values   []string          // of an enumerated dimension; none: any text
	Prefixes map[string]string // by value
	Default  string
}

// Parse reads the tags of the field with this name in Go.
func Parse(goName string, tags reflect.StructTag) (Field, error) {
	dimension, isDimension := tags.Lookup("dimension")
	values, hasValues := tags.Lookup("values")
	if dimension == "-" {
		return Field{Kind: Skipped}, nil
	}
	if !isDimension && !hasValues {
		return data(goName, tags)
	}
	field := Field{Kind: Enumerated, Name: strings.ToLower(goName), Default: tags.Get("default")}
	if err := field.name(dimension); err != nil {
		return Field{}, err
	}
	if hasValues {
		var err error
		if field.Values, err = list("values", values); err != nil {
			return Field{}, err
		}
	}
	if err := field.prefixes(tags.Get("prefix")); err != nil {
		return Field{}, err
	}
	return field, field.agree()
}

// agree tells whether the tags fit each other. What a schema allows is for the library to say.
func (f *Field) agree() error {
	if f.Kind == Hierarchical && (f.Values != nil || f.Prefixes != nil || f.Default != "") {
		return fmt.Errorf("a reference to the parent has no values, prefix or default")
	}
	if f.Values == nil {
		return nil
	}
	for value := range f.Prefixes {
		if !slices.Contains(f.Values, value) {
			return fmt.Errorf("the tag 'prefix' names '%s', which is not among the values", value)
		}
	}
	if f.Default != "" && !slices.Contains(f.Values, f.Default) {
		return fmt.Errorf("the default '%s' is not among the values", f.Default)
	}
	return nil
}

// data is a field without a tag of a dimension.
func data(goName string, tags reflect.StructTag) (Field, error) {
	for _, name := range []string{"prefix", "default"} {
		if _, found := tags.Lookup(name); found {
			return Field{}, fmt.Errorf("the tag '%s' needs the tag 'values' or 'dimension' beside it", name)
		}
	}
	name, found := tags.Lookup("data")
	if !found {
		name = SnakeCase(goName)
	}
	if name == "" {
		return Field{}, fmt.Errorf("the tag 'data' is empty")
	}
	return Field{Kind: Data, Name: name}, nil
}

// name reads the tag 'dimension': "name", "name,ref" or "name,default=value".
func (f *Field) name(tag string) error {
	name, options, _ := strings.Cut(tag, ",")
	if name = strings.TrimSpace(name); name != "" {
		f.Name = name
	}
	for option := range strings.SplitSeq(options, ",") {
		option = strings.TrimSpace(option)
		value, isDefault := strings.CutPrefix(option, "default=")
		switch {
		case option == "":
		case option == "ref":
			f.Kind = Hierarchical
		case isDefault:
			f.Default = value
		default:
			return fmt.Errorf("the tag 'dimension' knows ref and default=, not '%s'", option)
		}
	}
	return nil
}

// prefixes reads the tag 'prefix': "done=d,active=a".
func (f *Field) prefixes(tag string) error {
	if tag == "" {
		return nil
	}
	pairs, err := list("prefix", tag)
	if err != nil {
		return err
	}
	f.Prefixes = make(map[string]string, len(pairs))
	for _, pair := range pairs {
		value, prefix, found := strings.Cut(pair, "=")
		if _, again := f.Prefixes[value]; !found || value == "" || prefix == "" || again {
			return fmt.Errorf("the tag 'prefix' wants value=letter once for a value, not '%s'", pair)
		}
		f.Prefixes[value] = prefix
	}
	return nil
}

// list splits at commas.
func list(name, tag string) ([]string, error) {
	parts := strings.Split(tag, ",")
	for at, part := range parts {
		if parts[at] = strings.TrimSpace(part); parts[at] == "" {
			return nil, fmt.Errorf("the tag '%s' has an empty entry: '%s'", name, tag)
		}
	}
	return parts, nil
}
