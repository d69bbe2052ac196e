package nanostore

import "encoding/json"

// Query says which documents are wanted, and how. A nil pointer and every member left out mean all
// documents of the canonical view, in the order of their IDs.
type Query struct {
	Where   Condition `json:"where,omitzero"`
	Search  string    `json:"search,omitempty"`   // a piece of the title or body, in any letter case
	OrderBy []string  `json:"order_by,omitempty"` // fields; "-" in front for descending
	Limit   int       `json:"limit,omitempty"`    // 0 is no limit
	Offset  int       `json:"offset,omitempty"`
	After   string    `json:"after,omitempty"`  // the token of the page before
	Fields  []string  `json:"fields,omitempty"` // leave all others out
	View    View      `json:"view,omitempty"`
}

// View chooses between everything and the canonical view of the schema.
type View = string

// The views. Without one, and without Where, the canonical view holds.
const (
	ViewAll       View = "all"
	ViewCanonical View = "canonical"
)

// Page is what a listing gives.
type Page struct {
	Documents []Document `json:"documents"`
	Next      string     `json:"next"` // the token for After; empty on the last page
}

// Plan tells how a query would be answered.
type Plan struct {
	Access    string `json:"access"` // scan, id, key, index or filter
	Index     string `json:"index"`
	Estimated int64  `json:"estimated"` // how many documents are looked at
	Order     string `json:"order"`     // native or sort
}

// List gives the documents that a query finds, of one page when it has a limit. [Store.All] gives
// them one by one.
func (s *Store) List(query *Query) (*Page, error) {
	text, err := queryJSON("list", query)
	if err != nil {
		return nil, err
	}
	return unmarshal[Page](s.ListJSON(text))
}

// ListJSON is [Store.List] in JSON; a nil query finds everything in the canonical view.
func (s *Store) ListJSON(query json.RawMessage) (json.RawMessage, error) {
	return s.call("list", storeHandle.list, raw("query_json", query))
}

// AppendListJSON is [Store.ListJSON] for programs that list very often: it appends the page to a
// buffer, which may be the one of the listing before, cut to no length. On failure the buffer comes
// back as it was.
func (s *Store) AppendListJSON(buffer []byte, query json.RawMessage) ([]byte, error) {
	in, err := texts("list", []input{raw("query_json", query)})
	if err != nil {
		return buffer, err
	}
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	if s.closed {
		return buffer, closedError("list")
	}
	return s.handle.appendList(buffer, in[0])
}

// Count counts the documents that a query finds, whatever its limit.
func (s *Store) Count(query *Query) (int64, error) {
	text, err := queryJSON("count", query)
	if err != nil {
		return 0, err
	}
	return s.CountJSON(text)
}

// CountJSON is [Store.Count] for a query in JSON.
func (s *Store) CountJSON(query json.RawMessage) (int64, error) {
	in, err := texts("count", []input{raw("query_json", query)})
	if err != nil {
		return 0, err
	}
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	if s.closed {
		return 0, closedError("count")
	}
	return s.handle.count(in[0])
}

// Explain tells how a query would be answered, without answering it.
func (s *Store) Explain(query *Query) (*Plan, error) {
	text, err := queryJSON("explain", query)
	if err != nil {
		return nil, err
	}
	return unmarshal[Plan](s.ExplainJSON(text))
}

// ExplainJSON is [Store.Explain] in JSON.
func (s *Store) ExplainJSON(query json.RawMessage) (json.RawMessage, error) {
	return s.call("explain", storeHandle.explain, raw("query_json", query))
}

func queryJSON(op string, query *Query) (json.RawMessage, error) {
	if query == nil {
		return nil, nil
	}
	return marshal(op, "query_json", query)
}
