package nanostore

import (
	"bytes"
	"encoding/json"
)

// jsonObject is a JSON object that keeps the order of its members and the text of their values.
type jsonObject struct {
	names  []string
	values map[string]json.RawMessage
}

// readObject reads an object; no text at all is an empty one.
func readObject(text json.RawMessage) (*jsonObject, error) {
	object := &jsonObject{}
	if len(text) == 0 {
		return object, nil
	}
	if err := json.Unmarshal(text, &object.values); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		object.names = append(object.names, name.(string))
	}
	return object, nil
}

// get gives the value of a member, or nil.
func (o *jsonObject) get(name string) json.RawMessage { return o.values[name] }

// set puts a member in the place that it has, or behind the others. Nil takes it away.
func (o *jsonObject) set(name string, value json.RawMessage) {
	_, found := o.values[name]
	switch {
	case value == nil && found:
		delete(o.values, name)
		for at, other := range o.names {
			if other == name {
				o.names = append(o.names[:at:at], o.names[at+1:]...)
				return
			}
		}
	case value != nil:
		if o.values == nil {
			o.values = map[string]json.RawMessage{}
		}
		if !found {
			o.names = append(o.names, name)
		}
		o.values[name] = value
	}
}

// text writes the object.
func (o *jsonObject) text() json.RawMessage {
	text := []byte{'{'}
	for at, name := range o.names {
		if at > 0 {
			text = append(text, ',')
		}
		text = append(append(text, quoted(name)...), ':')
		text = append(text, o.values[name]...)
	}
	return append(text, '}')
}

// quoted writes a text as JSON, which never fails.
func quoted(text string) json.RawMessage {
	made, _ := json.Marshal(text)
	return made
}
