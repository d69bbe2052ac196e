package tag

import (
	"strings"
	"unicode"
)

// SnakeCase gives the name under which the data field of this name in Go is stored: DueDate is
// due_date, ParentID is parent_id, HTTPServer is http_server.
func SnakeCase(goName string) string {
	letters := []rune(goName)
	var name strings.Builder
	for at, letter := range letters {
		if at > 0 && unicode.IsUpper(letter) && beginsWord(letters, at) {
			name.WriteByte('_')
		}
		name.WriteRune(unicode.ToLower(letter))
	}
	return name.String()
}

// beginsWord tells whether the capital at this place begins a word: after a small letter or a
// digit, or as the last capital of several before a small letter.
func beginsWord(letters []rune, at int) bool {
	before := letters[at-1]
	if before == '_' {
		return false
	}
	if !unicode.IsUpper(before) {
		return true
	}
	return at+1 < len(letters) && unicode.IsLower(letters[at+1])
}
