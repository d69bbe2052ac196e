package nanostore

import "encoding/json"

// Quote makes a JSON string of a text, quotes included. Unlike json.Marshal it refuses text that is
// not UTF-8.
func Quote(text string) (json.RawMessage, error) {
	in, err := texts("json_quote", []input{word("text", text)})
	if err != nil {
		return nil, err
	}
	return quote(in)
}

// LookUp takes the value that a JSON pointer (RFC 6901) names out of a JSON text: a string comes
// unquoted, every other value as its JSON, numbers as they are written. found tells whether there
// is such a value.
func LookUp(document json.RawMessage, pointer string) (value string, found bool, err error) {
	in, err := texts("json_get", []input{raw("json", document), word("pointer", pointer)})
	if err != nil {
		return "", false, err
	}
	text, err := lookUp(in)
	return string(text), text != nil, err
}
