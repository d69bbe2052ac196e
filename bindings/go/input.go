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
