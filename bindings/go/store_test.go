package nanostore

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

// todoSchema is the schema of the README.
var todoSchema = &Schema{Dimensions: []Dimension{
	{Name: "status", Type: Enumerated, Values: []string{"pending", "active", "done"},
		Prefixes: map[string]string{"active": "a", "done": "d"}, Default: "pending"},
	{Name: "priority", Type: Enumerated, Values: []string{"low", "medium", "high"},
		Prefixes: map[string]string{"high": "h"}, Default: "medium"},
	{Name: "parent", Type: Hierarchical, RefField: "parent_id"},
}}

func todoOptions() *Options {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return &Options{
		Schema: todoSchema, Clock: &Clock{Start: start, Step: time.Second}, UUIDSeed: Ptr(uint64(1)),
	}
}

// openTodos opens a store in memory with a document of each title, closed with the test.
func openTodos(t testing.TB, titles ...string) *Store {
	t.Helper()
	store, err := OpenMemory(todoOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, title := range titles {
		must(store.Add(&Document{Title: title}, nil))
	}
	return store
}

// must gives a value that no error goes with; a test that meets one is broken and stops.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// wantStatus fails the test unless err has this status; it gives the error.
func wantStatus(t testing.TB, err error, status Status) *Error {
	t.Helper()
	var failure *Error
	if !errors.Is(err, status) || !errors.As(err, &failure) {
		t.Fatalf("expected %v, got %v", status, err)
	}
	return failure
}

func TestADocumentComesBackAsItWent(t *testing.T) {
	store := openTodos(t, "Groceries")
	data := json.RawMessage(`{"price":0.10,"big":18446744073709551616,"huge":1e400,"tags":["a"]}`)
	created := time.Date(2020, 2, 29, 23, 59, 59, 123456789, time.UTC)
	added := must(store.Add(&Document{
		Key: "bread", Title: "Bread <&> \u2028", Body: "rye\n\"fresh\"",
		Dimensions: Dimensions{"priority": "high", "parent_id": "1"},
		Data:       data, CreatedAt: created,
	}, nil))
	got := must(store.Get("key:bread"))
	if !reflect.DeepEqual(added, got) {
		t.Errorf("added %+v, got %+v", added, got)
	}
	if got.SimpleID != "1.h1" || got.Rev != 2 || got.Title != "Bread <&> \u2028" ||
		got.Body != "rye\n\"fresh\"" || !got.CreatedAt.Equal(created) {
		t.Errorf("got %+v", got)
	}
	if !bytes.Equal(got.Data, data) {
		t.Errorf("data is %s", got.Data)
	}
	if got.Dimensions["status"] != "pending" || len(got.Dimensions["parent_id"]) != 36 {
		t.Errorf("dimensions are %v", got.Dimensions)
	}
}

func TestUpdateChangesWhatThePatchNames(t *testing.T) {
	store := openTodos(t, "A", "B", "C")
	updated := must(store.Update("2", Patch{
		"dimensions": Patch{"status": "done"}, "data": Patch{"due": "2027-01-01"},
	}, nil))
	if updated.SimpleID != "d1" || updated.Title != "B" {
		t.Errorf("updated %+v", updated)
	}
	back := must(store.Update("d1", Patch{"dimensions": Patch{"status": nil}, "title": "b"}, nil))
	if back.SimpleID != "2" || back.Title != "b" || string(back.Data) != `{"due":"2027-01-01"}` {
		t.Errorf("back %+v", back)
	}
}

func TestADocumentThatWasReadCanBeChangedAndReplaced(t *testing.T) {
	store := openTodos(t, "A")
	mine, theirs := must(store.Get("1")), must(store.Get("1"))
	theirs.Title = "theirs"
	must(store.Replace("1", theirs, nil))
	mine.Title = "mine"
	_, err := store.Replace("1", mine, nil)
	failure := wantStatus(t, err, ErrConflict)
	if failure.Expected != "1" || failure.Actual != "2" || failure.Op != "replace" {
		t.Errorf("%+v", failure)
	}
	_, err = store.Update("1", Patch{"title": "mine"}, &WriteOptions{IfRev: Ptr(mine.Rev)})
	wantStatus(t, err, ErrConflict)
	if got := must(store.Get("1")); got.Title != "theirs" {
		t.Errorf("a conflict wrote %+v", got)
	}
}

func TestReplaceOnAKeyAddsAndRevZeroAsksThatItIsNotThere(t *testing.T) {
	store := openTodos(t)
	absent := &WriteOptions{IfRev: Ptr(uint64(0))}
	must(store.Replace("key:a", &Document{Title: "A"}, absent))
	_, err := store.Replace("key:a", &Document{Title: "B"}, absent)
	wantStatus(t, err, ErrConflict)
}

func TestDeleteGivesWhatWasThere(t *testing.T) {
	store := openTodos(t, "A", "B")
	must(store.Add(&Document{Title: "A.1", Dimensions: Dimensions{"parent_id": "1"}}, nil))
	_, err := store.Delete("1", nil)
	wantStatus(t, err, ErrHasChildren)
	deleted := must(store.Delete("1", &DeleteOptions{Cascade: true}))
	if len(deleted) != 2 || deleted[0].SimpleID != "1" || deleted[1].SimpleID != "1.1" {
		t.Errorf("deleted %+v", deleted)
	}
	if got := must(store.Get("1")); got.Title != "B" {
		t.Errorf("1 is now %+v", got)
	}
}

func TestIDsResolveAgainstOneState(t *testing.T) {
	store := openTodos(t, "A", "B")
	first, second := must(store.ResolveID(" 1 ")), must(store.Get("2")).UUID
	uuids := must(store.ResolveIDs([]string{"2", "1", "2"}))
	if !reflect.DeepEqual(uuids, []string{second, first, second}) {
		t.Errorf("%v", uuids)
	}
	if none := must(store.ResolveIDs(nil)); len(none) != 0 {
		t.Errorf("%v", none)
	}
	_, err := store.ResolveIDs([]string{"1", "7"})
	if failure := wantStatus(t, err, ErrNotFound); failure.ID != "7" {
		t.Errorf("%+v", failure)
	}
}

func TestAnErrorSaysWhatIsKnown(t *testing.T) {
	store := openTodos(t, "A")
	_, err := store.Add(&Document{Dimensions: Dimensions{"status": "dnoe"}}, nil)
	failure := wantStatus(t, err, ErrInvalid)
	if failure.Field != "dimensions.status" || failure.Hint != "did you mean 'done'?" ||
		failure.Error() != failure.Message+" (did you mean 'done'?)" || failure.Op != "add" || len(failure.Candidates) != 3 || !json.Valid(failure.JSON) {
		t.Errorf("%+v", failure)
	}
	_, err = store.ListJSON(json.RawMessage("{\n\"limit\":}"))
	failure = wantStatus(t, err, ErrInvalid)
	if failure.Name != "JSON_SYNTAX" || failure.Line != 2 || failure.Column == 0 {
		t.Errorf("%+v", failure)
	}
	if errors.Is(err, ErrNotFound) || ErrInvalid.String() != "INVALID" {
		t.Errorf("%v is %v", err, ErrInvalid)
	}
}

func TestAnIDThatLeadsToAnotherDocumentIsAConflict(t *testing.T) {
	store := openTodos(t)
	var batch Batch
	for _, title := range []string{"A", "B", "C"} {
		batch.Add(&Document{Title: title})
	}
	must(store.Apply(&batch))
	listed := must(store.List(nil)).Documents
	must(store.Delete("1", nil))
	b, c := listed[1], listed[2]
	b.Title = "changed"
	guard := &WriteOptions{IfUUID: b.UUID}
	_, replace := store.Replace(b.SimpleID, &b, nil)
	_, update := store.Update(b.SimpleID, Patch{"title": "changed"}, guard)
	_, remove := store.Delete(b.SimpleID, &DeleteOptions{IfUUID: b.UUID, IfRev: &b.Rev})
	var wrong Batch
	wrong.Update(b.SimpleID, Patch{"title": "changed"}).Of(b.UUID)
	_, apply := store.Apply(&wrong)
	for _, err := range []error{replace, update, remove, apply} {
		failure := wantStatus(t, err, ErrConflict)
		if failure.Name != "OTHER_DOCUMENT" || !strings.Contains(err.Error(), `is now another document: "C"`) {
			t.Errorf("%v", err)
		}
	}
	if read := must(store.Replace("1", &b, nil)); read.Title != "changed" {
		t.Errorf("%+v", read)
	}
	if _, err := store.DeleteDocument(&b, false); !errors.Is(err, ErrConflict) {
		t.Errorf("a version that is over was deleted: %v", err)
	}
	if gone := must(store.DeleteDocument(&c, false)); len(gone) != 1 || gone[0].Title != "C" {
		t.Errorf("%+v", gone)
	}
}

func TestWhatWasDeletedCanBeAddedAgain(t *testing.T) {
	store := must(OpenMemory(&Options{Schema: &Schema{Numbering: Stable, Dimensions: []Dimension{
		{Name: "parent", Type: Hierarchical}}}}))
	defer store.Close()
	must(store.Add(&Document{Title: "A"}, nil))
	must(store.Add(&Document{Title: "B", Key: "b"}, nil))
	must(store.Add(&Document{Title: "C", Dimensions: Dimensions{"parent_id": "2"}}, nil))
	before := must(store.List(nil)).Documents
	gone := must(store.Delete("2", &DeleteOptions{Cascade: true}))
	var batch Batch
	batch.Add(&gone[1])
	batch.Add(&gone[0])
	must(store.Apply(&batch))
	after := must(store.List(nil)).Documents
	for at := range after {
		after[at].Rev = before[at].Rev
	}
	if !reflect.DeepEqual(after, before) || after[2].SimpleID != "2.1" {
		t.Errorf("%+v", after)
	}
}

func TestTheErrorOfTheSystemIsInside(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.json")
	_, err := Open(missing, &Options{Create: Ptr(false)})
	failure := wantStatus(t, err, ErrNotFound)
	if failure.Path != missing {
		t.Errorf("%+v", failure)
	}
	_, err = Open(filepath.Join(missing, "store.json"), nil)
	if failure := wantStatus(t, err, ErrNotFound); failure.SysErrno != 0 &&
		!errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("%+v", failure)
	}
}

