package nanostore_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// page takes the blocks of code out of a page of Markdown, by their language.
func page(t *testing.T, path string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	found := map[string][]string{}
	for at, part := range strings.Split("\n"+string(text), "\n```") {
		if at%2 == 1 {
			language, block, _ := strings.Cut(part, "\n")
			found[language] = append(found[language], block+"\n")
		}
	}
	return found
}

// program makes one program of the snippets: declarations stand for themselves, statements are the
// inside of a function, in their order.
func program(snippets []string) string {
	var declarations, statements strings.Builder
	for _, snippet := range snippets {
		if strings.Contains(snippet, "\ntype ") {
			declarations.WriteString(snippet)
		} else {
			statements.WriteString(snippet)
		}
	}
	return fmt.Sprintf(`package main

import (
	"context"
	"fmt"
	"log"
	"time"

	nanostore "libnanostore/bindings/go"
)

%s
func run(ctx context.Context) error {
%s
	return nil
}

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
`, &declarations, &statements)
}

// play runs a command of go and gives what it prints.
func play(t *testing.T, arguments ...string) string {
	t.Helper()
	command := exec.Command("go", arguments...)
	printed, err := command.Output()
	if failure, isExit := err.(*exec.ExitError); isExit {
		t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, failure.Stderr)
	}
	must(t, err)
	return string(printed)
}

func TestTheSnippetsOfThePageAreOneProgramThatPrintsWhatItSays(t *testing.T) {
	blocks := page(t, "TYPED.md")
	if len(blocks["go"]) < 6 || len(blocks["text"]) < 5 {
		t.Fatalf("the page has %d snippets and %d outputs", len(blocks["go"]), len(blocks["text"]))
	}
	file := filepath.Join(t.TempDir(), "main.go")
	must(t, os.WriteFile(file, []byte(program(blocks["go"])), 0o600))
	play(t, "run", "./cmd/nanostore-gen", "-type", "Task", "-file", file)
	printed := play(t, "run", file, strings.TrimSuffix(file, ".go")+"_nanostore.go")
	if want := strings.Join(blocks["text"], ""); printed != want {
		t.Errorf("it prints\n%s\nthe page says\n%s", printed, want)
	}
}

func TestAProgramForTheTypedAPIThatThisOneFollowsNeedsOtherImportsOnly(t *testing.T) {
	folder := filepath.Join("testdata", "tasks")
	source, err := os.ReadFile(filepath.Join(folder, "main.go"))
	must(t, err)
	text := string(source)
	for _, name := range []string{"nanostore", "api"} {
		there := `"github.com/arthur-debert/nanostore/nanostore"`
		if name == "api" {
			there = `"github.com/arthur-debert/nanostore/nanostore/api"`
		}
		if strings.Count(text, there) != 1 {
			t.Fatalf("it does not import %s", there)
		}
		text = strings.Replace(text, there, name+` "libnanostore/bindings/go"`, 1)
	}
	file := filepath.Join(t.TempDir(), "main.go")
	must(t, os.WriteFile(file, []byte(text), 0o600))
	want, err := os.ReadFile(filepath.Join(folder, "output.txt"))
	must(t, err)
	if printed := play(t, "run", file); printed != string(want) {
		t.Errorf("it prints\n%s\nwant\n%s", printed, want)
	}
}
