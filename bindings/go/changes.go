package nanostore

import (
	"context"
	"encoding/json"
	"time"
)

// waitSlice is how long the library waits at a time, so that the end of a context is noticed.
const waitSlice = 100 * time.Millisecond

// Snapshot gives a store that reads what this one holds now: all reads on it, short IDs included,
// stay as they are while others write, and writes to it are refused with [ErrReadOnly]. Close it.
func (s *Store) Snapshot() (*Store, error) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	if s.closed {
		return nil, closedError("snapshot")
	}
	handle, err := s.handle.snapshot()
	if err != nil {
		return nil, err
	}
	return newStore(handle), nil
}

// Changes is what was written since a revision.
type Changes struct {
	Changes   []Change `json:"changes"` // each document once, in the order of the commits
	Next      uint64   `json:"next"`    // the since of the next call
	Truncated bool     `json:"truncated"`
}

// Change is the last change of a document.
type Change struct {
	Op       string `json:"op"` // put: it is there, delete: it is not
	UUID     string `json:"uuid"`
	SimpleID string `json:"id"` // as of now
	Rev      uint64 `json:"rev"`
}

// Changes tells what was written since a revision, by whomever; 0 begins with all documents. When
// nothing was, it waits for the next commit, for as long as wait says or the context allows; then
// there are no changes, and no error. Truncated tells that deletions before are not known any more.
func (s *Store) Changes(ctx context.Context, since uint64, wait time.Duration) (*Changes, error) {
	end := time.Now().Add(wait)
	for {
		slice := max(0, min(time.Until(end), waitSlice))
		text, err := marshal("changes", "options_json", map[string]any{
			"since": since, "timeout_ms": slice.Milliseconds(),
		})
		if err != nil {
			return nil, err
		}
		changes, err := unmarshal[Changes](s.ChangesJSON(text))
		if err != nil || len(changes.Changes) > 0 || changes.Truncated {
			return changes, err
		}
		if ctx.Err() != nil || !time.Now().Before(end) {
			return changes, ctx.Err()
		}
	}
}

// ChangesJSON is what [Store.Changes] rests on, in JSON: since, limit and timeout_ms. It cannot be
// stopped before the time is up.
func (s *Store) ChangesJSON(options json.RawMessage) (json.RawMessage, error) {
	return s.call("changes", storeHandle.changes, raw("options_json", options))
}