func TestATextWithANulIsRefusedAndNotCutShort(t *testing.T) {
	store := openTodos(t, "A")
	_, err := store.Get("1\x00junk")
	if failure := wantStatus(t, err, ErrInvalid); failure.Field != "id" || failure.Op != "get" {
		t.Errorf("%+v", failure)
	}
	_, err = store.AddJSON(json.RawMessage("{}\x00junk"), nil)
	wantStatus(t, err, ErrInvalid)
	_, err = Open("a\x00b", nil)
	wantStatus(t, err, ErrInvalid)
	if count := must(store.Count(nil)); count != 1 {
		t.Errorf("%d documents", count)
	}
}

func TestWhatIsNoTextOrNoJSONIsRefused(t *testing.T) {
	store := openTodos(t)
	for _, document := range []*Document{
		{Title: "\xff"}, {Body: "a\xc3"}, {Dimensions: Dimensions{"status": "\x80"}},
		{Data: json.RawMessage(`{"a":`)}, {Data: json.RawMessage("{\"a\":\"\xff\"}")},
		{Data: json.RawMessage(`[]`)}, {SimpleID: "1"}, {Rev: 3},
	} {
		_, err := store.Add(document, nil)
		wantStatus(t, err, ErrInvalid)
	}
	_, err := OpenMemory(&Options{Schema: &Schema{Dimensions: []Dimension{
		{Name: "status", Type: Enumerated, Values: []string{"\xff"}}}}})
	wantStatus(t, err, ErrInvalid)
	_, err = store.Update("1", Patch{"data": make(chan int)}, nil)
	wantStatus(t, err, ErrInvalid)
	_, err = store.AddJSON(nil, nil)
	if failure := wantStatus(t, err, ErrInvalid); failure.Name != "NULL_ARGUMENT" {
		t.Errorf("%+v", failure)
	}
	_, err = store.Add(&Document{}, &WriteOptions{JSON: json.RawMessage(`{"creat":true}`)})
	wantStatus(t, err, ErrInvalid)
}

