// Callcost times calls of the Go interface: callcost PATH CALLS makes a store at that path and
// prints the nanoseconds of a call of each kind. Its twin in C is tests/cost/calls.c;
// `cargo xtask call-cost` compares them.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	nanostore "libnanostore/bindings/go"
)

const documents = 1000

var options = json.RawMessage(`{"clock":{"start":"2026-01-01T00:00:00Z","step_ms":1000},` +
	`"uuid_seed":1,"schema":{"dimensions":[` +
	`{"name":"status","type":"enumerated","values":["pending","active","done"],` +
	`"prefixes":{"active":"a","done":"d"},"default_value":"pending"},` +
	`{"name":"priority","type":"enumerated","values":["low","medium","high"],` +
	`"prefixes":{"high":"h"},"default_value":"medium"},` +
	`{"name":"parent","type":"hierarchical","ref_field":"parent_id"}]}}`)

// document gives the document of that number; every third one lies below the first.
func document(number int) json.RawMessage {
	status := []string{"pending", "active", "done"}[number%3]
	priority := []string{"low", "medium", "high"}[number%5%3]
	parent := ""
	if number > 0 && number%3 == 0 {
		parent = "key:first"
	}
	key := ""
	if number == 0 {
		key = `"key":"first",`
	}
	return fmt.Appendf(nil, `{%s"title":"Task number %d","body":"Two lines of what is to be done, by `+
		`whom, and until when.","dimensions":{"status":"%s","priority":"%s","parent_id":"%s"},`+
		`"data":{"due":"2027-01-%02d","tags":["a"]}}`,
		key, number, status, priority, parent, 1+number%28)
}

// timed prints the nanoseconds of one call of a kind.
func timed(kind string, calls int, call func(number int)) {
	start := time.Now()
	for number := range calls {
		call(number)
	}
	fmt.Printf("%s %d\n", kind, time.Since(start).Nanoseconds()/int64(calls))
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: callcost PATH CALLS")
	}
	calls := must(strconv.Atoi(os.Args[2]))
	store := must(nanostore.Open(os.Args[1], &nanostore.Options{JSON: options}))
	uuids := make([]string, documents)
	for number := range documents {
		added := must(store.AddJSON(document(number), nil))
		uuids[number], _, _ = nanostore.LookUp(added, "/uuid")
	}
	added := make([]json.RawMessage, calls)
	for number := range calls {
		added[number] = document(number + documents)
	}
	query := json.RawMessage(`{"limit":50}`)

	timed("get", calls, func(number int) { must(store.GetJSON(uuids[number%documents])) })
	timed("list50", calls, func(int) { must(store.ListJSON(query)) })
	buffer := []byte(nil)
	timed("list50append", calls, func(int) { buffer = must(store.AppendListJSON(buffer[:0], query)) })
	timed("add", calls, func(number int) { must(store.AddJSON(added[number], nil)) })
	must(0, store.Close())
}
