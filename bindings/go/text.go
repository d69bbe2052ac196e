package nanostore

import (
	"bytes"
	"encoding/json"
)

// input is an argument on its way into the library, under its name in nanostore.h.
type input struct {
	name string
	text text
}

func word(name, value string) input {
	return input{name, append(append(make(text, 0, len(value)+1), value...), 0)}
}

// raw makes an input of JSON; nil is NULL, which stands for the defaults.
func raw(name string, value json.RawMessage) input {
	if value == nil {
		return input{name: name}
	}
	return input{name, append(append(make(text, 0, len(value)+1), value...), 0)}
}

// texts takes the texts out of the inputs of the call op. C ends a text at the first NUL, so one
// inside would cut the rest off in silence.
func texts(op string, inputs []input) ([]text, error) {
	made := make([]text, len(inputs))
	for at, in := range inputs {
		if in.text != nil && bytes.IndexByte(in.text, 0) < len(in.text)-1 {
			return nil, newError(ErrInvalid, "NUL_IN_TEXT", op, in.name,
				"'"+in.name+"' has a NUL byte in it, which would end the text there")
		}
		made[at] = in.text
	}
	return made, nil
}

// marshal writes a value of Go as the JSON of an argument of the call op.
func marshal(op, name string, value any) (json.RawMessage, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, newError(ErrInvalid, "NOT_JSON", op, name, "'"+name+"' cannot be written as JSON: "+err.Error())
	}
	return text, nil
}

// unmarshal reads a result of the library, when the call that gave it succeeded.
func unmarshal[T any](text json.RawMessage, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	value := new(T)
	if err := json.Unmarshal(text, value); err != nil {
		return nil, newError(ErrInternal, "RESULT_JSON", "", "", "the result is not of the form expected: "+err.Error())
	}
	return value, nil
}