func TestAClosedStoreSaysSoAndCloseIsIdempotent(t *testing.T) {
	store, err := Open(filepath.Join(t.TempDir(), "todos.json"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	calls := map[string]func() error{
		"get":         func() error { _, err := store.Get("1"); return err },
		"count":       func() error { _, err := store.Count(nil); return err },
		"resolve_ids": func() error { _, err := store.ResolveIDs(nil); return err },
		"cursor_open": func() error { _, err := store.Cursor(nil); return err },
		"sync":        func() error { return store.Sync() },
	}
	for op, call := range calls {
		if failure := wantStatus(t, call(), ErrClosed); failure.Op != op {
			t.Errorf("%s: %+v", op, failure)
		}
	}
}

func TestOptionsReachTheLibrary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "todos.json")
	options := todoOptions()
	options.Format, options.Mode, options.Create = Lines, 0o700, Ptr(true)
	options.LockTimeout, options.MaxDocumentBytes = time.Second, 1000
	options.Durability, options.Checkpoint = Sync, CheckpointCommit
	store := must(Open(path, options))
	defer store.Close()
	added := must(store.Add(&Document{Title: "A"}, nil))
	if start := options.Clock.Start; added.CreatedAt.Sub(start) > time.Minute {
		t.Errorf("created at %v", added.CreatedAt)
	}
	_, err := store.Add(&Document{Body: strings.Repeat("x", 1000)}, nil)
	wantStatus(t, err, ErrLimit)
	info := must(store.Info())
	if info.Format != Lines || info.Policy.Durability != Sync || info.Documents != 1 ||
		info.Path != path || info.Commit == 0 {
		t.Errorf("%+v", info)
	}
	if mode := must(os.Stat(path)).Mode(); mode != 0o700 {
		t.Errorf("the mode is %v", mode)
	}
	reader := must(Open(path, &Options{ReadOnly: true, Clock: options.Clock,
		UUIDSeed: options.UUIDSeed}))
	defer reader.Close()
	_, err = reader.Add(&Document{}, nil)
	wantStatus(t, err, ErrReadOnly)
}

