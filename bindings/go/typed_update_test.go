package nanostore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	nanostore "libnanostore/bindings/go"
)

func create(t *testing.T, store *nanostore.TypedStore[TodoItem], title string, item *TodoItem) string {
	t.Helper()
	id, err := store.Create(title, item)
	must(t, err)
	return id
}

func get(t *testing.T, store *nanostore.TypedStore[TodoItem], id string) *TodoItem {
	t.Helper()
	item, err := store.Get(id)
	must(t, err)
	return item
}

func TestCreateGivesTheShortIDAndLeavesItsArgumentAlone(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	template := &TodoItem{Priority: "high", Description: "of all"}
	before := *template
	for at, want := range []string{"h1", "h2"} {
		if id := create(t, store, fmt.Sprint("Item ", at), template); id != want {
			t.Errorf("the ID is %s, want %s", id, want)
		}
	}
	if !reflect.DeepEqual(*template, before) {
		t.Errorf("the argument became %+v", *template)
	}
	if id := create(t, store, "Without data", nil); id != "1" {
		t.Errorf("the ID without data is %s", id)
	}
	item := get(t, store, "1")
	if item.Status != "pending" || item.Priority != "medium" || item.Activity != "active" {
		t.Errorf("the defaults are %+v", item)
	}
}

func TestAddGivesTheDocumentAsItIsStored(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	added, err := store.Add("Bread", &TodoItem{
		Document: nanostore.Document{Key: "bread", Body: "rye", Title: "not this one"},
		Status:   "done"})
	must(t, err)
	if !reflect.DeepEqual(added, get(t, store, "key:bread")) {
		t.Errorf("it gave %+v", added)
	}
	if added.SimpleID != "d1" || added.Title != "Bread" || added.Body != "rye" || added.Rev != 1 {
		t.Errorf("it is %+v", added.Document)
	}
}

func TestADocumentThatWasReadServesAsTheTemplateOfAnother(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	_, err := store.Store().AddJSON(json.RawMessage(
		`{"title":"A","key":"a","data":{"assigned_to":"Ana","undeclared":1.50}}`), nil)
	must(t, err)
	copied, err := store.Add("B", get(t, store, "1"))
	must(t, err)
	original := get(t, store, "1")
	if copied.UUID == original.UUID || !copied.CreatedAt.After(original.CreatedAt) {
		t.Errorf("the copy is %s of %s, the original of %s",
			copied.UUID, copied.CreatedAt, original.CreatedAt)
	}
	if copied.SimpleID != "2" || copied.Key != "" || copied.AssignedTo != "Ana" ||
		!strings.Contains(string(copied.Data), `"undeclared":1.50`) {
		t.Errorf("the copy is %+v, data %s", copied, copied.Data)
	}
}

func TestUpdateOfAFreshValueWritesWhatIsSetAndBlanksNothing(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	due := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	create(t, store, "Bread", &TodoItem{Priority: "high", Description: "rye", Estimate: 3,
		DueDate: due, Tags: []string{"a"}, Document: nanostore.Document{Body: "long"}})
	before := get(t, store, "h1")
	update := &TodoItem{Status: "done", AssignedTo: "Ana"}
	must(t, store.Update("h1", update))
	if update.UUID != "" || update.Priority != "" {
		t.Errorf("the argument became %+v", update)
	}
	after := get(t, store, "dh1")
	if after.Status != "done" || after.AssignedTo != "Ana" {
		t.Errorf("what was set is %+v", after)
	}
	if after.Title != "Bread" || after.Body != "long" || after.Priority != "high" ||
		after.Description != "rye" || after.Estimate != 3 || !after.DueDate.Equal(due) ||
		len(after.Tags) != 1 || !after.CreatedAt.Equal(before.CreatedAt) {
		t.Errorf("what was not set is %+v", after)
	}
}

