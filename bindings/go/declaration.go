package nanostore

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"libnanostore/bindings/go/internal/tag"
)

// declaration is what the fields and struct tags of a type declare.
type declaration struct {
	goType   reflect.Type
	document []int // the way to the embedded Document
	fields   []declaredField
}

// declaredField is a field of the type that the store keeps.
type declaredField struct {
	tag.Field
	goName string
	goType reflect.Type
	index  []int
}

var documentType = reflect.TypeFor[Document]()

// declare reads a type, or tells what is wrong with it.
func declare(goType reflect.Type) (*declaration, error) {
	made := &declaration{goType: goType}
	if goType.Kind() != reflect.Struct {
		return nil, made.wrong("", "it must be a struct that embeds nanostore.Document")
	}
	if err := made.collect(goType, nil); err != nil {
		return nil, err
	}
	if made.document == nil {
		return nil, made.wrong("", "it must embed nanostore.Document")
	}
	return made, made.agree()
}

// collect reads the fields of a struct, and of those embedded in it, which lie on the way to it.
func (d *declaration) collect(goType reflect.Type, way []int) error {
	for at := range goType.NumField() {
		field := goType.Field(at)
		index := append(slices.Clone(way), at)
		switch {
		case field.Type == documentType && field.Anonymous:
			if d.document != nil {
				return d.wrong(field.Name, "nanostore.Document is embedded twice")
			}
			d.document = index
		case field.Type == reflect.PointerTo(documentType) && field.Anonymous:
			return d.wrong(field.Name, "embed nanostore.Document itself, not a pointer to it")
		case field.Anonymous && field.Type.Kind() == reflect.Struct && field.Tag == "":
			if err := d.collect(field.Type, index); err != nil {
				return err
			}
		default:
			if err := d.add(field, index); err != nil {
				return err
			}
		}
	}
	return nil
}

// add reads one field.
func (d *declaration) add(field reflect.StructField, index []int) error {
	declared, err := tag.Parse(field.Name, field.Tag)
	if err != nil {
		return d.wrong(field.Name, err.Error())
	}
	if declared.Kind == tag.Skipped {
		return nil
	}
	if !field.IsExported() {
		if declared.Kind == tag.Data {
			return nil
		}
		return d.wrong(field.Name, "it has tags but is not exported")
	}
	if _, hides := documentType.FieldByName(field.Name); hides {
		return d.wrong(field.Name, "it hides the field of that name of nanostore.Document")
	}
	check := checkData
	if declared.Kind != tag.Data {
		check = checkDimension
	}
	if err := check(field.Type); err != nil {
		return d.wrong(field.Name, err.Error())
	}
	d.fields = append(d.fields, declaredField{declared, field.Name, field.Type, index})
	return nil
}

// agree tells whether the fields fit each other.
func (d *declaration) agree() error {
	parent := ""
	names := map[string]string{}
	for _, field := range d.fields {
		if field.Kind == tag.Hierarchical {
			if parent != "" {
				return d.wrong(field.goName, "a type has one reference to the parent, and "+
					parent+" is it")
			}
			parent = field.goName
		}
		for _, name := range field.storedNames() {
			if other, found := names[name]; found {
				return d.wrong(field.goName, fmt.Sprintf(
					"it is stored as '%s', and so is %s", name, other))
			}
			names[name] = field.goName
		}
	}
	return nil
}

// storedNames are the names that a field may have in a file.
func (f *declaredField) storedNames() []string {
	if f.hasOldName() {
		return []string{f.Name, f.oldName()}
	}
	return []string{f.Name}
}

// schema is what the library has to know.
func (d *declaration) schema() []Dimension {
	dimensions := []Dimension{}
	for _, field := range d.fields {
		switch field.Kind {
		case tag.Enumerated:
			dimensions = append(dimensions, Dimension{
				Name: field.Name, Type: Enumerated,
				Values: field.Values, Prefixes: field.Prefixes, Default: field.Default,
			})
		case tag.Hierarchical:
			dimensions = append(dimensions, Dimension{
				Name: strings.TrimSuffix(field.Name, "_id"), Type: Hierarchical,
				RefField: field.Name,
			})
		}
	}
	return dimensions
}

// field finds a field by its name in Go or in the store.
func (d *declaration) field(name string) *declaredField {
	for at := range d.fields {
		if field := &d.fields[at]; field.Name == name || field.goName == name {
			return field
		}
	}
	return nil
}

// wrong is an error that names the type and the field.
func (d *declaration) wrong(field, reason string) error {
	at := d.goType.String()
	if field != "" {
		at += ": field " + field
	}
	return newError(ErrInvalid, "DECLARATION", "open", field, at+": "+reason)
}
