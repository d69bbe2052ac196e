package nanostore

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// What a script expects, compared with what came: fixtures/scripts/README.md has the rules.

var (
	uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)
	timeForm = regexp.MustCompile(
		`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z$`)
)

// fits says where actual differs from what is expected; at is the place, for the message.
func fits(expected, actual any, at string) error {
	switch expected := expected.(type) {
	case object:
		if len(expected) == 1 && strings.HasPrefix(expected[0].name, "$") {
			return fitsWildcard(expected[0].name, expected[0].value, actual, at)
		}
		return fitsMembers(expected, actual, at)
	case array:
		found, ok := actual.(array)
		if !ok || len(found) != len(expected) {
			return fmt.Errorf("%s: expected %d elements, found %s", at, len(expected), short(actual))
		}
		for n := range expected {
			if err := fits(expected[n], found[n], fmt.Sprintf("%s/%d", at, n)); err != nil {
				return err
			}
		}
		return nil
	}
	return same(expected, actual, at)
}

// fitsMembers lets members be there that are not named: results may gain members.
func fitsMembers(expected object, actual any, at string) error {
	found, ok := actual.(object)
	if !ok {
		return fmt.Errorf("%s: expected an object, found %s", at, short(actual))
	}
	for _, wanted := range expected {
		place := at + "/" + wanted.name
		value, there := found.get(wanted.name)
		condition, _ := wanted.value.(object)
		if _, absent := condition.get("$absent"); absent {
			if there {
				return fmt.Errorf("%s: expected no such member, found %s", place, short(value))
			}
			continue
		}
		if !there {
			return fmt.Errorf("%s: missing in %s", place, short(actual))
		}
		if err := fits(wanted.value, value, place); err != nil {
			return err
		}
	}
	return nil
}

func fitsWildcard(name string, wanted, actual any, at string) error {
	unlike := fmt.Errorf("%s: expected %s %s, found %s", at, name, write(wanted), short(actual))
	text, isText := actual.(string)
	elements, _ := actual.(array)
	choices, _ := wanted.(array)
	good := false
	switch name {
	case "$exact":
		good = equal(wanted, actual)
	case "$not":
		good = !equal(wanted, actual)
	case "$any":
		good = isKind(wanted.(string), actual)
	case "$contains":
		good = isText && strings.Contains(text, wanted.(string))
	case "$includes":
		good = true
		for _, one := range choices {
			good = good && anyFits(array{one}, elements)
		}
	case "$one_of":
		good = anyFits(choices, array{actual})
	default:
		return fmt.Errorf("%s: the script uses an unknown wildcard %s", at, name)
	}
	if good {
		return nil
	}
	return unlike
}

// anyFits tells whether one of the values fits one of the expectations.
func anyFits(expected, actual array) bool {
	for _, wanted := range expected {
		for _, found := range actual {
			if fits(wanted, found, "") == nil {
				return true
			}
		}
	}
	return false
}

func isKind(kind string, actual any) bool {
	switch value := actual.(type) {
	case string:
		return kind == "text" || kind == "uuid" && uuidForm.MatchString(value) ||
			kind == "time" && timeForm.MatchString(value) || kind == "value"
	case json.Number:
		return kind == "number" || kind == "value"
	case array:
		return kind == "array" || kind == "value"
	case object:
		return kind == "object" || kind == "value"
	}
	return kind == "value"
}

func same(expected, actual any, at string) error {
	if equal(expected, actual) {
		return nil
	}
	return fmt.Errorf("%s: expected %s, found %s", at, short(expected), short(actual))
}

func short(value any) string {
	text := write(value)
	if len(text) > 600 {
		return text[:600] + "..."
	}
	return text
}

func TestExpectationsFitOnlyWhatTheySay(t *testing.T) {
	for _, test := range []struct {
		expected, actual string
		want             bool
	}{
		{`{"a":1}`, `{"b":2,"a":1}`, true}, {`{"a":1}`, `{"a":1.0}`, false},
		{`{"a":1}`, `{}`, false}, {`{"a":1}`, `[]`, false}, {`1`, `"1"`, false},
		{`[1]`, `[1]`, true}, {`[1]`, `[1,2]`, false}, {`[]`, `{}`, false}, {`null`, `[]`, false},
		{`{"$exact":{"a":1}}`, `{"a":1}`, true}, {`{"$exact":{"a":1}}`, `{"a":1,"b":2}`, false},
		{`{"a":{"$absent":true}}`, `{}`, true}, {`{"a":{"$absent":true}}`, `{"a":null}`, false},
		{`{"$contains":"b"}`, `"abc"`, true}, {`{"$contains":"x"}`, `"abc"`, false},
		{`{"$contains":"x"}`, `["x"]`, false}, {`{"$not":1}`, `2`, true}, {`{"$not":1}`, `1`, false},
		{`{"$includes":[1]}`, `[2,1]`, true}, {`{"$includes":[1,3]}`, `[2,1]`, false},
		{`{"$one_of":[1,2]}`, `2`, true}, {`{"$one_of":[1,2]}`, `3`, false},
		{`{"$any":"text"}`, `"x"`, true}, {`{"$any":"text"}`, `1`, false},
		{`{"$any":"number"}`, `1`, true}, {`{"$any":"value"}`, `null`, true},
		{`{"$any":"object"}`, `[]`, false}, {`{"$any":"array"}`, `[]`, true},
		{`{"$any":"uuid"}`, `"00000000-0000-7000-8000-00000000000a"`, true},
		{`{"$any":"uuid"}`, `"00000000-0000-7000-8000-00000000000A"`, false},
		{`{"$any":"time"}`, `"2026-01-01T00:00:00.5Z"`, true},
		{`{"$any":"time"}`, `"2026-01-01T00:00:00.50Z"`, false},
		{`{"$unknown":1}`, `1`, false},
	} {
		err := fits(mustParse([]byte(test.expected)), mustParse([]byte(test.actual)), "it")
		if (err == nil) != test.want {
			t.Errorf("%s against %s: %v", test.expected, test.actual, err)
		}
	}
	if _, err := parse([]byte(`{"a":1,"a":1}`)); err == nil {
		t.Error("a member that is there twice was not noticed")
	}
}
