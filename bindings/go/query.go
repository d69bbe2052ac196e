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
	Index   string    `json:"index,omitempty"` // by its entries, in the order of their keys
	Key     any       `json:"key,omitempty"`   // the entries with this key, or its first values
	Range   *Range    `json:"range,omitempty"`
	Prefix  string    `json:"prefix,omitempty"` // of a text in the key
	Desc    bool      `json:"desc,omitempty"`   // from the last entry to the first
	Group   *int      `json:"group,omitempty"`  // for [Store.Groups]: how many fields make a group
	Total   bool      `json:"total,omitempty"`  // let the page tell how many there are on all pages
	Hits    bool      `json:"hits,omitempty"`   // let documents tell where Search was found
}

// Range is what lies between bounds; one that is nil is open.
type Range struct {
	Gt  any `json:"gt,omitempty"`
	Gte any `json:"gte,omitempty"`
	Lt  any `json:"lt,omitempty"`
	Lte any `json:"lte,omitempty"`
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
	Next      string     `json:"next"`  // the token for After; empty on the last page
	Total     int64      `json:"total"` // on all pages, when the query asks for it
}

// Groups is what the entries of an index come to.
type Groups struct {
	Groups []Group `json:"groups"`
	Next   string  `json:"next"` // the token for After; empty on the last page
}

// Group is the entries of an index that have the first fields of their keys in common.
type Group struct {
	Key   json.RawMessage `json:"key"`
	Value json.RawMessage `json:"value"` // what the Reduce of the index makes of them
}

// Plan tells how a query would be answered.
type Plan struct {
	Access    string `json:"access"` // scan, id, key, index or filter
	Index     string `json:"index"`
	Estimated int64  `json:"estimated"` // how many documents are looked at
	Order     string `json:"order"`     // native, index or sort
	Why       string `json:"why"`       // in words
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

// Groups gives what the entries of the query's Index come to, by its Group: how many fields of the
// key make a group, none for one group of all.
func (s *Store) Groups(query *Query) (*Groups, error) {
	grouped := *query
	if grouped.Group == nil {
		grouped.Group = Ptr(0)
	}
	text, err := queryJSON("list", &grouped)
	if err != nil {
		return nil, err
	}
	return unmarshal[Groups](s.ListJSON(text))
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
