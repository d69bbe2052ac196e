package nanostore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
)

// openShelf opens a store of tasks whose data differ.
func openShelf(t testing.TB) *Store {
	store := openTodos(t)
	for at, data := range []string{
		`{"n":1,"tags":["now","home"],"who":{"first.name":"Ana"}}`, `{"n":2,"tags":[]}`,
		`{"n":3,"note":null}`, `{"note":"20% off"}`,
	} {
		must(store.Add(&Document{
			Title: string(rune('A' + at)), Data: json.RawMessage(data),
		}, nil))
	}
	must(store.Update("2", Patch{"dimensions": Patch{"priority": "high", "parent_id": "1"}}, nil))
	must(store.Update("3", Patch{"dimensions": Patch{"status": "done"}}, nil))
	return store
}

func titles(documents []Document) string {
	all := ""
	for _, document := range documents {
		all += document.Title
	}
	return all
}

func TestConditionsFindWhatTheySay(t *testing.T) {
	store := openShelf(t) // A is 1, B is 1.h1, C is 2, D is d1
	for _, test := range []struct {
		where Condition
		want  string
	}{
		{Condition{}, "ABCD"},
		{Eq("status", "done"), "D"},
		{Eq("parent", nil), "ACD"},
		{Eq("parent", "1"), "B"},
		{Eq("data.note", nil), "C"},
		{Eq("data.who", map[string]any{"first.name": "Ana"}), "A"},
		{Eq(Data("who", "first.name"), "Ana"), "A"},
		{Ne("status", "done"), "ABC"},
		{Gt("data.n", 1), "BC"},
		{Gte("data.n", 2.0), "BC"},
		{Lt("data.n", json.Number("2")), "A"},
		{Lte("priority", "medium"), "ACD"},
		{In("title", "A", "D", "X"), "AD"},
		{In[string]("title"), ""},
		{NotIn("title", "A", "D"), "BC"},
		{Exists("data.note"), "CD"},
		{Missing("data.note"), "AB"},
		{Prefix("data.note", "20%"), "D"},
		{Contains("data.tags", "now"), "A"},
		{Contains("data.note", "off"), "D"},
		{Like("data.note", `20\% o__`), "D"},
		{Size("data.tags", 0), "B"},
		{Under("1"), "B"},
		{Or(Eq("title", "A"), Eq("status", "done")), "AD"},
		{Nor(Eq("title", "A"), Eq("status", "done")), "BC"},
		{Not(Or(Eq("title", "A"), Eq("title", "B"))), "CD"},
		{And(Gte("data.n", 1), Not(Under("1"))), "AC"},
		{Where(json.RawMessage(`{"data.n":{"$gte":2,"$lt":3}}`)), "B"},
	} {
		query := &Query{Where: test.where, View: ViewAll}
		page, err := store.List(query)
		if err != nil {
			t.Errorf("%s: %v", must(json.Marshal(query)), err)
			continue
		}
		count := must(store.Count(query))
		if got := titles(page.Documents); got != test.want || count != int64(len(test.want)) {
			t.Errorf("%s: %s, %d of %s", must(json.Marshal(query)), got, count, test.want)
		}
	}
}

func TestEveryMemberOfAQueryCounts(t *testing.T) {
	store := openShelf(t)
	page := must(store.List(&Query{OrderBy: []string{"-title"}, Limit: 2, Offset: 1}))
	if titles(page.Documents) != "CB" || page.Next == "" {
		t.Errorf("%+v", page)
	}
	next := &Query{OrderBy: []string{"-title"}, Limit: 2, After: page.Next}
	if page = must(store.List(next)); titles(page.Documents) != "A" || page.Next != "" {
		t.Errorf("%+v", page)
	}
	page = must(store.List(&Query{Search: "b", Fields: []string{"id", "data.n"}}))
	want := []Document{{SimpleID: "1.h1", Data: json.RawMessage(`{"n":2}`)}}
	if !reflect.DeepEqual(page.Documents, want) {
		t.Errorf("%+v", page.Documents)
	}
	plan := must(store.Explain(&Query{Where: Eq("title", "A")}))
	if plan.Access == "" || plan.Order == "" {
		t.Errorf("%+v", plan)
	}
	_, err := store.List(&Query{Where: Eq("parent", "9")})
	wantStatus(t, err, ErrNotFound)
	_, err = store.List(&Query{Limit: -1})
	wantStatus(t, err, ErrInvalid)
	_, err = store.List(&Query{Where: Eq("title", "\xff")})
	wantStatus(t, err, ErrInvalid)
}

