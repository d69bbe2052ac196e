package nanostore

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"runtime"
	"sync"
)

// Cursor gives the documents of a query one by one, as they were when it was opened. It may be
// used and closed before or after its store is closed. It belongs to one goroutine at a time.
type Cursor struct {
	mutex   sync.Mutex // Close cannot free what another call is using
	handle  cursorHandle
	closed  bool
	cleanup runtime.Cleanup
}

// Cursor opens a cursor. Close it; one that is forgotten is closed when it is collected.
func (s *Store) Cursor(query *Query) (*Cursor, error) {
	text, err := queryJSON("cursor_open", query)
	if err != nil {
		return nil, err
	}
	return s.CursorJSON(text)
}

// CursorJSON is [Store.Cursor] for a query in JSON.
func (s *Store) CursorJSON(query json.RawMessage) (*Cursor, error) {
	in, err := texts("cursor_open", []input{raw("query_json", query)})
	if err != nil {
		return nil, err
	}
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	if s.closed {
		return nil, closedError("cursor_open")
	}
	handle, err := s.handle.openCursor(in[0])
	if err != nil {
		return nil, err
	}
	cursor := &Cursor{handle: handle}
	cursor.cleanup = runtime.AddCleanup(cursor, cursorHandle.close, handle)
	return cursor, nil
}

// Next gives the next document, and io.EOF after the last one.
func (c *Cursor) Next() (*Document, error) {
	return unmarshal[Document](c.NextJSON())
}

// NextJSON is [Cursor.Next] in JSON.
func (c *Cursor) NextJSON() (json.RawMessage, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.closed {
		return nil, closedError("cursor_next")
	}
	document, err := c.handle.next()
	if err == nil && document == nil {
		return nil, io.EOF
	}
	return document, err
}

// Token gives the place that the cursor has reached, for the After of the same query.
func (c *Cursor) Token() (string, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.closed {
		return "", closedError("cursor_token")
	}
	token, err := unmarshal[string](c.handle.token())
	if err != nil {
		return "", err
	}
	return *token, nil
}

// Close frees the cursor. Closing it again does nothing; the error is always nil.
func (c *Cursor) Close() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !c.closed {
		c.closed = true
		c.cleanup.Stop()
		c.handle.close()
	}
	return nil
}

// All goes through the documents of a query:
//
//	for document, err := range store.All(ctx, query) {
//		if err != nil {
//			return err
//		}
//		...
//	}
//
// It shows the state at which it began and may be left at any time. The context is looked at
// before each document; when it is done, the last pair is nil and its error.
func (s *Store) All(ctx context.Context, query *Query) iter.Seq2[*Document, error] {
	return func(yield func(*Document, error) bool) {
		cursor, err := s.Cursor(query)
		each(ctx, cursor, err, (*Cursor).Next, yield)
	}
}

// AllJSON is [Store.All] in JSON.
func (s *Store) AllJSON(
	ctx context.Context, query json.RawMessage,
) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		cursor, err := s.CursorJSON(query)
		each(ctx, cursor, err, (*Cursor).NextJSON, yield)
	}
}

// each yields what next gives until its end, an error, or the end of the context.
func each[T any](
	ctx context.Context, cursor *Cursor, err error,
	next func(*Cursor) (T, error), yield func(T, error) bool,
) {
	var none T
	if err != nil {
		yield(none, err)
		return
	}
	defer cursor.Close()
	for {
		if err := ctx.Err(); err != nil {
			yield(none, err)
			return
		}
		document, err := next(cursor)
		if err == io.EOF {
			return
		}
		if err != nil {
			yield(none, err)
			return
		}
		if !yield(document, nil) {
			return
		}
	}
}
