package nanostore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// versions writes the file of a store with two documents, changed by ours and by theirs.
func versions(t *testing.T, ours, theirs func(*Store)) (base, one, other string) {
	t.Helper()
	folder := t.TempDir()
	base = filepath.Join(folder, "base.json")
	write := func(path string, change func(*Store)) {
		store, err := Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		change(store)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write(base, func(store *Store) {
		for _, key := range []string{"a", "b"} {
			text := `{"key":"` + key + `","title":"title of ` + key + `"}`
			if _, err := store.AddJSON([]byte(text), nil); err != nil {
				t.Fatal(err)
			}
		}
	})
	text, err := os.ReadFile(base)
	if err != nil {
		t.Fatal(err)
	}
	one, other = filepath.Join(folder, "ours.json"), filepath.Join(folder, "theirs.json")
	for path, change := range map[string]func(*Store){one: ours, other: theirs} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		write(path, change)
	}
	return base, one, other
}

func retitle(t *testing.T, key, title string) func(*Store) {
	return func(store *Store) {
		if _, err := store.UpdateJSON("key:"+key, []byte(`{"title":"`+title+`"}`), nil); err != nil {
			t.Error(err)
		}
	}
}

func TestVersionsMerge(t *testing.T) {
	base, ours, theirs := versions(t, retitle(t, "a", "ours"), retitle(t, "b", "theirs"))
	merged, err := Merge(base, ours, theirs, nil)
	if err != nil || !merged.Clean || merged.Documents != 2 || len(merged.Conflicts) != 0 {
		t.Fatal(merged, err)
	}
	text, err := os.ReadFile(ours)
	if err != nil || !strings.Contains(string(text), "ours") || !strings.Contains(string(text), "theirs") {
		t.Fatal(string(text), err)
	}
}

func TestConflictsOfAMergeAreNamed(t *testing.T) {
	base, ours, theirs := versions(t, retitle(t, "a", "x"), retitle(t, "a", "y"))
	merged, err := Merge(base, ours, theirs, &MergeNames{Ours: "HEAD", Theirs: "topic"})
	if err != nil || merged.Clean || len(merged.Conflicts) != 1 {
		t.Fatal(merged, err)
	}
	conflict := merged.Conflicts[0]
	if conflict.Kind != "changed" || conflict.Title != "x" || conflict.Fields[0] != "title" {
		t.Error(conflict)
	}
	text, err := os.ReadFile(ours)
	if err != nil || !strings.Contains(string(text), "\n>>>>>>> topic\n") {
		t.Error(string(text), err)
	}
	if _, err := Open(ours, nil); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	if _, err := Merge("", ours, filepath.Join(t.TempDir(), "no"), nil); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if _, err := Merge("", "a\x00b", theirs, nil); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}
