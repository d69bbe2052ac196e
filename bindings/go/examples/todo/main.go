// Todo is the task program of examples-c/todo.c in Go: todo FILE COMMAND ... Both print one day.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	nanostore "libnanostore/bindings/go"
	"os"
	"strings"
	"time"
)

var schema = nanostore.Schema{SchemaVersion: 1, Dimensions: []nanostore.Dimension{
	{Name: "status", Type: nanostore.Enumerated, Values: []string{"pending", "active", "done"},
		Prefixes: map[string]string{"active": "a", "done": "d"}, Default: "pending"},
	{Name: "priority", Type: nanostore.Enumerated, Values: []string{"normal", "high"},
		Prefixes: map[string]string{"high": "h"}, Default: "normal"},
	{Name: "parent", Type: nanostore.Hierarchical, RefField: "parent_id"},
}, CanonicalView: nanostore.In("status", "pending", "active")}

var changes = map[string]nanostore.Patch{
	"start": {"status": "active"}, "done": {"status": "done"}, "reopen": {"status": "pending"},
	"raise": {"priority": "high"}, "lower": {"priority": "normal"},
}

// run does one command. What it writes is one batch, in which all IDs mean the state before it.
func run(store *nanostore.Store, command string, words []string) error {
	var batch nanostore.Batch
	first, rest, two := strings.Cut(strings.Join(words, " "), " ")
	switch change, known := changes[command]; {
	case command == "list":
		return list(store, &nanostore.Query{View: first})
	case command == "search":
		return list(store, &nanostore.Query{Search: strings.Join(words, " "), View: "all"})
	case command == "show":
		return show(store, first)
	case known:
		batch.UpdateEach(words, nanostore.Patch{"dimensions": change})
	case command == "add":
		batch.Add(newTask(words))
	case command == "rename" && two:
		batch.Update(first, nanostore.Patch{"title": rest})
	case command == "move" && two: // an empty parent is none
		parent := nanostore.Patch{"parent_id": strings.TrimSuffix(rest, "top")}
		batch.Update(first, nanostore.Patch{"dimensions": parent})
	case command == "delete":
		ids := strings.Fields(strings.TrimPrefix(strings.Join(words, " "), "--cascade "))
		batch.DeleteEach(ids).Cascade = first == "--cascade"
	default:
		return errors.New("usage: todo FILE COMMAND ID... or TEXT...")
	}
	result, err := store.Apply(&batch)
	if err != nil {
		return err
	}
	said := strings.Replace(strings.TrimSuffix(command, "e")+"ed", "doned", "done", 1)
	for _, task := range result.Results[0].All() {
		fmt.Printf("%-8s %-6s %s\n", said, task.SimpleID, task.Title)
	}
	return nil
}

func newTask(words []string) *nanostore.Document {
	options, dimensions := flag.NewFlagSet("add", flag.ExitOnError), nanostore.Dimensions{}
	options.BoolFunc("high", "", func(string) error { dimensions["priority"] = "high"; return nil })
	options.Func("under", "", func(id string) error { dimensions["parent_id"] = id; return nil })
	due := options.String("due", "", "date")
	_ = options.Parse(words)
	task := &nanostore.Document{Title: strings.Join(options.Args(), " "), Dimensions: dimensions}
	if text, err := nanostore.Quote(*due); err == nil && *due != "" {
		task.Data = fmt.Appendf(nil, `{"due":%s}`, text)
	}
	return task
}

func list(store *nanostore.Store, query *nanostore.Query) error {
	marks := map[string]string{"pending": "[ ]", "active": "[>]", "done": "[x]", "high": " !"}
	for task, err := range store.All(context.Background(), query) {
		if err != nil {
			return err
		}
		due, _, _ := nanostore.LookUp(task.Data, "/due")
		fmt.Printf("%*s%-6s %s %s%s%s\n", 4*strings.Count(task.SimpleID, ".")+2, "", task.SimpleID,
			marks[task.Dimensions["status"]], task.Title, marks[task.Dimensions["priority"]],
			strings.TrimSuffix("  (due "+due+")", "  (due )"))
	}
	return nil
}

func show(store *nanostore.Store, id string) error {
	task, err := store.GetJSON(id)
	for _, name := range strings.Fields("id title dimensions data created_at updated_at rev uuid") {
		if value, found, _ := nanostore.LookUp(task, "/"+name); found && err == nil {
			fmt.Printf("%-11s %s\n", name, value)
		}
	}
	return err
}

func main() {
	options := nanostore.Options{Schema: &schema}
	if start, err := time.Parse(time.RFC3339, os.Getenv("TODO_CLOCK")); err == nil { // for the tests
		options.Clock, options.UUIDSeed = &nanostore.Clock{Start: start, Step: time.Second}, new(uint64)
		fmt.Sscan(os.Getenv("TODO_SEED"), options.UUIDSeed)
	}
	words := append(os.Args[1:], make([]string, max(0, 3-len(os.Args)))...)
	store, err := nanostore.Open(words[0], &options)
	if err == nil {
		err = errors.Join(run(store, words[1], words[2:]), store.Close())
	}
	if failure := (*nanostore.Error)(nil); errors.As(err, &failure) && failure.Hint != "" {
		err = fmt.Errorf("%s\n  hint: %s", failure.Message, failure.Hint)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "todo:", err)
		os.Exit(1)
	}
}
