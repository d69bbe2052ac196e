package nanostore

// FieldCondition is the beginning of a condition on a field; each method ends it and gives the
// query back. Not and NotIn hold for documents that lack the field, too.
type FieldCondition[Q any] struct {
	field string
	end   func(condition Condition, values ...any) Q // the values are those compared with the field
}

// Eq holds where the field has this value. As the parent, it takes any form of an ID, and nil for
// no parent.
func (f *FieldCondition[Q]) Eq(value any) Q { return f.end(Eq(f.field, value), value) }

// Not holds where the field does not have this value.
func (f *FieldCondition[Q]) Not(value any) Q { return f.end(Ne(f.field, value), value) }

// In holds where the field has one of the values.
func (f *FieldCondition[Q]) In(values ...any) Q { return f.end(In(f.field, values...), values...) }

// NotIn holds where the field has none of the values.
func (f *FieldCondition[Q]) NotIn(values ...any) Q {
	return f.end(NotIn(f.field, values...), values...)
}

// Exists holds where the field is there.
func (f *FieldCondition[Q]) Exists() Q { return f.end(Exists(f.field)) }

// NotExists holds where the field is not there.
func (f *FieldCondition[Q]) NotExists() Q { return f.end(Missing(f.field)) }

// Gt holds where the field is greater than a value of the same type. Values of a dimension are in
// the order in which they are declared.
func (f *FieldCondition[Q]) Gt(value any) Q { return f.end(Gt(f.field, value), value) }

// Gte holds where the field is greater than a value of the same type, or equal.
func (f *FieldCondition[Q]) Gte(value any) Q { return f.end(Gte(f.field, value), value) }

// Lt holds where the field is less than a value of the same type.
func (f *FieldCondition[Q]) Lt(value any) Q { return f.end(Lt(f.field, value), value) }

// Lte holds where the field is less than a value of the same type, or equal.
func (f *FieldCondition[Q]) Lte(value any) Q { return f.end(Lte(f.field, value), value) }

// Prefix holds where the field is a text that begins so.
func (f *FieldCondition[Q]) Prefix(text string) Q { return f.end(Prefix(f.field, text)) }

// Contains holds where the field is an array with this element, or a text with this piece.
func (f *FieldCondition[Q]) Contains(value any) Q { return f.end(Contains(f.field, value)) }

// Like holds where the field is a text of this pattern: % is any text, _ one character.
func (f *FieldCondition[Q]) Like(pattern string) Q { return f.end(Like(f.field, pattern)) }

// Size holds where the field is an array of this many elements.
func (f *FieldCondition[Q]) Size(elements int) Q { return f.end(Size(f.field, elements)) }

// Values makes values of one type fit for [FieldCondition.In] and [FieldCondition.NotIn]:
//
//	query.Where("status").In(nanostore.Values(statuses...)...)
func Values[V any](values ...V) []any {
	made := make([]any, len(values))
	for at, value := range values {
		made[at] = value
	}
	return made
}
