package nanostore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// player makes the calls of scripts through the Go interface.
type player struct {
	stores  map[string]*Store
	cursors map[string]*Cursor
}

// call is one call as plain text; an argument that is not there is NULL.
type call struct {
	name      string
	on        string
	arguments map[string]string
}

func (c call) raw(name string) json.RawMessage {
	if text, there := c.arguments[name]; there {
		return json.RawMessage(text)
	}
	return nil
}

// play gives the result of a call, or the JSON of its error.
func (p *player) play(c call) (result any, failure any) {
	text, err := p.make(c)
	if err != nil {
		var known *Error
		if !errors.As(err, &known) {
			panic(fmt.Sprintf("%s gave an error of another type: %v", c.name, err))
		}
		return nil, mustParse(known.JSON)
	}
	return text, nil
}

func (p *player) make(c call) (any, error) {
	switch c.name {
	case "open":
		return nil, p.open(c)
	case "close":
		store := p.stores[c.on]
		delete(p.stores, c.on)
		if store == nil {
			return nil, nil
		}
		return nil, store.Close()
	case "json_quote":
		return parsed(Quote(c.arguments["text"]))
	case "json_get":
		value, found, err := LookUp(c.raw("json"), c.arguments["pointer"])
		if !found {
			return nil, err
		}
		return value, err
	case "cursor_next", "cursor_token", "cursor_close":
		return p.onCursor(p.cursors[c.arguments["cursor"]], c)
	}
	store := p.stores[c.on]
	if store == nil {
		panic("the script did not open " + c.on)
	}
	switch c.name {
	case "resolve_id":
		return store.ResolveID(c.arguments["id"])
	case "count":
		count, err := store.CountJSON(c.raw("query"))
		return json.Number(fmt.Sprint(count)), err
	case "sync":
		return nil, store.Sync()
	case "checkpoint":
		return nil, store.Checkpoint()
	case "snapshot":
		snapshot, err := store.Snapshot()
		p.stores[c.arguments["snapshot"]] = snapshot
		return nil, err
	case "cursor_open":
		cursor, err := store.CursorJSON(c.raw("query"))
		p.cursors[c.arguments["cursor"]] = cursor
		return nil, err
	}
	return parsed(p.onStore(store, c))
}

func (p *player) open(c call) error {
	var options *Options
	if text := c.raw("options"); text != nil {
		options = &Options{JSON: text}
	}
	store, err := Open(c.arguments["path"], options)
	if err == nil {
		p.stores[c.on] = store
	}
	return err
}

func (p *player) onCursor(cursor *Cursor, c call) (any, error) {
	switch c.name {
	case "cursor_close":
		return nil, cursor.Close()
	case "cursor_token":
		return cursor.Token()
	}
	document, err := cursor.NextJSON()
	if err == io.EOF {
		return nil, nil
	}
	return parsed(document, err)
}

// onStore makes the calls that give JSON.
func (p *player) onStore(store *Store, c call) (json.RawMessage, error) {
	id, options := c.arguments["id"], c.raw("options")
	var writing *WriteOptions
	if options != nil {
		writing = &WriteOptions{JSON: options}
	}
	switch c.name {
	case "define":
		if options == nil {
			return store.DefineJSON(c.raw("schema"), nil)
		}
		return store.DefineJSON(c.raw("schema"), &DefineOptions{JSON: options})
	case "info":
		return store.InfoJSON()
	case "verify":
		return store.VerifyJSON()
	case "add":
		return store.AddJSON(c.raw("document"), writing)
	case "get":
		return store.getJSON(id, options)
	case "update":
		return store.UpdateJSON(id, c.raw("patch"), writing)
	case "replace":
		return store.ReplaceJSON(id, c.raw("document"), writing)
	case "delete":
		if options == nil {
			return store.DeleteJSON(id, nil)
		}
		return store.DeleteJSON(id, &DeleteOptions{JSON: options})
	case "apply":
		return store.applyJSON(c.raw("operations"), options)
	case "resolve_ids":
		return store.ResolveIDsJSON(c.raw("ids"))
	case "list":
		return store.ListJSON(c.raw("query"))
	case "explain":
		return store.ExplainJSON(c.raw("query"))
	case "changes":
		return store.ChangesJSON(options)
	}
	panic("the script calls an unknown function " + c.name)
}

// end closes what the script left open.
func (p *player) end() {
	for _, cursor := range p.cursors {
		if cursor != nil {
			cursor.Close()
		}
	}
	for _, store := range p.stores {
		store.Close()
	}
}

func parsed(text json.RawMessage, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return mustParse(text), nil
}

func mustParse(text json.RawMessage) any {
	value, err := parse(text)
	if err != nil {
		panic(fmt.Sprintf("the library gave bad JSON (%v): %s", err, text))
	}
	return value
}
