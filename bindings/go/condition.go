package nanostore

import (
	"encoding/json"
	"strings"
)

// Condition is what documents must fulfil: the `where` of a [Query]. The zero value is none.
//
//	nanostore.And(nanostore.Eq("status", "pending"), nanostore.Lt("data.due", "2027-01-01"))
//
// A field is a member of a document, the name of a dimension, or a path into its data, see [Data].
type Condition struct{ value any }

// Where makes a condition of JSON, in the form that nanostore_list describes.
func Where(condition json.RawMessage) Condition { return Condition{condition} }

// MarshalJSON writes the condition as the library takes it.
func (c Condition) MarshalJSON() ([]byte, error) {
	if c.value == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(c.value)
}

// Data gives the name of a field inside the data of documents: Data("address", "city") is
// "data.address.city". Dots inside a name are escaped.
func Data(names ...string) string {
	field := "data"
	for _, name := range names {
		field += "." + strings.ReplaceAll(name, ".", `\.`)
	}
	return field
}

// Eq holds where the field has this value. Eq("parent", nil) holds for documents without a parent,
// Eq("parent", "1.2") for the children of 1.2.
func Eq(field string, value any) Condition { return Condition{map[string]any{field: value}} }

// Ne holds where the field has another value, or is missing.
func Ne(field string, value any) Condition { return compared(field, "$ne", value) }

// Gt holds where the field is greater than a value of the same type.
func Gt(field string, value any) Condition { return compared(field, "$gt", value) }

// Gte holds where the field is greater than a value of the same type, or equal.
func Gte(field string, value any) Condition { return compared(field, "$gte", value) }

// Lt holds where the field is less than a value of the same type.
func Lt(field string, value any) Condition { return compared(field, "$lt", value) }

// Lte holds where the field is less than a value of the same type, or equal.
func Lte(field string, value any) Condition { return compared(field, "$lte", value) }

// In holds where the field has one of the values.
func In[T any](field string, values ...T) Condition { return compared(field, "$in", list(values)) }

// NotIn holds where the field has none of the values, or is missing.
func NotIn[T any](field string, values ...T) Condition {
	return compared(field, "$nin", list(values))
}

// Exists holds where the field is there, be it null.
func Exists(field string) Condition { return compared(field, "$exists", true) }

// Missing holds where the field is not there.
func Missing(field string) Condition { return compared(field, "$exists", false) }

// Prefix holds where the field is a text that begins so.
func Prefix(field, text string) Condition { return compared(field, "$prefix", text) }

// Contains holds where the field is an array with this element, or a text with this piece.
func Contains(field string, value any) Condition { return compared(field, "$contains", value) }

// Like holds where the field is a text of this pattern: % is any text, _ one character.
func Like(field, pattern string) Condition { return compared(field, "$like", pattern) }

// Size holds where the field is an array of this many elements.
func Size(field string, elements int) Condition { return compared(field, "$size", elements) }

// Under holds for everything below a document, which is named by any form of its ID.
func Under(id string) Condition { return Condition{map[string]any{"$under": id}} }

// And holds where all of the conditions do.
func And(conditions ...Condition) Condition { return joined("$and", conditions) }

// Or holds where one of the conditions does.
func Or(conditions ...Condition) Condition { return joined("$or", conditions) }

// Nor holds where none of the conditions does.
func Nor(conditions ...Condition) Condition { return joined("$nor", conditions) }

// Not holds where the condition does not.
func Not(condition Condition) Condition { return Condition{map[string]any{"$not": condition}} }

func compared(field, operator string, value any) Condition {
	return Condition{map[string]any{field: map[string]any{operator: value}}}
}

func joined(operator string, conditions []Condition) Condition {
	return Condition{map[string]any{operator: list(conditions)}}
}

// list is never nil, which would be null in JSON.
func list[T any](elements []T) []T {
	if elements == nil {
		return []T{}
	}
	return elements
}
