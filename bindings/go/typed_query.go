package nanostore

import (
	"context"
	"iter"
	"reflect"
)

// TypedQuery finds values of the type T:
//
//	tasks, err := store.Query().Where("status").Not("done").OrderByDesc("created_at").Find()
//
// Its methods change the query that they are called on and give it back. Conditions add up. A name
// that T does not have is an error when the query is answered, and so is a value of another type.
type TypedQuery[T any] struct{ Chain[T, *TypedQuery[T]] }

// Query begins a query, which finds everything.
func (s *TypedStore[T]) Query() *TypedQuery[T] {
	query := &TypedQuery[T]{}
	query.Chain = NewChain(s, query)
	return query
}

// Chain is what all queries for values of the type T can do. Q is the query that it is a part of:
// a [TypedQuery], or a type that nanostore-gen made with methods for the fields of T.
type Chain[T, Q any] struct {
	store *TypedStore[T]
	whole Q
	where []Condition
	query Query
	err   error // the first one, kept for the end
}

// NewChain makes the part of the query called whole that answers it. It is for generated code.
func NewChain[T, Q any](store *TypedStore[T], whole Q) Chain[T, Q] {
	return Chain[T, Q]{store: store, whole: whole}
}

// Where begins a condition on a field, by its name in Go or in the store, or on "data." and the
// path to something that T does not declare.
func (c *Chain[T, Q]) Where(field string) *FieldCondition[Q] {
	path := c.path(field)
	return &FieldCondition[Q]{path, func(condition Condition, values ...any) Q {
		c.err = firstError(c.err, c.store.types.checkValues("list", field, values))
		c.where = append(c.where, condition)
		return c.whole
	}}
}

// Filter adds a condition of any kind, with the names that the store knows.
func (c *Chain[T, Q]) Filter(condition Condition) Q {
	c.where = append(c.where, condition)
	return c.whole
}

// Under keeps to what is below a document, at any depth.
func (c *Chain[T, Q]) Under(id string) Q { return c.Filter(Under(id)) }

// Search keeps to documents with this text in their title or body, in any letter case.
func (c *Chain[T, Q]) Search(text string) Q {
	c.query.Search = text
	return c.whole
}

// OrderBy orders by a field, after the fields named before. Without one, the order is that of the
// IDs.
func (c *Chain[T, Q]) OrderBy(field string) Q {
	c.query.OrderBy = append(c.query.OrderBy, c.path(field))
	return c.whole
}

// OrderByDesc is [Chain.OrderBy] from the greatest to the least.
func (c *Chain[T, Q]) OrderByDesc(field string) Q {
	c.query.OrderBy = append(c.query.OrderBy, "-"+c.path(field))
	return c.whole
}

// Limit gives so many documents at most; 0 is no limit.
func (c *Chain[T, Q]) Limit(documents int) Q {
	c.query.Limit = documents
	return c.whole
}

// Offset leaves out so many documents at the beginning.
func (c *Chain[T, Q]) Offset(documents int) Q {
	c.query.Offset = documents
	return c.whole
}

// Find gives the documents.
func (c *Chain[T, Q]) Find() ([]T, error) { return c.find(c.built()) }

// All gives the documents one by one, as [Store.All] does.
func (c *Chain[T, Q]) All(ctx context.Context) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		query := c.built()
		text, err := queryJSON("list", &query)
		if c.err != nil || err != nil {
			yield(nil, firstError(c.err, err))
			return
		}
		for text, err := range c.store.store.AllJSON(ctx, text) {
			if !yield(c.store.read(text, err)) || err != nil {
				return
			}
		}
	}
}

// First gives the first document, or [ErrNotFound].
func (c *Chain[T, Q]) First() (*T, error) {
	query := c.built()
	query.Limit = 1
	found, err := c.find(query)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, newError(ErrNotFound, "NOTFOUND", "list", "", "no document answers to the query")
	}
	return &found[0], nil
}

// Count counts the documents, whatever the limit and the offset.
func (c *Chain[T, Q]) Count() (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	query := c.built()
	count, err := c.store.store.Count(&Query{Where: query.Where, Search: query.Search})
	return int(count), err
}

// Exists tells whether there is a document, whatever the limit and the offset.
func (c *Chain[T, Q]) Exists() (bool, error) {
	if c.err != nil {
		return false, c.err
	}
	query := c.built()
	page, err := c.store.store.List(
		&Query{Where: query.Where, Search: query.Search, Limit: 1, Fields: []string{"uuid"}})
	return err == nil && len(page.Documents) > 0, err
}

// built is the query as the library takes it.
func (c *Chain[T, Q]) built() Query {
	query := c.query
	if len(c.where) > 0 {
		query.Where = And(c.where...)
	}
	return query
}

func (c *Chain[T, Q]) find(query Query) ([]T, error) {
	if c.err != nil {
		return nil, c.err
	}
	texts, err := c.store.documents(&query)
	if err != nil {
		return nil, err
	}
	found := make([]T, len(texts))
	for at, text := range texts {
		if err := c.store.types.read(text, reflect.ValueOf(&found[at]).Elem()); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// path gives the name under which the store knows a field, and keeps the error if there is none.
func (c *Chain[T, Q]) path(field string) string {
	path, err := c.store.types.path("list", field)
	c.err = firstError(c.err, err)
	return path
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