func TestUpdateOfAValueThatWasReadWritesOnlyWhatDiffers(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	create(t, store, "Bread", &TodoItem{Description: "rye", AssignedTo: "Ana", Estimate: 3})
	mine, theirs := get(t, store, "1"), get(t, store, "1")
	theirs.AssignedTo, theirs.Title = "Ben", "Rolls"
	must(t, store.Update("1", theirs))
	mine.Estimate, mine.Description = 0, ""
	must(t, store.Update(mine.UUID, mine))
	after := get(t, store, "1")
	if after.AssignedTo != "Ben" || after.Title != "Rolls" {
		t.Errorf("the change of the other is lost: %+v", after)
	}
	if after.Estimate != 0 || after.Description != "" {
		t.Errorf("what was emptied is not: %+v", after)
	}
	if !reflect.DeepEqual(mine, after) {
		t.Errorf("the value was not brought up to date: %+v", mine)
	}
	mine.Estimate = 3 // as it was when it was first read
	must(t, store.Update(mine.UUID, mine))
	if got := get(t, store, "1").Estimate; got != 3 {
		t.Errorf("the second update of one value is lost: %d", got)
	}
}

func TestUpdateBringsWhatOthersTookAwayUpToDate(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	create(t, store, "Bread", &TodoItem{Tags: []string{"a"}, AssignedTo: "Ana",
		Place: map[string]string{"old": "x"}, Document: nanostore.Document{Body: "long", Key: "k"}})
	mine, theirs := get(t, store, "1"), get(t, store, "1")
	theirs.Tags, theirs.Place = nil, map[string]string{"new": "y"}
	theirs.Title, theirs.Body, theirs.Key = "", "", ""
	must(t, store.Update("1", theirs))
	mine.AssignedTo = "Ben"
	must(t, store.Update("1", mine))
	if mine.Tags != nil || len(mine.Place) != 1 || mine.Title+mine.Body+mine.Key != "" {
		t.Errorf("it is %+v", mine)
	}
	if !reflect.DeepEqual(mine, get(t, store, "1")) {
		t.Error("it is not as it is stored")
	}
}

func TestUpdateThatChangesNothingIsNoCommit(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	create(t, store, "Bread", &TodoItem{DueDate: time.Now(), Tags: []string{}})
	item := get(t, store, "1")
	must(t, store.Update("1", item))
	if rev := get(t, store, "1").Rev; rev != 1 {
		t.Errorf("the revision is %d", rev)
	}
}

func TestListedFieldsAreWrittenWhateverTheyAre(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	parent := create(t, store, "Shop", nil)
	create(t, store, "Bread", &TodoItem{ParentID: parent, Status: "done", AssignedTo: "Ana",
		Estimate: 3, Tags: []string{"a"}, Document: nanostore.Document{Key: "b", Body: "x"}})
	must(t, store.Update("key:b", &TodoItem{Description: "set"},
		"Status", "assigned_to", "Estimate", "Tags", "ParentID", "Body", "key"))
	after := get(t, store, "2")
	if after.Status != "pending" || after.AssignedTo != "" || after.Estimate != 0 ||
		after.Tags != nil || after.ParentID != "" || after.Body != "" || after.Key != "" {
		t.Errorf("what was listed is %+v", after)
	}
	if after.Title != "Bread" || after.Description != "set" {
		t.Errorf("the others are %+v", after)
	}
	err := store.Update("2", &TodoItem{}, "Nonsense")
	if !errors.Is(err, nanostore.ErrInvalid) || !strings.Contains(err.Error(), "'Nonsense'") {
		t.Errorf("a field that is not there: %v", err)
	}
}

func TestUpdateOfTheWrongDocumentIsRefused(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	create(t, store, "A", nil)
	create(t, store, "B", nil)
	second := get(t, store, "2")
	must(t, store.Update("1", &TodoItem{Status: "done"})) // B is 1 now
	create(t, store, "C", nil)                            // and this is 2
	second.AssignedTo = "Ana"
	if err := store.Update("2", second); !errors.Is(err, nanostore.ErrConflict) {
		t.Errorf("C was changed in the place of B: %v", err)
	}
	must(t, store.Update("1", second))
	second.Place = map[string]string{"city": "Kiel"} // an object takes another way
	if err := store.Update("2", second); !errors.Is(err, nanostore.ErrConflict) {
		t.Errorf("C was changed in the place of B: %v", err)
	}
}