func TestOfADamagedFileWhatCanBeReadIsSalvaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "todos.json")
	store := must(Open(path, nil))
	for _, title := range []string{"A", "B"} {
		must(store.Add(&Document{Title: title}, nil))
	}
	must(0, store.Close())
	text := must(os.ReadFile(path))
	broken := bytes.Replace(text, []byte(`"title": "A"`), []byte(`"title": "A`), 1)
	must(0, os.WriteFile(path, broken, 0o600))
	_, err := Open(path, nil)
	wantStatus(t, err, ErrCorrupt)
	salvaged := must(Open(path, &Options{Salvage: true}))
	defer salvaged.Close()
	if found := must(salvaged.Get("1")); found.Title != "B" {
		t.Errorf("%+v", found)
	}
}

func TestASchemaReachesTheLibrary(t *testing.T) {
	store := must(OpenMemory(nil))
	defer store.Close()
	must(store.Add(&Document{Title: "A"}, nil))
	schema := *todoSchema
	schema.SchemaVersion, schema.Numbering = 3, Stable
	schema.CanonicalView = NotIn("status", "done")
	if report := must(store.Define(&schema, nil)); !report.Changed || report.Violations != 0 {
		t.Errorf("%+v", report)
	}
	if report := must(store.Define(&schema, nil)); report.Changed {
		t.Errorf("the same schema changed: %+v", report)
	}
	must(store.Update("1", Patch{"dimensions": Patch{"status": "done"}}, nil))
	if count := must(store.Count(nil)); count != 0 {
		t.Errorf("the canonical view shows %d", count)
	}
	narrow := &Schema{Dimensions: []Dimension{
		{Name: "status", Type: Enumerated, Values: []string{"open"}}}}
	_, err := store.Define(narrow, &DefineOptions{Strict: true})
	wantStatus(t, err, ErrConstraint)
	report := must(store.Define(narrow, nil))
	if report.Violations != 1 || len(report.Examples) != 1 || report.Examples[0].Field == "" {
		t.Errorf("%+v", report)
	}
	problems := must(store.Verify())
	if problems.OK || len(problems.Problems) != 1 || problems.Problems[0].Message == "" {
		t.Errorf("%+v", problems)
	}
}

func TestSeveralStoresShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "todos.json")
	first, second := must(Open(path, nil)), must(Open(path, nil))
	must(first.Add(&Document{Title: "A"}, nil))
	if got := must(second.Get("1")); got.Title != "A" {
		t.Errorf("%+v", got)
	}
	if err := errors.Join(first.Sync(), first.Checkpoint(), first.Close()); err != nil {
		t.Error(err)
	}
	must(second.Add(&Document{Title: "B"}, nil))
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

func TestDimensionsThatAreNoTextsAreReadAsTheirJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "todos.json")
	text := `{"documents":[{"uuid":"00000000-0000-7000-8000-000000000001","title":"A",` +
		`"dimensions":{"status":["done"],"count":2.50}}]}`
	if err := writeOldFile(path, text); err != nil {
		t.Fatal(err)
	}
	store := must(Open(path, nil))
	defer store.Close()
	got := must(store.Get("1"))
	if got.Dimensions["status"] != `["done"]` || got.Dimensions["count"] != "2.50" {
		t.Errorf("%v", got.Dimensions)
	}
}

func TestJSONIsQuotedAndLookedUp(t *testing.T) {
	if text := must(Quote("say \"hi\"")); string(text) != `"say \"hi\""` {
		t.Errorf("%s", text)
	}
	_, err := Quote("\xff")
	wantStatus(t, err, ErrInvalid)
	document := json.RawMessage(`{"a":{"b/c":[1.50,"x\ny",null]}}`)
	for pointer, want := range map[string]string{
		"/a/b~1c/0": "1.50", "/a/b~1c/1": "x\ny", "/a/b~1c/2": "null", "": string(document),
	} {
		value, found, err := LookUp(document, pointer)
		if value != want || !found || err != nil {
			t.Errorf("%s: %q %v %v", pointer, value, found, err)
		}
	}
	if _, found, err := LookUp(document, "/x"); found || err != nil {
		t.Errorf("%v %v", found, err)
	}
}

func TestTheLibraryTellsItsVersion(t *testing.T) {
	if strings.Count(Version(), ".") != 2 {
		t.Errorf("version %q", Version())
	}
}
