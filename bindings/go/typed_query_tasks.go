package nanostore

import "strings"

// The typed API that this package follows has methods for the dimensions of its task list on every
// query, and data fields of any name. They are here so that programs written for it compile. A type
// with other dimensions gets methods of its own from nanostore-gen, or uses [Chain.Where]; a method
// for a dimension that T does not have is an error when the query is answered.

// NewFromType is [New] under its older name.
//
// Deprecated: use New.
func NewFromType[T any](path string) (*TypedStore[T], error) { return New[T](path) }

// Status keeps to documents with this status.
func (q *TypedQuery[T]) Status(value string) *TypedQuery[T] { return q.Where("status").Eq(value) }

// StatusIn keeps to documents with one of these.
func (q *TypedQuery[T]) StatusIn(values ...string) *TypedQuery[T] {
	return q.Where("status").In(Values(values...)...)
}

// StatusNot leaves out documents with this one.
func (q *TypedQuery[T]) StatusNot(value string) *TypedQuery[T] { return q.Where("status").Not(value) }

// StatusNotIn leaves out documents with one of these.
func (q *TypedQuery[T]) StatusNotIn(values ...string) *TypedQuery[T] {
	return q.Where("status").NotIn(Values(values...)...)
}

// StatusExists keeps to documents that have one.
func (q *TypedQuery[T]) StatusExists() *TypedQuery[T] { return q.Where("status").Exists() }

// StatusNotExists keeps to documents that have none.
func (q *TypedQuery[T]) StatusNotExists() *TypedQuery[T] { return q.Where("status").NotExists() }

// Priority keeps to documents with this priority.
func (q *TypedQuery[T]) Priority(value string) *TypedQuery[T] { return q.Where("priority").Eq(value) }

// PriorityIn keeps to documents with one of these.
func (q *TypedQuery[T]) PriorityIn(values ...string) *TypedQuery[T] {
	return q.Where("priority").In(Values(values...)...)
}

// PriorityNot leaves out documents with this one.
func (q *TypedQuery[T]) PriorityNot(value string) *TypedQuery[T] {
	return q.Where("priority").Not(value)
}

// PriorityNotIn leaves out documents with one of these.
func (q *TypedQuery[T]) PriorityNotIn(values ...string) *TypedQuery[T] {
	return q.Where("priority").NotIn(Values(values...)...)
}

// PriorityExists keeps to documents that have one.
func (q *TypedQuery[T]) PriorityExists() *TypedQuery[T] { return q.Where("priority").Exists() }

// PriorityNotExists keeps to documents that have none.
func (q *TypedQuery[T]) PriorityNotExists() *TypedQuery[T] { return q.Where("priority").NotExists() }

// Activity keeps to documents with this activity.
func (q *TypedQuery[T]) Activity(value string) *TypedQuery[T] { return q.Where("activity").Eq(value) }

// ActivityIn keeps to documents with one of these.
func (q *TypedQuery[T]) ActivityIn(values ...string) *TypedQuery[T] {
	return q.Where("activity").In(Values(values...)...)
}

// ActivityNot leaves out documents with this one.
func (q *TypedQuery[T]) ActivityNot(value string) *TypedQuery[T] {
	return q.Where("activity").Not(value)
}

// ActivityNotIn leaves out documents with one of these.
func (q *TypedQuery[T]) ActivityNotIn(values ...string) *TypedQuery[T] {
	return q.Where("activity").NotIn(Values(values...)...)
}

// ActivityExists keeps to documents that have one.
func (q *TypedQuery[T]) ActivityExists() *TypedQuery[T] { return q.Where("activity").Exists() }

// ActivityNotExists keeps to documents that have none.
func (q *TypedQuery[T]) ActivityNotExists() *TypedQuery[T] { return q.Where("activity").NotExists() }

// ParentID keeps to documents with this parent, by any form of its ID.
func (q *TypedQuery[T]) ParentID(id string) *TypedQuery[T] { return q.Where("parent_id").Eq(id) }

// ParentIDIn keeps to documents with one of these.
func (q *TypedQuery[T]) ParentIDIn(ids ...string) *TypedQuery[T] {
	return q.Where("parent_id").In(Values(ids...)...)
}

// ParentIDNot leaves out documents with this one.
func (q *TypedQuery[T]) ParentIDNot(id string) *TypedQuery[T] { return q.Where("parent_id").Not(id) }

// ParentIDNotIn leaves out documents with one of these.
func (q *TypedQuery[T]) ParentIDNotIn(ids ...string) *TypedQuery[T] {
	return q.Where("parent_id").NotIn(Values(ids...)...)
}

// ParentIDExists keeps to documents that have one.
func (q *TypedQuery[T]) ParentIDExists() *TypedQuery[T] { return q.Where("parent_id").Exists() }

// ParentIDNotExists keeps to documents that have none.
func (q *TypedQuery[T]) ParentIDNotExists() *TypedQuery[T] { return q.Where("parent_id").NotExists() }

// ParentIDStartsWith keeps to what is below a document, at any depth; "1." and "1" are the same.
func (q *TypedQuery[T]) ParentIDStartsWith(id string) *TypedQuery[T] {
	return q.Under(strings.TrimSuffix(id, "."))
}

// Data keeps to documents with this value in a data field that T declares, or in "data." and a path.
func (q *TypedQuery[T]) Data(field string, value any) *TypedQuery[T] {
	return q.Where(field).Eq(value)
}

// DataIn keeps to documents with one of these values in a data field.
func (q *TypedQuery[T]) DataIn(field string, values ...any) *TypedQuery[T] {
	return q.Where(field).In(values...)
}

// DataNot leaves out documents with this value in a data field.
func (q *TypedQuery[T]) DataNot(field string, value any) *TypedQuery[T] {
	return q.Where(field).Not(value)
}

// DataNotIn leaves out documents with one of these values in a data field.
func (q *TypedQuery[T]) DataNotIn(field string, values ...any) *TypedQuery[T] {
	return q.Where(field).NotIn(values...)
}

// OrderByData is [Chain.OrderBy].
func (q *TypedQuery[T]) OrderByData(field string) *TypedQuery[T] { return q.OrderBy(field) }

// OrderByDataDesc is [Chain.OrderByDesc].
func (q *TypedQuery[T]) OrderByDataDesc(field string) *TypedQuery[T] { return q.OrderByDesc(field) }
