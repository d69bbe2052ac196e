// Tasks is written against the typed API that github.com/arthur-debert/nanostore documents. A test
// changes its imports, nothing else, and runs it.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/arthur-debert/nanostore/nanostore"
	"github.com/arthur-debert/nanostore/nanostore/api"
)

// TodoItem is an item of a task list.
type TodoItem struct {
	nanostore.Document

	Status   string `values:"pending,active,done" prefix:"done=d" default:"pending"`
	Priority string `values:"low,medium,high" prefix:"high=h" default:"medium"`
	Activity string `values:"active,archived,deleted" default:"active"`
	ParentID string `dimension:"parent_id,ref"`

	Description string
	AssignedTo  string
	Estimate    int
	Cost        float64
	Billable    bool
	DueDate     time.Time
	Tags        []string
}

func main() {
	folder, err := os.MkdirTemp("", "tasks")
	check(err)
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "tasks.json")

	store, err := api.New[TodoItem](path)
	check(err)
	fill(store)
	show("everything", store.Query())
	complete(store)
	show("after the work", store.Query())
	ask(store)
	change(store)
	check(store.Close())

	again, err := api.NewFromType[TodoItem](path)
	check(err)
	defer again.Close()
	show("read again", again.Query().OrderByDesc("created_at"))
	fields(again)
	remove(again)
}

// fill creates and nests.
func fill(store *api.TypedStore[TodoItem]) {
	due := time.Date(2027, 1, 15, 18, 30, 0, 0, time.UTC)
	party, err := store.Create("Party", &TodoItem{})
	check(err)
	for _, title := range []string{"Invite", "Bake", "Decorate"} {
		id, err := store.Create(title, &TodoItem{ParentID: party})
		check(err)
		fmt.Println("created", id, title)
	}
	_, err = store.Create("Flour", &TodoItem{ParentID: "1.2", Description: "two bags", Cost: 3.5})
	check(err)
	id, err := store.Create("Taxes", &TodoItem{
		Priority: "high", AssignedTo: "ana", Estimate: 240, Cost: 0.1, Billable: true,
		DueDate: due, Tags: []string{"paper", "urgent"},
	})
	check(err)
	fmt.Println("created", id, "Taxes")
}

// complete changes the status, without reading first and after reading.
func complete(store *api.TypedStore[TodoItem]) {
	check(store.Update("1.1", &TodoItem{Status: "done"}))
	taxes, err := store.Get("h1")
	check(err)
	taxes.Status = "active"
	taxes.AssignedTo = "ben"
	check(store.Update(taxes.UUID, taxes))
	check(store.Update("1.2", &TodoItem{Activity: "archived"}))
}

// ask queries and searches.
func ask(store *api.TypedStore[TodoItem]) {
	show("pending or active", store.Query().StatusIn("pending", "active").Activity("active"))
	show("not done", store.Query().StatusNot("done").Priority("high"))
	show("children of 1", store.Query().ParentID("1"))
	show("roots by title", store.Query().ParentIDNotExists().OrderBy("title"))
	show("search", store.Query().Search("BAK"))
	show("of ben", store.Query().Data("assigned_to", "ben"))
	show("second and third", store.Query().OrderBy("created_at").Limit(2).Offset(1))

	count, err := store.Query().Status("pending").Count()
	check(err)
	urgent, err := store.Query().Priority("high").StatusNot("done").Exists()
	check(err)
	first, err := store.Query().Status("pending").OrderByDesc("title").First()
	check(err)
	fmt.Println("pending:", count, "urgent:", urgent, "first:", first.Title)
	_, err = store.Get("99")
	fmt.Println("99 is missing:", errors.Is(err, nanostore.ErrNotFound))
	uuid, err := store.ResolveUUID("1.d1")
	check(err)
	invite, err := store.Get(uuid)
	check(err)
	fmt.Println("1.d1 is", invite.Title)
}

// change moves one item and changes many.
func change(store *api.TypedStore[TodoItem]) {
	check(store.Update("1.2", &TodoItem{ParentID: "h1"}))
	count, err := store.UpdateByDimension(
		map[string]interface{}{"status": "pending", "activity": "active"},
		&TodoItem{AssignedTo: "carl"})
	check(err)
	fmt.Println("given to carl:", count)
}

// fields shows that the data fields are as they were.
func fields(store *api.TypedStore[TodoItem]) {
	taxes, err := store.Get("h1")
	check(err)
	fmt.Println(taxes.AssignedTo, taxes.Estimate, taxes.Cost, taxes.Billable,
		taxes.DueDate.Format(time.RFC3339), strings.Join(taxes.Tags, "+"))
}

// remove deletes one item with what is below it, and many.
func remove(store *api.TypedStore[TodoItem]) {
	check(store.Delete("1", true))
	count, err := store.DeleteByDimension(map[string]interface{}{"priority": "medium"})
	check(err)
	fmt.Println("deleted with it:", count)
	show("the end", store.Query())
}

func show(what string, query *api.TypedQuery[TodoItem]) {
	items, err := query.Find()
	check(err)
	var words []string
	for _, item := range items {
		words = append(words, item.SimpleID+" "+item.Title)
	}
	fmt.Printf("%s: %s\n", what, strings.Join(words, ", "))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
