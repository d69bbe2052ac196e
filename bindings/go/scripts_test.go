package nanostore

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const fixtures = "../../fixtures"

// Every script of fixtures/scripts plays as it does in the other languages. SCRIPT=batch plays
// those with "batch" in their name; NANOSTORE_SCRIPT_TABLE names a file for the results.
func TestEveryScriptPlaysAsInTheOtherLanguages(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(fixtures, "scripts", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("the scripts cannot be listed: %v", err)
	}
	only := os.Getenv("SCRIPT")
	var table strings.Builder
	for _, path := range paths {
		script, err := loadScript(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(script.name, only) {
			continue
		}
		for _, place := range []string{"file", "memory"} {
			cell := playIn(t, script, place)
			fmt.Fprintf(&table, "%s\tgo %s\t%s\n", script.name, place, cell)
		}
	}
	if path := os.Getenv("NANOSTORE_SCRIPT_TABLE"); path != "" {
		if err := os.WriteFile(path, []byte(table.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func playIn(t *testing.T, script script, place string) string {
	memory := place == "memory"
	if memory && !script.fitsMemory() {
		return "-"
	}
	cell := "FAILED"
	t.Run(script.name+"/"+place, func(t *testing.T) {
		steps, err := script.play(memory, t.TempDir())
		if err != nil {
			t.Error(err)
			return
		}
		cell = strconv.Itoa(steps)
	})
	return cell
}