func TestObjectsAreReplacedAsAWhole(t *testing.T) {
	store := open[Sample](t, ":memory:")
	sample, err := store.Add("S", extremes())
	must(t, err)
	delete(sample.Counts, "")
	sample.Counts["new"] = 3
	sample.Anything = map[string]any{"nil": nil, "deep": map[string]any{"nil": nil}}
	sample.Place = place{Notes: map[string]*int{"other": nil}}
	sample.PlacePtr = nil
	sample.Raw = json.RawMessage("null")
	sample.State, sample.Level = "", nil
	want := bare(sample)
	want.State = "new"
	must(t, store.Update(sample.UUID, sample))
	read, err := store.Get(sample.UUID)
	must(t, err)
	same(t, bare(read), want)
	same(t, bare(sample), want)
	if sample.Rev != 2 {
		t.Errorf("it took %d commits", sample.Rev-1)
	}
}

func TestNullItselfIsStored(t *testing.T) {
	store := open[Sample](t, ":memory:")
	must(t, errorOf(store.Create("S", &Sample{Raw: json.RawMessage("1")})))
	must(t, store.Update("1", &Sample{Raw: json.RawMessage("null")}))
	sample, err := store.Get("1")
	must(t, err)
	if string(sample.Raw) != "null" {
		t.Errorf("it is %s", sample.Raw)
	}
}

func TestObjectsOfManyGoroutinesNeverConflict(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	create(t, store, "Moves", nil)
	create(t, store, "Changes", nil)
	moves, changes := get(t, store, "1").UUID, get(t, store, "2").UUID
	var group sync.WaitGroup
	for at := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for round := range 50 {
				var err error
				if at == 0 { // so that the short ID of the other moves on
					status := []string{"done", "pending"}[round%2]
					err = store.Update(moves, &TodoItem{Status: status})
				} else {
					err = store.Update(changes, &TodoItem{
						Place: map[string]string{fmt.Sprint(at): fmt.Sprint(round)}})
				}
				if err != nil {
					t.Error(err)
				}
			}
		}()
	}
	group.Wait()
	if after := get(t, store, changes); len(after.Place) != 1 {
		t.Errorf("the objects were mixed: %v", after.Place)
	}
}

func TestWhatTheTypeDoesNotDeclareIsKept(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	_, err := store.Store().AddJSON(json.RawMessage(
		`{"title":"A","data":{"z":0.10,"assigned_to":"Ana","b":{"x":null}}}`), nil)
	must(t, err)
	item := get(t, store, "1")
	item.AssignedTo = "Ben"
	item.Place = map[string]string{"city": "Kiel"}
	must(t, store.Update("1", item))
	want := `{"z":0.10,"assigned_to":"Ben","b":{"x":null},"place":{"city":"Kiel"}}`
	if got := string(get(t, store, "1").Data); got != want {
		t.Errorf("the data is %s, want %s", got, want)
	}
}

func TestOldPascalCaseKeysAreReadAndLeaveWhenTheFieldChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.json")
	must(t, os.WriteFile(path, []byte(`{"documents":[{"uuid":"371c8081-a51e-4da5-8606-f5cf322dc724",
		"title":"A","body":"","dimensions":{"status":"pending","_data.AssignedTo":"Ana",
		"_data.Estimate":5,"_data.Tags":["x"],"_data.tags":["y"]},
		"created_at":"2025-03-03T10:28:13Z","updated_at":"2025-03-03T10:28:13Z"}],
		"metadata":{"version":"1.0"}}`), 0o600))
	longAgo := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(path, longAgo, longAgo))
	store := open[TodoItem](t, path)
	item := get(t, store, "1")
	if item.AssignedTo != "Ana" || item.Estimate != 5 || !reflect.DeepEqual(item.Tags, []string{"y"}) {
		t.Fatalf("it was read as %+v", item)
	}
	item.AssignedTo = "Ben"
	must(t, store.Update("1", item))
	must(t, store.Update("1", &TodoItem{}, "Tags"))
	after := get(t, store, "1")
	if want := `{"Estimate":5,"assigned_to":"Ben"}`; string(after.Data) != want {
		t.Errorf("the data is %s, want %s", after.Data, want)
	}
	if after.Tags != nil {
		t.Errorf("the old value came to light again: %v", after.Tags)
	}
	copied, err := store.Add("B", after)
	must(t, err)
	if want := `"estimate":5`; !strings.Contains(string(copied.Data), want) ||
		strings.Contains(string(copied.Data), "Estimate") {
		t.Errorf("the data of the copy is %s", copied.Data)
	}
}

