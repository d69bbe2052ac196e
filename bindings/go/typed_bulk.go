package nanostore

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
)

// The bulk forms write many documents in one commit, all or none, and tell how many there were.
// What they write of data is what [TypedStore.Update] would write.

// UpdateByDimension changes the documents that have all of these values, by names of fields. A
// slice stands for any of its elements; nil as the parent stands for documents without one.
func (s *TypedStore[T]) UpdateByDimension(
	filters map[string]any, data *T, fields ...string,
) (int, error) {
	where, err := s.types.filters("update", filters)
	if err != nil {
		return 0, err
	}
	return s.UpdateWhere(where, data, fields...)
}

// UpdateWhere changes the documents that fulfil a condition.
func (s *TypedStore[T]) UpdateWhere(where Condition, data *T, fields ...string) (int, error) {
	change, err := s.bulkChange(data, fields)
	if err != nil {
		return 0, err
	}
	if change.mergeable() {
		return s.apply(&Operation{Op: "update", Where: &where, Patch: change.patch()})
	}
	return s.replaceAll(change, &where, func() ([]json.RawMessage, error) {
		return s.documents(&Query{Where: where})
	})
}

// UpdateByUUIDs changes the documents with these IDs, in whatever form.
func (s *TypedStore[T]) UpdateByUUIDs(uuids []string, data *T, fields ...string) (int, error) {
	change, err := s.bulkChange(data, fields)
	if err != nil {
		return 0, err
	}
	if change.mergeable() {
		return s.apply(&Operation{Op: "update", IDs: list(uuids), Patch: change.patch()})
	}
	return s.replaceAll(change, nil, func() ([]json.RawMessage, error) { return s.byIDs(uuids) })
}

// DeleteByDimension deletes the documents that have all of these values; see
// [TypedStore.UpdateByDimension].
func (s *TypedStore[T]) DeleteByDimension(filters map[string]any) (int, error) {
	where, err := s.types.filters("delete", filters)
	if err != nil {
		return 0, err
	}
	return s.DeleteWhere(where)
}

// DeleteWhere deletes the documents that fulfil a condition. A child that does not fulfil it stands
// in the way, as [ErrHasChildren].
func (s *TypedStore[T]) DeleteWhere(where Condition) (int, error) {
	return s.apply(&Operation{Op: "delete", Where: &where})
}

// DeleteByUUIDs deletes the documents with these IDs, in whatever form.
func (s *TypedStore[T]) DeleteByUUIDs(uuids []string) (int, error) {
	return s.apply(&Operation{Op: "delete", IDs: list(uuids)})
}

// bulkChange is a change for many documents, whichever one data was read from.
func (s *TypedStore[T]) bulkChange(data *T, fields []string) (*change, error) {
	change, err := s.change(data, fields)
	if err == nil && s.document(data).seen != nil {
		change.uuid = ""
	}
	return change, err
}

// apply applies one operation, and counts the documents.
func (s *TypedStore[T]) apply(operation *Operation) (int, error) {
	result, err := s.store.Apply(&Batch{operations: []*Operation{operation}})
	if err != nil {
		return 0, err
	}
	return len(result.Results[0].Documents) + len(result.Results[0].Deleted), nil
}

// replaceAll makes a change that no patch can say in many documents.
func (s *TypedStore[T]) replaceAll(
	change *change, where *Condition, read func() ([]json.RawMessage, error),
) (int, error) {
	for {
		count, err := s.rewrite(where, read, change.apply)
		if change.rev != nil || !errors.Is(err, ErrConflict) {
			return count, err
		}
	}
}

// rewrite edits documents and writes them, on condition that they are still as they were read.
func (s *TypedStore[T]) rewrite(
	where *Condition, read func() ([]json.RawMessage, error), edit func(*jsonObject) error,
) (int, error) {
	documents, err := read()
	if err != nil {
		return 0, err
	}
	operations := []any{}
	if where != nil {
		// It changes nothing, and lets the library say whether so much may be meant.
		operations = append(operations, &Operation{Op: "update", Where: where, Patch: Patch{}})
	}
	for _, text := range documents {
		uuid, document, err := edited(text, edit)
		if err != nil {
			return 0, err
		}
		operations = append(operations,
			map[string]any{"op": "replace", "id": uuid, "document": document})
	}
	batch, err := marshal("apply", "operations_json", operations)
	if err != nil {
		return 0, err
	}
	if _, err := s.store.ApplyJSON(batch); err != nil {
		return 0, err
	}
	return len(documents), nil
}

// documents lists the texts of the documents that a query finds.
func (s *TypedStore[T]) documents(query *Query) ([]json.RawMessage, error) {
	text, err := queryJSON("list", query)
	if err != nil {
		return nil, err
	}
	page, err := unmarshal[struct{ Documents []json.RawMessage }](s.store.ListJSON(text))
	if err != nil {
		return nil, err
	}
	return page.Documents, nil
}

// byIDs gives the texts of the documents with these IDs, each once.
func (s *TypedStore[T]) byIDs(ids []string) ([]json.RawMessage, error) {
	uuids, err := s.store.ResolveIDs(ids)
	if err != nil {
		return nil, err
	}
	var documents []json.RawMessage
	taken := map[string]bool{}
	for _, uuid := range uuids {
		if taken[uuid] {
			continue
		}
		taken[uuid] = true
		text, err := s.store.GetJSON(uuid)
		if err != nil {
			return nil, err
		}
		documents = append(documents, text)
	}
	return documents, nil
}

// filters makes a condition of values by names of fields.
func (d *declaration) filters(op string, filters map[string]any) (Condition, error) {
	var all []Condition
	for _, name := range slices.Sorted(maps.Keys(filters)) {
		path, err := d.path(op, name)
		if err != nil {
			return Condition{}, err
		}
		value := filters[name]
		if kind := reflect.ValueOf(value); kind.Kind() == reflect.Slice {
			values := make([]any, kind.Len())
			for at := range values {
				values[at] = kind.Index(at).Interface()
			}
			if err := d.checkValues(op, name, values); err != nil {
				return Condition{}, err
			}
			all = append(all, In(path, values...))
			continue
		}
		if err := d.checkValues(op, name, []any{value}); err != nil {
			return Condition{}, err
		}
		all = append(all, Eq(path, value))
	}
	if len(all) == 0 {
		return Condition{}, nil // which the library refuses, unless everything is meant
	}
	return And(all...), nil
}
