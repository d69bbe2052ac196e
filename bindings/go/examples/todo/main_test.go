package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The day of examples-c, played with this program, prints what it prints with the one in C.
func TestTheDayIsThatOfTheProgramInC(t *testing.T) {
	folder := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(folder, "todo"), ".")
	if printed, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	examples, err := filepath.Abs("../../../../examples-c")
	if err != nil {
		t.Fatal(err)
	}
	expected, err := os.ReadFile(filepath.Join(examples, "expected/day.txt"))
	if err != nil {
		t.Fatal(err)
	}
	day := exec.Command("sh", filepath.Join(examples, "todo_day.sh"), "./todo")
	day.Dir = folder
	printed, err := day.Output()
	if err != nil || string(printed) != string(expected) {
		t.Errorf("%v, printed:\n%s", err, printed)
	}
}
