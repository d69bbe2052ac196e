package nanostore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	nanostore "libnanostore/bindings/go"
)

type base struct {
	doc2
	Owner string
}

type doc2 struct{ nanostore.Document }

type node struct {
	Name     string
	Children []node
	Next     *node
}

// refusal opens a store for a type that must be refused, and gives the field and the message.
func refusal[T any](t *testing.T) (string, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "refused.json")
	_, err := nanostore.New[T](path)
	var failure *nanostore.Error
	if !errors.As(err, &failure) || failure.Status != nanostore.ErrInvalid {
		t.Fatalf("%T: %v", *new(T), err)
	}
	if found, _ := filepath.Glob(path + "*"); found != nil {
		t.Errorf("%T left %v behind", *new(T), found)
	}
	return failure.Field, failure.Message
}

func TestWrongDeclarationsAreRefusedWithTheTypeTheFieldAndTheReason(t *testing.T) {
	for at, check := range []struct {
		refused func(*testing.T) (string, string)
		field   string
		reason  string
	}{
		{refusal[struct{ A string }], "", "it must embed nanostore.Document"},
		{refusal[string], "", "it must be a struct that embeds nanostore.Document"},
		{refusal[*TodoItem], "", "it must be a struct that embeds nanostore.Document"},
		{refusal[struct{ *nanostore.Document }], "Document", "embed nanostore.Document itself, not a pointer to it"},
		{refusal[struct {
			doc2
			nanostore.Document
		}], "Document", "nanostore.Document is embedded twice"},
		{refusal[struct {
			nanostore.Document
			A string `dimension:"a,ref"`
			B string `dimension:"b,ref"`
		}], "B", "a type has one reference to the parent, and A is it"},
		{refusal[struct {
			nanostore.Document
			A string `values:"x,y" default:"z"`
		}], "A", "the default 'z' is not among the values"},
		{refusal[struct {
			nanostore.Document
			A string `values:"x,y" prefix:"z=q"`
		}], "A", "the tag 'prefix' names 'z', which is not among the values"},
		{refusal[struct {
			nanostore.Document
			A string `values:"x,y"`
			B string `dimension:"a"`
		}], "B", "it is stored as 'a', and so is A"},
		{refusal[struct {
			nanostore.Document
			DueDate string
			Due     string `data:"due_date"`
		}], "Due", "it is stored as 'due_date', and so is DueDate"},
		{refusal[struct {
			nanostore.Document
			Level string `values:"x,y"`
			State string `data:"level"`
		}], "State", "it is stored as 'level', and so is Level"},
		{refusal[struct {
			nanostore.Document
			Title string
		}], "Title", "it hides the field of that name of nanostore.Document"},
		{refusal[struct {
			nanostore.Document
			status string `values:"x,y"`
		}], "status", "it has tags but is not exported"},
		{refusal[struct {
			nanostore.Document
			A []string `values:"x,y"`
		}], "A", "a dimension is a string, a bool, an integer or a pointer to one, not []string"},
		{refusal[struct {
			nanostore.Document
			A chan int
		}], "A", "a chan cannot be stored"},
		{refusal[struct {
			nanostore.Document
			A []map[string]func()
		}], "A", "a func cannot be stored"},
		{refusal[struct {
			nanostore.Document
			A struct{ B complex64 }
		}], "A", "B: a complex64 cannot be stored"},
		{refusal[struct {
			nanostore.Document
			A fmt.Stringer
		}], "A", "the interface fmt.Stringer cannot be read back: which type is it?"},
		{refusal[struct {
			nanostore.Document
			A **int
		}], "A", "of a **int, nil and a pointer to nil are the same when stored"},
		{refusal[struct {
			nanostore.Document
			A *[]int
		}], "A", "of a *[]int, nil and a pointer to nil are the same when stored"},
		{refusal[struct {
			nanostore.Document
			A map[bool]int
		}], "A", "a map with keys of the type bool cannot be stored"},
		{refusal[struct {
			nanostore.Document
			A sync.Mutex
		}], "A", "of a sync.Mutex nothing would be stored: it exports no field"},
	} {
		field, message := check.refused(t)
		if field != check.field || !strings.Contains(message, check.reason) ||
			!strings.Contains(message, check.field) {
			t.Errorf("case %d: field %q: %s", at, field, message)
		}
	}
}

func TestWhatTheLibraryRefusesInASchemaIsRefusedByNew(t *testing.T) {
	_, message := refusal[struct {
		nanostore.Document
		A string `values:"x,y" prefix:"x=a"`
		B string `values:"x,y" prefix:"y=a"`
	}](t)
	if !strings.Contains(message, "schema") {
		t.Errorf("the message is %s", message)
	}
}