func TestAListingIsAppendedToABuffer(t *testing.T) {
	store := openShelf(t)
	query := json.RawMessage(`{"fields":["id"],"limit":1}`)
	buffer := must(store.AppendListJSON([]byte("page: "), query))
	if want := "page: " + string(must(store.ListJSON(query))); string(buffer) != want {
		t.Errorf("%s", buffer)
	}
	again, err := store.AppendListJSON(buffer[:4], json.RawMessage(`{`))
	wantStatus(t, err, ErrInvalid)
	if string(again) != "page" {
		t.Errorf("%s", again)
	}
}

func TestACursorGivesWhatTheListingGives(t *testing.T) {
	store := openShelf(t)
	cursor := must(store.Cursor(&Query{View: ViewAll}))
	defer cursor.Close()
	var documents []Document
	for {
		document, err := cursor.Next()
		if err == io.EOF {
			break
		}
		documents = append(documents, *must(document, err))
	}
	page := must(store.List(&Query{View: ViewAll}))
	if !reflect.DeepEqual(documents, page.Documents) {
		t.Errorf("%+v", documents)
	}
	if _, err := cursor.Next(); err != io.EOF {
		t.Errorf("behind the end: %v", err)
	}
}

func TestAListingGoesOnAtTheTokenOfACursor(t *testing.T) {
	store := openShelf(t)
	cursor := must(store.CursorJSON(json.RawMessage(`{"view":"all"}`)))
	must(cursor.Next())
	must(cursor.Next())
	token := must(cursor.Token())
	cursor.Close()
	page := must(store.List(&Query{View: ViewAll, After: token}))
	if titles(page.Documents) != "CD" {
		t.Errorf("%+v", page)
	}
}

func TestACursorOutlivesItsStoreAndShowsItsOwnState(t *testing.T) {
	store := must(OpenMemory(nil))
	for n := range 10 {
		must(store.Add(&Document{Title: fmt.Sprint(n)}, nil))
	}
	first, second := must(store.Cursor(nil)), must(store.Cursor(nil))
	must(store.Delete("1", nil))
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	first.Close()
	first.Close()
	_, err := first.Next()
	wantStatus(t, err, ErrClosed)
	_, err = first.Token()
	wantStatus(t, err, ErrClosed)
	for n := range 10 {
		if document := must(second.Next()); document.Title != fmt.Sprint(n) {
			t.Errorf("%d: %+v", n, document)
		}
	}
	second.Close()
}

func TestAllCanBeLeftAtAnyDocument(t *testing.T) {
	store := openShelf(t)
	before := liveHandles.Load()
	seen := ""
	for document, err := range store.All(context.Background(), &Query{View: ViewAll}) {
		seen += must(document, err).Title
		if seen == "AB" {
			break
		}
	}
	for text, err := range store.AllJSON(context.Background(), nil) {
		seen += must(unmarshal[Document](text, err)).Title
	}
	if seen != "ABABCD" || liveHandles.Load() != before {
		t.Errorf("saw %s; %d handles more", seen, liveHandles.Load()-before)
	}
}

func TestAllGoesOnWhenItsStoreIsWrittenOrClosed(t *testing.T) {
	store := openShelf(t)
	seen := ""
	for document, err := range store.All(context.Background(), &Query{View: ViewAll}) {
		if seen += must(document, err).Title; seen == "A" {
			must(store.Add(&Document{Title: "E"}, nil))
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if seen != "ABCD" {
		t.Errorf("saw %s", seen)
	}
}

func TestAllEndsWithItsContext(t *testing.T) {
	store := openShelf(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var seen int
	var last error
	for document, err := range store.All(ctx, nil) {
		if last = err; err != nil {
			if document != nil {
				t.Errorf("%+v came with %v", document, err)
			}
			continue
		}
		if seen++; seen == 2 {
			cancel()
		}
	}
	if seen != 2 || !errors.Is(last, context.Canceled) {
		t.Errorf("saw %d, then %v", seen, last)
	}
}

func TestAllGivesTheErrorOfItsQuery(t *testing.T) {
	store := openShelf(t)
	times := 0
	for _, err := range store.All(context.Background(), &Query{Limit: -1}) {
		wantStatus(t, err, ErrInvalid)
		times++
	}
	if times != 1 {
		t.Errorf("%d times", times)
	}
}
