// Nanostore-gen writes a query type with methods for the fields of a type of documents:
//
//	//go:generate go run libnanostore/bindings/go/cmd/nanostore-gen -type Task
//	type Task struct {
//		nanostore.Document
//		Status string `values:"pending,done" default:"pending"`
//	}
//
// go generate then writes, beside task.go, task_nanostore.go with NewTaskStore, whose Query has
// Status, StatusIn, StatusNot and so on. Several types are separated by commas.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	types := flag.String("type", "", "the types, separated by commas")
	file := flag.String("file", os.Getenv("GOFILE"), "the file that declares them")
	flag.Parse()
	if err := write(*file, *types); err != nil {
		fmt.Fprintln(os.Stderr, "nanostore-gen:", err)
		os.Exit(1)
	}
}

// write generates the file for these types.
func write(file, types string) error {
	if file == "" || types == "" {
		return fmt.Errorf("it needs -type, and -file where go generate does not set GOFILE")
	}
	text, err := generate(file, strings.Split(types, ","))
	if err != nil {
		return err
	}
	return os.WriteFile(target(file), text, 0o644)
}

// target is the file that is written for a file; what belongs to tests stays with tests.
func target(file string) string {
	base := strings.TrimSuffix(file, ".go")
	if plain, isTest := strings.CutSuffix(base, "_test"); isTest {
		return plain + "_nanostore_test.go"
	}
	return base + "_nanostore.go"
}

// generate gives the text for these types of the file.
func generate(file string, types []string) ([]byte, error) {
	source, err := readSource(file)
	if err != nil {
		return nil, err
	}
	made := &output{source: filepath.Base(file), packageName: source.name}
	for _, name := range types {
		declared, err := source.declared(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		if err := made.add(declared); err != nil {
			return nil, err
		}
	}
	return made.text()
}
