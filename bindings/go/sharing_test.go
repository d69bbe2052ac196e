package nanostore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
)

const (
	goroutines = 8
	callsEach  = 1000
)

// mixedCall makes one of all kinds of calls; those that another goroutine was faster than may fail.
func mixedCall(store *Store, random *rand.Rand) error {
	id := fmt.Sprint(1 + random.IntN(20))
	var err error
	switch random.IntN(10) {
	case 0, 1:
		_, err = store.Add(&Document{Title: "task " + id}, nil)
	case 2:
		_, err = store.Get(id)
	case 3:
		_, err = store.Update(id, Patch{"data": Patch{"n": random.IntN(9)}}, nil)
	case 4:
		_, err = store.Update(id, Patch{"dimensions": Patch{"status": "done"}}, nil)
	case 5:
		_, err = store.Delete(id, &DeleteOptions{Cascade: true})
	case 6:
		_, err = store.List(&Query{Where: Eq("data.n", 3), Limit: 5})
	case 7:
		_, err = store.ResolveIDs([]string{"1", id})
	case 8:
		var batch Batch
		batch.Add(&Document{Title: "below", Dimensions: Dimensions{"parent_id": id}})
		batch.Update(id, Patch{"body": "changed"})
		_, err = store.Apply(&batch)
	case 9:
		for document, failure := range store.All(context.Background(), &Query{Limit: 20}) {
			if err = failure; err != nil || document.UUID == "" {
				break
			}
		}
	}
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// inGoroutines makes mixed calls in many goroutines at once, and gives what they ended with.
func inGoroutines(store *Store) []error {
	ended := make([]error, goroutines)
	var group sync.WaitGroup
	for at := range goroutines {
		group.Add(1)
		go func() {
			defer group.Done()
			random := rand.New(rand.NewPCG(uint64(at), 7))
			for range callsEach {
				if ended[at] = mixedCall(store, random); ended[at] != nil {
					return
				}
			}
		}()
	}
	group.Wait()
	return ended
}

func TestGoroutinesShareAStore(t *testing.T) {
	store := openTodos(t, "A", "B", "C")
	if err := errors.Join(inGoroutines(store)...); err != nil {
		t.Fatal(err)
	}
	if report := must(store.Verify()); !report.OK {
		t.Errorf("%+v", report)
	}
	var documents struct{ Documents []json.RawMessage }
	page := must(store.ListJSON(json.RawMessage(`{"view":"all"}`)))
	if err := json.Unmarshal(page, &documents); err != nil {
		t.Fatal(err)
	}
	if count := must(store.Count(&Query{View: ViewAll})); int(count) != len(documents.Documents) {
		t.Errorf("%d counted, %d listed", count, len(documents.Documents))
	}
}

func TestAStoreIsClosedDuringUse(t *testing.T) {
	for round := range 20 {
		store := must(OpenMemory(todoOptions()))
		must(store.Add(&Document{Title: "A"}, nil))
		closed := make(chan error)
		go func() {
			for range round * 10 {
				must(store.Count(nil))
			}
			closed <- store.Close()
		}()
		for _, err := range inGoroutines(store) {
			if err != nil && !errors.Is(err, ErrClosed) {
				t.Errorf("round %d: %v", round, err)
			}
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
	}
}

func TestACursorIsClosedDuringUse(t *testing.T) {
	store := openTodos(t)
	var batch Batch
	for n := range 1000 {
		batch.Add(&Document{Title: fmt.Sprint(n)})
	}
	must(store.Apply(&batch))
	for range 20 {
		cursor := must(store.Cursor(nil))
		var group sync.WaitGroup
		for range 2 {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					if _, err := cursor.NextJSON(); err != nil {
						if err != io.EOF && !errors.Is(err, ErrClosed) {
							t.Error(err)
						}
						return
					}
				}
			}()
		}
		cursor.Close()
		group.Wait()
	}
}
