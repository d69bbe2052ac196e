package nanostore

import (
	"context"
	"errors"
	"testing"
)

func TestSmoke(t *testing.T) {
	s, err := OpenMemory(nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Add(&Document{Title: "A"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", d)
	_, err = s.Get("9")
	if !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	t.Log(err)
	for d, err := range s.All(context.Background(), nil) {
		t.Log(d, err)
	}
	d.Title = "B"
	if d, err = s.Replace("1", d, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = s.Get("1")
	t.Log(err)
	if !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}