func TestDimensionsAreDeclaredInTheOrderOfTheFields(t *testing.T) {
	path := filepath.Join(t.TempDir(), "items.json")
	store := open[TodoItem](t, path)
	create(t, store, "A", nil)
	document := readFile(t, path)
	want := `[{"name":"status","type":"enumerated","values":["pending","active","done"],` +
		`"prefixes":{"done":"d"},"default_value":"pending"},` +
		`{"name":"priority","type":"enumerated","values":["low","medium","high"],` +
		`"prefixes":{"high":"h"},"default_value":"medium"},` +
		`{"name":"activity","type":"enumerated","values":["active","archived","deleted"],` +
		`"default_value":"active"},` +
		`{"name":"parent","type":"hierarchical","ref_field":"parent_id"}]`
	if got := string(document.Metadata.Schema.Dimensions); got != want {
		t.Errorf("the schema is %s", got)
	}
}

func TestDataFieldsAreStoredUnderTheirNamesInSnakeCaseInTheirOrder(t *testing.T) {
	type item struct {
		base
		DueDate  string
		HTTPCode int
		Renamed  string `data:"old name"`
		Left     string `dimension:"-"`
		JSON     string `json:"ignored"`
		hidden   int
	}
	store := open[item](t, ":memory:")
	added, err := store.Add("A", &item{DueDate: "x", HTTPCode: 200, Renamed: "r", Left: "l", hidden: 1})
	must(t, err)
	want := `{"owner":"","due_date":"x","http_code":200,"old name":"r","json":""}`
	if string(added.Data) != want {
		t.Errorf("the data is %s, want %s", added.Data, want)
	}
	finds := store.Query().Where("Renamed").Eq("r").Where("old name").Prefix("r")
	if count, err := finds.Count(); count != 1 || err != nil {
		t.Errorf("the renamed field finds %d, %v", count, err)
	}
	item2 := *added
	item2.Left, item2.hidden = "mine", 7
	item2.Owner = "Ana"
	must(t, store.Update("1", &item2))
	if item2.Left != "mine" || item2.hidden != 7 || item2.Owner != "Ana" {
		t.Errorf("what is not stored was lost: %+v", item2)
	}
}

func TestTypesWithAFormOfTheirOwnAndTypesInThemselvesAreTaken(t *testing.T) {
	type item struct {
		nanostore.Document
		Tree    node
		Big     big.Int
		BigPtr  *big.Int
		Address netip.Addr
		ByAddr  map[netip.Addr]bool
		Nothing struct{}
	}
	store := open[item](t, ":memory:")
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	local := netip.MustParseAddr("::1")
	added, err := store.Add("A", &item{
		Tree: node{"a", []node{{Name: "b"}}, &node{Name: "c"}}, Big: *huge, BigPtr: huge,
		Address: local, ByAddr: map[netip.Addr]bool{local: true},
	})
	must(t, err)
	if added.Big.Cmp(huge) != 0 || added.BigPtr.Cmp(huge) != 0 || added.Address != local ||
		!added.ByAddr[local] || added.Tree.Children[0].Name != "b" || added.Tree.Next.Name != "c" {
		t.Errorf("it is read as %+v", added)
	}
}

func TestOptionsGoWithTheDeclaredDimensions(t *testing.T) {
	options := &nanostore.Options{Schema: &nanostore.Schema{
		Numbering:     nanostore.Stable,
		CanonicalView: nanostore.In("status", "pending", "active"),
	}}
	store, err := nanostore.NewWithOptions[TodoItem](":memory:", options)
	must(t, err)
	defer store.Close()
	if options.Schema.Dimensions != nil {
		t.Error("the caller's options were changed")
	}
	create(t, store, "A", &TodoItem{Status: "done"})
	create(t, store, "B", nil)
	finds(t, "the canonical view", store.Query().Find, "B")
	for _, wrong := range []*nanostore.Options{
		{JSON: json.RawMessage(`{}`)},
		{Schema: &nanostore.Schema{Dimensions: []nanostore.Dimension{}}},
	} {
		if _, err := nanostore.NewWithOptions[TodoItem](":memory:", wrong); !errors.Is(err, nanostore.ErrInvalid) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	if _, err := nanostore.New[TodoItem](t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
}

func TestAClosedTypedStoreGivesErrClosed(t *testing.T) {
	store, err := nanostore.NewFromType[TodoItem](":memory:")
	must(t, err)
	create(t, store, "A", nil)
	uuid, err := store.ResolveUUID("1")
	if err != nil || uuid != get(t, store, "1").UUID {
		t.Errorf("the UUID is %s, %v", uuid, err)
	}
	must(t, store.Close())
	_, get := store.Get("1")
	_, find := store.Query().Find()
	_, add := store.Create("B", nil)
	for _, err := range []error{get, find, add, store.Modify("1", nil), store.Delete("1", false)} {
		if !errors.Is(err, nanostore.ErrClosed) {
			t.Errorf("the error is %v", err)
		}
	}
}

// file is what a test looks at in a store's file.
type file struct {
	Metadata struct {
		Schema struct{ Dimensions json.RawMessage }
	}
}

func readFile(t *testing.T, path string) file {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	var read file
	must(t, json.Unmarshal(text, &read))
	return read
}
