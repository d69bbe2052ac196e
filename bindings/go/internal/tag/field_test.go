package tag

import (
	"reflect"
	"testing"
)

func TestTagsDeclareWhatBecomesOfAField(t *testing.T) {
	for tags, want := range map[reflect.StructTag]Field{
		`values:"low,medium, high" prefix:"high=h" default:"medium"`: {
			Kind: Enumerated, Name: "taskpriority", Values: []string{"low", "medium", "high"},
			Prefixes: map[string]string{"high": "h"}, Default: "medium"},
		`values:"a,b" dimension:"state"`:   {Kind: Enumerated, Name: "state", Values: []string{"a", "b"}},
		`dimension:"owner,default=nobody"`: {Kind: Enumerated, Name: "owner", Default: "nobody"},
		`dimension:"parent_id,ref"`:        {Kind: Hierarchical, Name: "parent_id"},
		`dimension:"-"`:                    {Kind: Skipped},
		``:                                 {Kind: Data, Name: "task_priority"},
		`json:"other"`:                     {Kind: Data, Name: "task_priority"},
		`data:"importance"`:                {Kind: Data, Name: "importance"},
	} {
		got, err := Parse("TaskPriority", tags)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s gives %+v, %v, want %+v", tags, got, err, want)
		}
	}
}

func TestTagsThatContradictAreRefusedWithTheReason(t *testing.T) {
	for tags, want := range map[reflect.StructTag]string{
		`values:"a,,b"`:                  "the tag 'values' has an empty entry: 'a,,b'",
		`values:""`:                      "the tag 'values' has an empty entry: ''",
		`values:"a" prefix:"a"`:          "the tag 'prefix' wants value=letter once for a value, not 'a'",
		`values:"a" prefix:"a=x,a=y"`:    "the tag 'prefix' wants value=letter once for a value, not 'a=y'",
		`prefix:"a=x"`:                   "the tag 'prefix' needs the tag 'values' or 'dimension' beside it",
		`default:"a"`:                    "the tag 'default' needs the tag 'values' or 'dimension' beside it",
		`dimension:"p,reference"`:        "the tag 'dimension' knows ref and default=, not 'reference'",
		`dimension:"p,ref" default:"1"`:  "a reference to the parent has no values, prefix or default",
		`dimension:"p,ref" values:"1,2"`: "a reference to the parent has no values, prefix or default",
		`values:"a,b" default:"c"`:       "the default 'c' is not among the values",
		`values:"a,b" prefix:"c=x"`:      "the tag 'prefix' names 'c', which is not among the values",
		`data:""`:                        "the tag 'data' is empty",
	} {
		if field, err := Parse("Field", tags); err == nil || err.Error() != want {
			t.Errorf("%s gives %+v, %v, want %s", tags, field, err, want)
		}
	}
}

func TestSnakeCaseSplitsWordsAndKeepsAcronymsWhole(t *testing.T) {
	for goName, want := range map[string]string{
		"Due": "due", "DueDate": "due_date", "ParentID": "parent_id", "HTTPServer": "http_server",
		"ID": "id", "UserID2": "user_id2", "Line2Text": "line2_text", "A": "a", "AB": "ab",
		"Has_Under": "has_under", "\u00dcberMut": "\u00fcber_mut",
	} {
		if got := SnakeCase(goName); got != want {
			t.Errorf("%s gives %s, want %s", goName, got, want)
		}
	}
}
