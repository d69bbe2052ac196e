package nanostore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// The JSON of scripts: numbers keep their exact text and objects the order of their members. A
// value is nil, a bool, a json.Number, a string, an array or an object.

type array []any

type object []member

type member struct {
	name  string
	value any
}

func (o object) get(name string) (any, bool) {
	for _, member := range o {
		if member.name == name {
			return member.value, true
		}
	}
	return nil, false
}

// parse reads a whole text; a member that appears twice is a fault.
func parse(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	value, err := parseValue(decoder)
	if err == nil && decoder.More() {
		err = fmt.Errorf("something after the value in %s", text)
	}
	return value, err
}

func parseValue(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		return parseArray(decoder)
	case json.Delim('{'):
		return parseObject(decoder)
	}
	return token, nil
}

func parseArray(decoder *json.Decoder) (any, error) {
	elements := array{}
	for decoder.More() {
		element, err := parseValue(decoder)
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	_, err := decoder.Token()
	return elements, err
}

func parseObject(decoder *json.Decoder) (any, error) {
	members := object{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		value, err := parseValue(decoder)
		if err != nil {
			return nil, err
		}
		if _, twice := members.get(name.(string)); twice {
			return nil, fmt.Errorf("member %q appears twice", name)
		}
		members = append(members, member{name.(string), value})
	}
	_, err := decoder.Token()
	return members, err
}

// write gives a value as JSON in one line.
func write(value any) string {
	switch value := value.(type) {
	case array:
		elements := make([]string, len(value))
		for at, element := range value {
			elements[at] = write(element)
		}
		return "[" + strings.Join(elements, ",") + "]"
	case object:
		members := make([]string, len(value))
		for at, member := range value {
			members[at] = write(member.name) + ":" + write(member.value)
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// plain gives a text as it is and any other value as JSON: how arguments are passed.
func plain(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	return write(value)
}

// equal tells whether two values are written alike but for the order of members.
func equal(a, b any) bool {
	switch a := a.(type) {
	case array:
		b, ok := b.(array)
		if !ok || len(a) != len(b) {
			return false
		}
		for at := range a {
			if !equal(a[at], b[at]) {
				return false
			}
		}
		return true
	case object:
		b, ok := b.(object)
		if !ok || len(a) != len(b) {
			return false
		}
		for _, member := range a {
			other, there := b.get(member.name)
			if !there || !equal(member.value, other) {
				return false
			}
		}
		return true
	}
	switch b.(type) {
	case array, object:
		return false
	}
	return a == b
}

// follow gives the value that a JSON pointer leads to.
func follow(value any, pointer string) (any, bool) {
	for _, part := range strings.Split(pointer, "/")[1:] {
		switch inner := value.(type) {
		case array:
			at, err := strconv.Atoi(part)
			if err != nil || at < 0 || at >= len(inner) {
				return nil, false
			}
			value = inner[at]
		case object:
			name := strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
			found, there := inner.get(name)
			if !there {
				return nil, false
			}
			value = found
		default:
			return nil, false
		}
	}
	return value, true
}