func TestAFileOfAnOlderProgramIsReadAndAskedAfterRenaming(t *testing.T) {
	type job struct {
		nanostore.Document
		Status   string `values:"pending,active,done" prefix:"active=a,done=d" default:"pending"`
		Priority string `values:"low,medium,high" prefix:"high=h" default:"medium"`
		ParentID string `dimension:"parent_id,ref"`
		Assignee *string
		Estimate float64
		Billed   *bool
		Due      string
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "fixtures", "go_style.json"))
	must(t, err)
	path := filepath.Join(t.TempDir(), "jobs.json")
	must(t, os.WriteFile(path, text, 0o600))
	longAgo := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(path, longAgo, longAgo))
	store := open[job](t, path)
	sum := func() (assigned, billed, due int, estimate float64) {
		jobs, err := store.Query().Find()
		must(t, err)
		for _, job := range jobs {
			estimate += job.Estimate
			for at, is := range []bool{job.Assignee != nil, job.Billed != nil, job.Due != ""} {
				if is {
					*[]*int{&assigned, &billed, &due}[at]++
				}
			}
		}
		return
	}
	for _, when := range []string{"before", "after"} {
		a, b, c, e := sum()
		if a != 331 || b != 68 || c != 124 || e != 816 {
			t.Errorf("%s: %d are assigned, %d billed, %d due, %v hours", when, a, b, c, e)
		}
		if when == "before" {
			must(t, errorOf(store.RenameOldFields()))
		}
	}
	if count, err := store.Query().Where("assignee").Exists().Count(); count != 331 || err != nil {
		t.Errorf("the query finds %d, %v", count, err)
	}
}

func TestRenameOldFieldsMakesThemFoundByQueries(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	for _, data := range []string{
		`{"z":1,"AssignedTo":"Ana","Estimate":5,"y":{"n":null}}`, `{"AssignedTo":"Ben","assigned_to":"Ana"}`, `{}`,
	} {
		must(t, errorOf(store.Store().AddJSON(json.RawMessage(`{"title":"A","data":`+data+`}`), nil)))
	}
	if count, err := store.RenameOldFields(); count != 2 || err != nil {
		t.Fatalf("it renamed in %d, %v", count, err)
	}
	if count, err := store.Query().Data("AssignedTo", "Ana").Count(); count != 2 || err != nil {
		t.Errorf("the query finds %d, %v", count, err)
	}
	want := `{"z":1,"y":{"n":null},"assigned_to":"Ana","estimate":5}`
	if got := string(get(t, store, "1").Data); got != want {
		t.Errorf("the data is %s, want %s", got, want)
	}
	if count, err := store.RenameOldFields(); count != 0 || err != nil {
		t.Errorf("the second time it renamed in %d, %v", count, err)
	}
}

func errorOf[V any](_ V, err error) error { return err }

