package nanostore

import "testing"

func TestABatchHappensWhollyWithItsResultsInOrder(t *testing.T) {
	store := openTodos(t, "A", "B", "C")
	var batch Batch
	batch.Add(&Document{Title: "Party"}).Named("party")
	batch.Add(&Document{Title: "Cake", Dimensions: Dimensions{"parent_id": "$party"}})
	batch.UpdateEach([]string{"1", "2"}, Patch{"dimensions": Patch{"status": "done"}})
	batch.UpdateWhere(Eq("status", "done"), Patch{"body": "done"})
	batch.Replace("key:k", &Document{Title: "K"})
	batch.Delete("3").At(3)
	result := must(store.Apply(&batch))
	if result.Commit != 4 || len(result.Results) != 6 {
		t.Fatalf("%+v", result)
	}
	party, cake := result.Results[0].Document, result.Results[1].Document
	if party.SimpleID != "1" || cake.SimpleID != "1.1" || cake.Dimensions["parent_id"] != party.UUID {
		t.Errorf("%+v %+v", party, cake)
	}
	if done := result.Results[2].Documents; titles(done) != "AB" || done[1].SimpleID != "d2" {
		t.Errorf("%+v", done)
	}
	if titles(result.Results[3].Documents) != "AB" || titles(result.Results[5].Deleted) != "C" {
		t.Errorf("%+v", result.Results)
	}
	if result.Results[4].Document.Key != "k" {
		t.Errorf("%+v", result.Results[4])
	}
	for at, want := range []string{"Party", "Cake", "AB", "AB", "K", "C"} {
		if got := titles(result.Results[at].All()); got != want {
			t.Errorf("operation %d: %s", at, got)
		}
	}
}

func TestABatchThatFailsChangesNothing(t *testing.T) {
	store := openTodos(t, "A")
	var batch Batch
	batch.Add(&Document{Title: "B"})
	batch.Update("9", nil)
	_, err := store.Apply(&batch)
	if failure := wantStatus(t, err, ErrNotFound); failure.Field == "" || failure.Op != "apply" {
		t.Errorf("%+v", failure)
	}
	if count := must(store.Count(nil)); count != 1 {
		t.Errorf("%d documents", count)
	}
}

func TestADeleteOfEverythingHasToBeSaid(t *testing.T) {
	store := openTodos(t, "A", "B")
	must(store.Add(&Document{Dimensions: Dimensions{"parent_id": "1"}}, nil))
	var careless, careful Batch
	careless.DeleteWhere(Condition{})
	_, err := store.Apply(&careless)
	wantStatus(t, err, ErrInvalid)
	careful.DeleteWhere(Condition{}).Everywhere().Cascading()
	if result := must(store.Apply(&careful)); len(result.Results[0].Deleted) != 3 {
		t.Errorf("%+v", result)
	}
	if result := must(store.Apply(&Batch{})); len(result.Results) != 0 {
		t.Errorf("%+v", result)
	}
}

func TestAnOperationWithoutIDsDoesNothing(t *testing.T) {
	store := openTodos(t, "A")
	var batch Batch
	batch.DeleteEach(nil)
	if result := must(store.Apply(&batch)); len(result.Results[0].Deleted) != 0 {
		t.Errorf("%+v", result)
	}
}
