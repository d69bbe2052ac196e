package nanostore_test

import (
	"encoding/json"
	"errors"
	"testing"

	nanostore "libnanostore/bindings/go"
)

// commits runs a write and tells how many commits it took.
func commits(t *testing.T, store *TodoItemStore, write func() (int, error), want int) uint64 {
	t.Helper()
	before, err := store.Store().Info()
	must(t, err)
	count, err := write()
	must(t, err)
	if count != want {
		t.Errorf("it wrote %d documents, want %d", count, want)
	}
	after, err := store.Store().Info()
	must(t, err)
	return after.Commit - before.Commit
}

func TestUpdateByDimensionChangesAllThatMatchInOneCommit(t *testing.T) {
	store := tasks(t)
	took := commits(t, store, func() (int, error) {
		return store.UpdateByDimension(map[string]any{
			"status": []string{"pending", "active"}, "AssignedTo": "Ana", "priority": "medium",
		}, &TodoItem{Status: "done", Description: "all"})
	}, 1)
	finds(t, "what was changed", store.Query().Description("all").StatusIn("done").Find, "Alpha")
	took += commits(t, store, func() (int, error) {
		return store.UpdateByDimension(map[string]any{"parent_id": nil}, &TodoItem{}, "AssignedTo")
	}, 2)
	finds(t, "what was emptied", store.Query().AssignedTo("").Find, "Eta Alpha Delta")
	if took != 2 {
		t.Errorf("the two took %d commits", took)
	}
}

func TestUpdateWhereWithAnObjectReplacesItInOneCommit(t *testing.T) {
	store := tasks(t)
	city := &TodoItem{Place: map[string]string{"street": "Quay"}, Estimate: 9}
	took := commits(t, store, func() (int, error) {
		return store.UpdateWhere(nanostore.Eq("data.assigned_to", "Ana"), city)
	}, 2)
	took += commits(t, store, func() (int, error) {
		return store.UpdateByUUIDs([]string{"1.1", "1.1", "h1"}, city)
	}, 2)
	if took != 2 {
		t.Errorf("the two took %d commits", took)
	}
	items, err := store.Query().Where("place.street").Eq("Quay").Where("place.city").NotExists().Find()
	if err != nil || len(items) != 4 || items[2].Estimate != 9 {
		t.Errorf("it gave %+v, %v", items, err)
	}
	if count, err := store.UpdateWhere(nanostore.Eq("title", "none"), city); count != 0 || err != nil {
		t.Errorf("without a match it gave %d, %v", count, err)
	}
}

func TestUpdateByUUIDsTakesIDsOfTheStateBefore(t *testing.T) {
	store := tasks(t)
	took := commits(t, store, func() (int, error) {
		return store.UpdateByUUIDs([]string{"1", "1.1", "h1"}, &TodoItem{Status: "done"})
	}, 3)
	finds(t, "what is not done", store.Query().StatusNot("done").Find, "Gamma")
	if took != 1 {
		t.Errorf("it took %d commits", took)
	}
	_, err := store.UpdateByUUIDs([]string{"d1", "99"}, &TodoItem{Status: "active"})
	if !errors.Is(err, nanostore.ErrNotFound) {
		t.Errorf("an ID that is not there: %v", err)
	}
	finds(t, "what is active", store.Query().Status("active").Find, "")
}

func TestAValueThatWasReadChangesOthersByWhatDiffers(t *testing.T) {
	store := tasks(t)
	alpha, err := store.Get("1")
	must(t, err)
	alpha.Description = "spread"
	_, err = store.UpdateByUUIDs([]string{"1.1", "h1"}, alpha)
	must(t, err)
	finds(t, "what was changed", store.Query().Description("spread").Find, "Beta Eta")
	finds(t, "what was not", store.Query().AssignedTo("Ana").Find, "Alpha Gamma")
}

func TestDeletesInBulkCountAndKeepToTheTree(t *testing.T) {
	store := tasks(t)
	_, err := store.DeleteByDimension(map[string]any{"status": "pending", "priority": "medium"})
	if !errors.Is(err, nanostore.ErrHasChildren) {
		t.Errorf("parents of others: %v", err)
	}
	took := commits(t, store, func() (int, error) {
		return store.DeleteByDimension(map[string]any{"priority": []any{"high"}})
	}, 2)
	took += commits(t, store, func() (int, error) {
		return store.DeleteWhere(nanostore.Gt("data.estimate", 5))
	}, 1)
	took += commits(t, store, func() (int, error) {
		return store.DeleteByUUIDs([]string{"1", "1.1"})
	}, 2)
	if took != 3 {
		t.Errorf("the three took %d commits", took)
	}
	finds(t, "what is left", store.Query().Find, "")
}

func TestAnEmptyConditionNeverMeansEverything(t *testing.T) {
	store := tasks(t)
	object := &TodoItem{Place: map[string]string{"city": "Kiel"}}
	_, byDimension := store.DeleteByDimension(nil)
	_, where := store.DeleteWhere(nanostore.Condition{})
	_, raw := store.DeleteWhere(nanostore.Where(json.RawMessage(`{}`)))
	_, update := store.UpdateByDimension(map[string]any{}, &TodoItem{Status: "done"})
	_, replace := store.UpdateWhere(nanostore.Condition{}, object)
	for at, err := range []error{byDimension, where, raw, update, replace} {
		if !errors.Is(err, nanostore.ErrInvalid) {
			t.Errorf("call %d: %v", at, err)
		}
	}
	_, unknown := store.DeleteByDimension(map[string]any{"nonsense": "x"})
	if !errors.Is(unknown, nanostore.ErrInvalid) {
		t.Errorf("a field that is not there: %v", unknown)
	}
	finds(t, "all are left and as they were", store.Query().StatusNot("done").PlaceNotExists().Find,
		"Alpha Beta Eta")
}