func TestModifyOfManyGoroutinesLosesNothing(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	create(t, store, "Counter", nil)
	uuid := get(t, store, "1").UUID
	const goroutines, rounds = 8, 50
	var group sync.WaitGroup
	for at := range goroutines {
		group.Add(1)
		go func() {
			defer group.Done()
			for range rounds {
				if err := store.Modify(uuid, func(item *TodoItem) error {
					item.Estimate++
					if at%2 == 0 { // an object takes another way
						item.Place = map[string]string{"last": fmt.Sprint(item.Estimate)}
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	group.Wait()
	if got := get(t, store, uuid).Estimate; got != goroutines*rounds {
		t.Errorf("the count is %d, want %d", got, goroutines*rounds)
	}
}

func TestModifyBeginsAnewAfterAConflict(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	create(t, store, "A", nil)
	create(t, store, "B", nil)
	calls := 0
	must(t, store.Modify("2", func(item *TodoItem) error {
		if calls++; calls == 1 {
			must(t, store.Update("2", &TodoItem{AssignedTo: "Ben"}))
			must(t, store.Update("1", &TodoItem{Status: "done"})) // B is 1 now
		}
		item.Description = "by " + item.AssignedTo
		return nil
	}))
	if after := get(t, store, "1"); calls != 2 || after.Title != "B" || after.Description != "by Ben" {
		t.Errorf("after %d calls it is %+v", calls, after)
	}
}

func TestModifyThatFailsOrChangesNothingWritesNothing(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	create(t, store, "A", nil)
	enough := errors.New("enough")
	err := store.Modify("1", func(item *TodoItem) error { item.Estimate = 1; return enough })
	if err != enough {
		t.Errorf("the error is %v", err)
	}
	must(t, store.Modify("1", func(*TodoItem) error { return nil }))
	if after := get(t, store, "1"); after.Rev != 1 || after.Estimate != 0 {
		t.Errorf("it became %+v", after)
	}
	if err := store.Modify("7", func(*TodoItem) error { return nil }); !errors.Is(err, nanostore.ErrNotFound) {
		t.Errorf("a document that is not there: %v", err)
	}
}

func TestAFreshValueWithARevisionIsACompareAndSet(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	create(t, store, "A", nil)
	update := &TodoItem{Document: nanostore.Document{Rev: 1}, Status: "active"}
	must(t, store.Update("1", update))
	update.Status = "done"
	if err := store.Update("1", update); !errors.Is(err, nanostore.ErrConflict) {
		t.Errorf("the second write at revision 1: %v", err)
	}
	update.Place = map[string]string{"city": "Kiel"}
	if err := store.Update("1", update); !errors.Is(err, nanostore.ErrConflict) {
		t.Errorf("an object at revision 1: %v", err)
	}
}

func TestDeleteNeedsCascadeForChildren(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	create(t, store, "A", nil)
	create(t, store, "B", &TodoItem{ParentID: "1"})
	if err := store.Delete("1", false); !errors.Is(err, nanostore.ErrHasChildren) {
		t.Errorf("without cascade: %v", err)
	}
	must(t, store.Delete("1", true))
	if count, err := store.Query().Count(); count != 0 || err != nil {
		t.Errorf("%d are left, %v", count, err)
	}
}

func TestCallsWithoutDataAreRefused(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	create(t, store, "A", nil)
	if err := store.Update("1", nil); !errors.Is(err, nanostore.ErrInvalid) {
		t.Errorf("Update: %v", err)
	}
	if _, err := store.UpdateByUUIDs([]string{"1"}, nil); !errors.Is(err, nanostore.ErrInvalid) {
		t.Errorf("UpdateByUUIDs: %v", err)
	}
}

func TestWhatWasReadIsNotWrittenToAnotherDocument(t *testing.T) {
	store := open[TodoItem](t, ":memory:")
	for _, title := range []string{"A", "B", "C"} {
		create(t, store, title, nil)
	}
	read := get(t, store, "2")
	must(t, store.Delete("1", false))
	for name, change := range map[string]func(){
		"by a patch":       func() { read.AssignedTo = "Ana" },
		"by a replacement": func() { read.Place = map[string]string{"city": "Kiel"} },
	} {
		change()
		err := store.Update("2", read)
		if !errors.Is(err, nanostore.ErrConflict) || !strings.Contains(err.Error(), `"C"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, store.Update("1", read))
	if item := get(t, store, "1"); item.Title != "B" || item.Place["city"] != "Kiel" {
		t.Errorf("it is %+v", item)
	}
	stale := get(t, store, "1")
	must(t, store.Update("1", &TodoItem{AssignedTo: "Ben"}))
	if err := store.DeleteRead(stale, false); !errors.Is(err, nanostore.ErrConflict) {
		t.Errorf("a version that is over was deleted: %v", err)
	}
	if err := store.DeleteRead(nil, false); !errors.Is(err, nanostore.ErrInvalid) {
		t.Errorf("nothing was deleted: %v", err)
	}
	must(t, store.DeleteRead(get(t, store, "2"), false))
	if _, err := store.Get("2"); !errors.Is(err, nanostore.ErrNotFound) {
		t.Errorf("it is still there: %v", err)
	}
}
