package nanostore

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// block is a fenced block of the README: its language, its first line and its text.
type block struct {
	language string
	line     int
	text     string
}

func blocks(document string) []block {
	var found []block
	open := false
	for at, line := range strings.Split(document, "\n") {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !open:
			found = append(found, block{language: language, line: at + 2})
			open = true
		case fence:
			open = false
		case open:
			found[len(found)-1].text += line + "\n"
		}
	}
	return found
}

// wrapped makes a program of the lines of a function that has a context and a store of tasks, and
// may return an error.
func wrapped(text string) string {
	return `package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	nanostore "libnanostore/bindings/go"
)

var _ = fmt.Sprint(json.RawMessage{}, errors.ErrUnsupported, time.Second)

func run(ctx context.Context, store *nanostore.Store) error {
` + text + `
	return nil
}

func main() {
	store, err := nanostore.OpenMemory(&nanostore.Options{Schema: &nanostore.Schema{
		Dimensions: []nanostore.Dimension{
			{Name: "status", Type: nanostore.Enumerated,
				Values:   []string{"pending", "active", "done"},
				Prefixes: map[string]string{"active": "a", "done": "d"}, Default: "pending"},
			{Name: "parent", Type: nanostore.Hierarchical},
		},
	}})
	if err == nil {
		err = errors.Join(run(context.Background(), store), store.Close())
	}
	if err != nil {
		log.Fatal(err)
	}
}
`
}

// Every block of Go in the README is compiled and run; a block of text behind it, before the next
// one of Go, is what it prints. A block that is no program is the inside of a function.
func TestTheReadmeIsTrue(t *testing.T) {
	found := blocks(string(must(os.ReadFile("README.md"))))
	ran := 0
	for at, block := range found {
		if block.language != "go" {
			continue
		}
		ran++
		t.Run(fmt.Sprintf("line %d", block.line), func(t *testing.T) {
			printed := runSnippet(t, block.text)
			if at+1 < len(found) && found[at+1].language == "text" && printed != found[at+1].text {
				t.Errorf("README.md:%d: printed\n%s", block.line, printed)
			}
		})
	}
	if ran == 0 {
		t.Error("the README has no Go in it")
	}
}

func runSnippet(t *testing.T, text string) string {
	t.Helper()
	if !strings.HasPrefix(text, "package main\n") {
		text = wrapped(text)
	}
	folder := t.TempDir()
	files := map[string]string{
		"main.go": text,
		"go.mod": "module snippet\n\ngo 1.24\n\nrequire libnanostore/bindings/go v0.0.0\n\n" +
			"replace libnanostore/bindings/go => " + must(filepath.Abs(".")) + "\n",
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-o", "program", ".")
	build.Dir = folder
	if printed, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, printed, text)
	}
	run := exec.Command("./program")
	run.Dir = folder
	printed, err := run.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	return string(printed)
}
