package nanostore

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"

	"libnanostore/bindings/go/internal/tag"
)

// change is what an update does to a document.
type change struct {
	uuid       string  // the document that it was made for; empty: any
	rev        *uint64 // the revision that it was made for; nil: any
	members    []memberChange
	dimensions []memberChange
	data       []memberChange
}

// memberChange is a new value; nil takes it away.
type memberChange struct {
	name  string
	value json.RawMessage
}

// change tells how a value differs from what was read, or, if it was not read, what is set in it.
// The listed fields, by their names in Go or in the store, are part of it in any case.
func (d *declaration) change(op string, value reflect.Value, listed []string) (*change, error) {
	document := d.documentOf(value)
	made, was := &change{}, &form{}
	if document.seen == nil {
		made.uuid = document.UUID
		if document.Rev != 0 {
			made.rev = &document.Rev
		}
	} else {
		seen := reflect.New(d.goType).Elem()
		if err := d.read(*document.seen, seen); err != nil {
			return nil, err
		}
		made.uuid = d.documentOf(seen).UUID
		var err error
		if was, err = d.form(op, seen, false); err != nil {
			return nil, err
		}
	}
	now, err := d.form(op, value, document.seen == nil)
	if err != nil {
		return nil, err
	}
	made.members = difference(&was.members, &now.members)
	made.dimensions = difference(&was.dimensions, &now.dimensions)
	made.data = difference(&was.data, &now.data)
	if err := made.list(d, op, value, listed); err != nil {
		return nil, err
	}
	made.dropOldNames(d)
	return made, nil
}

// difference gives the members that are new, different or gone.
func difference(was, now *jsonObject) []memberChange {
	var found []memberChange
	for _, name := range now.names {
		if !bytes.Equal(was.get(name), now.get(name)) {
			found = append(found, memberChange{name, now.get(name)})
		}
	}
	for _, name := range was.names {
		if now.get(name) == nil {
			found = append(found, memberChange{name, nil})
		}
	}
	return found
}

// list adds the listed fields as they are, set or not.
func (c *change) list(d *declaration, op string, value reflect.Value, listed []string) error {
next:
	for _, name := range listed {
		if field := d.field(name); field != nil {
			text, err := field.encode(value.FieldByIndex(field.index))
			if err != nil {
				return fieldError(op, field.goName, err)
			}
			if field.Kind == tag.Data {
				c.data = with(c.data, field.Name, text)
			} else {
				c.dimensions = with(c.dimensions, field.Name, text)
			}
			continue
		}
		for _, own := range documentMembers {
			if name == own.name || name == own.goName {
				text, err := own.encode(d.documentOf(value))
				if err != nil {
					return fieldError(op, own.goName, err)
				}
				c.members = with(c.members, own.name, text)
				continue next
			}
		}
		return d.unknown(op, name)
	}
	return nil
}

// with adds a member that is not there yet.
func with(members []memberChange, name string, value json.RawMessage) []memberChange {
	for _, other := range members {
		if other.name == name {
			return members
		}
	}
	return append(members, memberChange{name, value})
}

// dropOldNames takes changed fields away from under the names that older programs gave them, where
// they would come to light again.
func (c *change) dropOldNames(d *declaration) {
	for _, changed := range c.data {
		if field := d.field(changed.name); field != nil && field.hasOldName() {
			c.data = with(c.data, field.oldName(), nil)
		}
	}
}

// empty tells whether nothing is changed.
func (c *change) empty() bool { return len(c.members)+len(c.dimensions)+len(c.data) == 0 }

// mergeable tells whether a merge patch can say it. It cannot say that a member of data becomes
// null, or an object with these members and no others.
func (c *change) mergeable() bool {
	for _, changed := range c.data {
		if changed.value != nil && (changed.value[0] == '{' || string(changed.value) == "null") {
			return false
		}
	}
	return true
}

// patch writes the change as a merge patch.
func (c *change) patch() json.RawMessage {
	patch := jsonObject{}
	c.identify(&patch)
	merge(&patch, c.members)
	for _, inner := range c.inner() {
		if len(inner.members) > 0 {
			part := jsonObject{}
			merge(&part, inner.members)
			patch.set(inner.name, part.text())
		}
	}
	return patch.text()
}

// inner are the changes in the objects inside a document.
func (c *change) inner() []innerChange {
	return []innerChange{{"dimensions", c.dimensions}, {"data", c.data}}
}

type innerChange struct {
	name    string
	members []memberChange
}

// merge writes members with null for those that are taken away.
func merge(object *jsonObject, members []memberChange) {
	for _, changed := range members {
		if changed.value == nil {
			changed.value = json.RawMessage("null")
		}
		object.set(changed.name, changed.value)
	}
}

// identify says which document and revision is meant; the library compares.
func (c *change) identify(document *jsonObject) {
	if c.uuid != "" {
		document.set("uuid", quoted(c.uuid))
	}
	if c.rev != nil {
		document.set("rev", strconv.AppendUint(nil, *c.rev, 10))
	}
}

// apply makes the change in a whole document.
func (c *change) apply(document *jsonObject) error {
	merge(document, c.members) // where what is left out would be kept
	for _, inner := range c.inner() {
		part, err := readObject(document.get(inner.name))
		if err != nil {
			return err
		}
		for _, changed := range inner.members {
			part.set(changed.name, changed.value)
		}
		document.set(inner.name, part.text())
	}
	c.identify(document)
	return nil
}
