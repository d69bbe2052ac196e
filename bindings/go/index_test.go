package nanostore

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"
)

func openPosts(t testing.TB) *Store {
	store := must(OpenMemory(&Options{Schema: &Schema{Indexes: []Index{
		{Name: "by_date", Fields: IndexFields("-data.date")},
		{Name: "by_tag", Fields: IndexFields("data.tags"), Multi: true,
			Reduce: &Reduce{Kind: ReduceCount}},
		{Name: "pages", Fields: []IndexField{{Field: "data.date", Slice: &[2]int{0, 7}}},
			Where: Exists("data.pages"), Reduce: &Reduce{ReduceSum, "data.pages"}},
		{Name: "titles", Fields: IndexFields("title"), Unique: true, Include: []string{"title"}},
	}}}))
	t.Cleanup(func() { store.Close() })
	for title, data := range map[string]string{
		"A": `{"date":"2026-01-02","tags":["x","y"],"pages":1}`,
		"B": `{"date":"2026-01-05","tags":["y"],"pages":0.5}`,
		"C": `{"date":"2026-02-01","tags":[]}`,
	} {
		must(store.Add(&Document{Title: title, Key: title, Data: json.RawMessage(data)}, nil))
	}
	return store
}

func TestIndexesListCountAndGroup(t *testing.T) {
	store := openPosts(t)
	for _, test := range []struct {
		query Query
		want  string
	}{
		{Query{Index: "by_date"}, "CBA"},
		{Query{Index: "by_date", Desc: true}, "ABC"},
		{Query{Index: "by_date", Key: "2026-01-05"}, "B"},
		{Query{Index: "by_date", Range: &Range{Gte: "2026-01-03"}}, "CB"},
		{Query{Index: "by_date", Range: &Range{Gt: "2026-01-02", Lt: "2026-02-01"}}, "B"},
		{Query{Index: "by_date", Prefix: "2026-01"}, "BA"},
		{Query{Range: &Range{Gte: "A", Lte: "B"}}, "AB"},
	} {
		page := must(store.List(&test.query))
		if got := titles(page.Documents); got != test.want {
			t.Errorf("%+v gives %s", test.query, got)
		}
		if count := must(store.Count(&test.query)); int(count) != len(test.want) {
			t.Errorf("%+v counts %d", test.query, count)
		}
	}
	for _, test := range []struct{ index, want string }{
		{"by_tag", `"x" 1 "y" 2 `}, {"pages", `"2026-01" 1.5 `},
	} {
		got := ""
		for _, group := range must(store.Groups(&Query{Index: test.index, Group: Ptr(1)})).Groups {
			got += string(group.Key) + " " + string(group.Value) + " "
		}
		if got != test.want {
			t.Errorf("the groups of %s are %s", test.index, got)
		}
	}
	all := must(store.Groups(&Query{Index: "by_tag"}))
	if len(all.Groups) != 1 || string(all.Groups[0].Value) != "3" {
		t.Errorf("one group of all: %v", all)
	}
	plan := must(store.Explain(&Query{Index: "by_tag", Key: "x"}))
	if plan.Index != "by_tag" || plan.Why == "" {
		t.Errorf("the plan is %+v", plan)
	}
	if _, err := store.Add(&Document{Title: "A"}, nil); !errors.Is(err, ErrExists) {
		t.Errorf("a second title: %v", err)
	}
}

func TestWhatAQueryAddsIsReadAndMayBeWrittenBack(t *testing.T) {
	store := openPosts(t)
	page := must(store.List(&Query{
		Search: "a", Hits: true, Index: "by_tag", Fields: []string{"uuid", "title", "$key"},
		Total: true, Limit: 1,
	}))
	document := page.Documents[0]
	hit := Hit{Field: "title", Start: 0, End: 1}
	if page.Total != 2 || len(document.Hits) != 1 || document.Hits[0] != hit ||
		string(document.IndexKey) != `"x"` {
		t.Fatalf("the page is %+v", page)
	}
	document.Title = "A again"
	must(store.Replace(document.UUID, &document, nil))
}

func TestASnapshotStaysAsItIs(t *testing.T) {
	store := openPosts(t)
	snapshot := must(store.Snapshot())
	defer snapshot.Close()
	must(store.Update("1", Patch{"title": "Z"}, nil))
	must(store.Delete("2", nil))
	if got := titles(must(snapshot.List(nil)).Documents); len(got) != 3 {
		t.Errorf("the snapshot lists %s", got)
	}
	if info := must(snapshot.Info()); !info.Snapshot || !info.ReadOnly || info.Snapshots.Open != 1 {
		t.Errorf("its info is %+v", info)
	}
	if _, err := snapshot.Add(&Document{}, nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a write to it: %v", err)
	}
	if err := snapshot.Close(); err != nil {
		t.Error(err)
	}
	if _, err := snapshot.List(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed snapshot: %v", err)
	}
	store.Close()
	if _, err := store.Snapshot(); !errors.Is(err, ErrClosed) {
		t.Errorf("of a closed store: %v", err)
	}
}

func TestChangesWaitForTheNextCommit(t *testing.T) {
	store := openPosts(t)
	ctx, cancel := context.WithCancel(context.Background())
	first := must(store.Changes(ctx, 0, 0))
	if len(first.Changes) != 3 || first.Next != 3 || first.Truncated {
		t.Fatalf("the first changes are %+v", first)
	}
	go store.Delete("1", nil)
	next := must(store.Changes(ctx, first.Next, time.Minute))
	if len(next.Changes) != 1 || next.Changes[0].Op != "delete" || next.Next != 4 {
		t.Fatalf("the next changes are %+v", next)
	}
	cancel()
	if _, err := store.Changes(ctx, next.Next, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: %v", err)
	}
	if gone := must(store.Changes(context.Background(), 1000, 0)); !gone.Truncated {
		t.Errorf("what never was: %+v", gone)
	}
}
