package nanostore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// script is a file of fixtures/scripts, whose README describes the format.
type script struct {
	name string
	text object
}

func loadScript(path string) (script, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return script{}, err
	}
	value, err := parse(text)
	if err != nil {
		return script{}, fmt.Errorf("%s: %w", path, err)
	}
	loaded := script{strings.TrimSuffix(filepath.Base(path), ".json"), value.(object)}
	if name, _ := loaded.text.get("name"); name != loaded.name {
		return script{}, fmt.Errorf("%s is named %v", path, name)
	}
	return loaded, nil
}

func (s script) steps() array {
	steps, _ := s.text.get("steps")
	return steps.(array)
}

func (s script) flag(name string) bool {
	flag, there := s.text.get(name)
	return !there || flag == true
}

// fitsMemory tells whether all the script does makes sense for a store without a file.
func (s script) fitsMemory() bool {
	open, _ := s.text.get("open")
	for _, name := range []string{"fixture", "file"} {
		members, _ := open.(object)
		if value, _ := members.get(name); value != nil {
			return false
		}
	}
	for _, step := range s.steps() {
		name := textOf(step.(object), "call")
		if strings.Contains(name, "file") || name == "read_json" || name == "open" {
			return false
		}
	}
	return s.flag("memory")
}

// stage is where a script is played.
type stage struct {
	player *player
	path   string
	memory bool
	saved  map[string]any
}

// play plays the script in an empty folder and gives the number of steps that went as expected.
func (s script) play(memory bool, folder string) (int, error) {
	stage := stage{
		player: &player{map[string]*Store{}, map[string]*Cursor{}},
		path:   filepath.Join(folder, "store.json"),
		memory: memory,
		saved:  map[string]any{},
	}
	defer stage.player.end()
	if open, there := s.text.get("open"); there {
		if err := stage.prepare(open.(object)); err != nil {
			return 0, err
		}
		if err := stage.step(open.(object), "open"); err != nil {
			return 0, fmt.Errorf("open: %w", err)
		}
	}
	for at, step := range s.steps() {
		if err := stage.step(step.(object), textOf(step.(object), "call")); err != nil {
			return at, fmt.Errorf("step %d: %s\n\t%w", at+1, write(step), err)
		}
	}
	if s.flag("finale") {
		if err := stage.finale(); err != nil {
			return 0, fmt.Errorf("after the last step: %w", err)
		}
	}
	return len(s.steps()), nil
}

func (s *stage) prepare(open object) error {
	if name := textOf(open, "fixture"); name != "" {
		content, err := os.ReadFile(filepath.Join(fixtures, name+".json"))
		if err != nil {
			return err
		}
		return os.WriteFile(s.path, content, 0o600)
	}
	content, _ := open.get("file")
	if content == nil {
		return nil
	}
	return writeOldFile(s.path, plain(content))
}

var notArguments = []string{
	"call", "on", "about", "expect", "error", "save", "fixture", "file",
}

func (s *stage) step(step object, name string) error {
	replaced, err := s.replaced(step)
	if err != nil {
		return err
	}
	step = replaced.(object)
	made := call{name: name, on: "a", arguments: map[string]string{}}
	if on := textOf(step, "on"); on != "" {
		made.on = on
	}
	for _, member := range step {
		if !slices.Contains(notArguments, member.name) {
			made.arguments[member.name] = plain(member.value)
		}
	}
	result, failure := s.perform(made)
	if err := judge(step, result, failure); err != nil {
		return err
	}
	save, _ := step.get("save")
	members, _ := save.(object)
	for _, member := range members {
		value, there := follow(result, member.value.(string))
		if !there || failure != nil {
			return fmt.Errorf("no %s to save", member.value)
		}
		s.saved[member.name] = value
	}
	return nil
}

func judge(step object, result, failure any) error {
	expected, failing := step.get("error")
	switch {
	case failure != nil && !failing:
		return errors.New("failed: " + write(failure))
	case failure == nil && failing:
		return errors.New("expected an error, got " + write(result))
	case failing:
		return fits(expected, withName(failure), "error")
	}
	if expected, there := step.get("expect"); there {
		return fits(expected, result, "result")
	}
	return nil
}

// withName gives an error with its status as a name.
func withName(failure any) any {
	named := object{}
	for _, member := range failure.(object) {
		if member.name == "status" {
			var status Status
			fmt.Sscan(plain(member.value), &status)
			member.value = status.String()
		}
		named = append(named, member)
	}
	return named
}

func (s *stage) perform(made call) (result, failure any) {
	var err error
	switch made.name {
	case "write_file":
		err = writeOldFile(s.path, made.arguments["text"])
	case "remove_file":
		err = os.Remove(s.path)
	case "read_file", "read_json":
		var content []byte
		if content, err = os.ReadFile(s.path); err != nil {
			break
		}
		if made.name == "read_file" {
			return string(content), nil
		}
		result, err = parse(content)
	case "open":
		if _, there := made.arguments["path"]; !there {
			made.arguments["path"] = s.path
			if s.memory {
				made.arguments["path"] = pathInMemory
			}
		}
		return s.player.play(made)
	default:
		return s.player.play(made)
	}
	if err != nil {
		return nil, object{{"message", err.Error()}}
	}
	return result, nil
}

// finale sees that the store is whole, and that a file says the same when it is read again.
func (s *stage) finale() error {
	plainly := func(name string) call { return call{name, "a", map[string]string{}} }
	all := call{"list", "a", map[string]string{"query": `{"view":"all"}`}}
	calls := []call{plainly("verify"), all, plainly("close")}
	if !s.memory {
		calls = append(calls, plainly("open"), all, plainly("close"))
	}
	results := make([]any, len(calls))
	for at, made := range calls {
		result, failure := s.perform(made)
		if failure != nil {
			return fmt.Errorf("%s failed: %s", made.name, write(failure))
		}
		results[at] = result
	}
	if ok, _ := follow(results[0], "/ok"); ok != true {
		return errors.New("verify says " + write(results[0]))
	}
	if s.memory {
		return nil
	}
	return fits(results[1], results[4], "reopened")
}

// replaced gives a value with each ${name} replaced by what was saved under that name.
func (s *stage) replaced(value any) (any, error) {
	var err error
	switch value := value.(type) {
	case string:
		return s.replacedText(value)
	case array:
		out := make(array, len(value))
		for at := range value {
			if out[at], err = s.replaced(value[at]); err != nil {
				return nil, err
			}
		}
		return out, nil
	case object:
		out := make(object, len(value))
		for at, member := range value {
			name, err := s.replacedText(member.name)
			if err != nil {
				return nil, err
			}
			out[at].name = plain(name)
			if out[at].value, err = s.replaced(member.value); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return value, nil
}

// replacedText makes of a text that is nothing but one ${name} the saved value, of whatever type.
func (s *stage) replacedText(text string) (any, error) {
	out, rest := "", text
	for {
		before, after, found := strings.Cut(rest, "${")
		if !found {
			return out + rest, nil
		}
		name, after, closed := strings.Cut(after, "}")
		value, there := s.saved[name]
		if !closed || !there {
			return nil, fmt.Errorf("nothing saved as %s", name)
		}
		if out+before+after == "" {
			return value, nil
		}
		out, rest = out+before+plain(value), after
	}
}

// writeOldFile writes a file that looks an hour old: one that changed just now may be half
// written, and the library would wait for the rest of a bad one.
func writeOldFile(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	old := time.Now().Add(-time.Hour)
	return os.Chtimes(path, old, old)
}

func textOf(members object, name string) string {
	value, _ := members.get(name)
	text, _ := value.(string)
	return text
}
