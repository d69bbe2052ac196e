package nanostore

import (
	"fmt"
	"slices"
	"strings"

	"libnanostore/bindings/go/internal/tag"
)

// documentFields are the members of a document that a query may name.
var documentFields = []string{
	"uuid", "id", "key", "rev", "title", "body", "created_at", "updated_at", "level", "has_children",
}

// path gives the name under which the store knows a field: of a declared one, by its name in Go or
// in the store, with a way into it after a dot; of a member of a document; or a path that begins
// with "data." (or "_data.", as it is in the file), declared or not.
func (d *declaration) path(op, name string) (string, error) {
	if inner, found := strings.CutPrefix(name, "_data."); found {
		return "data." + inner, nil
	}
	if strings.HasPrefix(name, "data.") {
		return name, nil
	}
	first, inner, nested := strings.Cut(name, ".")
	if field := d.field(name); field != nil {
		return field.path(), nil
	}
	if field := d.field(first); nested && field != nil && field.Kind == tag.Data {
		return field.path() + "." + inner, nil
	}
	if dimension := d.parent(); dimension != nil && name == strings.TrimSuffix(dimension.Name, "_id") {
		return name, nil
	}
	if slices.Contains(documentFields, name) {
		return name, nil
	}
	return "", d.unknown(op, name)
}

// path is the name under which the store knows the field.
func (f *declaredField) path() string {
	if f.Kind == tag.Data {
		return Data(f.Name)
	}
	return f.Name
}

// parent is the reference to the parent, if there is one.
func (d *declaration) parent() *declaredField {
	for at := range d.fields {
		if d.fields[at].Kind == tag.Hierarchical {
			return &d.fields[at]
		}
	}
	return nil
}

// unknown is the error for a name that leads to no field.
func (d *declaration) unknown(op, name string) error {
	known := make([]string, len(d.fields))
	for at := range d.fields {
		known[at] = d.fields[at].Name
	}
	return newError(ErrInvalid, "UNKNOWN_FIELD", op, name, fmt.Sprintf(
		"%s has no field '%s'; it has %s, and those of a document; others are named as data.%s",
		d.goType, name, strings.Join(known, ", "), name))
}
