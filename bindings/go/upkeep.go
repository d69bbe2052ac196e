package nanostore

import "encoding/json"

// Info tells what a store is and how it stands.
type Info struct {
	Path       string   `json:"path"`
	Engine     string   `json:"engine"`
	Format     Format   `json:"format"`
	Documents  int64    `json:"documents"`
	Commit     uint64   `json:"commit"` // the number of the last write
	Policy     Policy   `json:"policy"`
	LogBytes   int64    `json:"log_bytes"`  // not yet in the readable file
	Unsynced   int64    `json:"unsynced"`   // not yet on disk
	Violations int64    `json:"violations"` // documents that break the schema
	Conflicts  []string `json:"conflicts"`  // files in which a person's edits were set aside
	FileSystem string   `json:"file_system"`
	ReadOnly   bool     `json:"read_only"`
	Snapshot   bool     `json:"snapshot"`  // whether this handle is one
	Snapshots  Held     `json:"snapshots"` // all snapshots and cursors in use
}

// Held is what snapshots and cursors in use keep in memory.
type Held struct {
	Open         int    `json:"open"`
	OldestCommit uint64 `json:"oldest_commit"`
	HeldBytes    int64  `json:"held_bytes"` // beyond what the store needs, about
}

// Policy says what is promised of a write.
type Policy struct {
	Durability Durability `json:"durability"`
	Checkpoint Checkpoint `json:"checkpoint"`
}

// Report is what a check of a store found.
type Report struct {
	OK       bool      `json:"ok"`
	Problems []Problem `json:"problems"`
}

// Problem is something that is wrong with a document.
type Problem struct {
	Kind     string `json:"kind"`
	UUID     string `json:"uuid"`
	SimpleID string `json:"id"`
	Line     int    `json:"line"` // in the file, where it is known
	Field    string `json:"field"`
	Message  string `json:"message"`
}

// DefineReport is what a new schema did.
type DefineReport struct {
	Changed    bool      `json:"changed"`
	Violations int64     `json:"violations"` // documents that break the schema
	Examples   []Problem `json:"examples"`   // the first ten of them
}

// Define replaces the schema of the documents, which is kept in the file.
func (s *Store) Define(schema *Schema, options *DefineOptions) (*DefineReport, error) {
	text, err := marshal("define", "schema_json", schema)
	if err != nil {
		return nil, err
	}
	return unmarshal[DefineReport](s.DefineJSON(text, options))
}

// DefineJSON is [Store.Define] in JSON.
func (s *Store) DefineJSON(
	schema json.RawMessage, options *DefineOptions,
) (json.RawMessage, error) {
	in, err := optionsInput("define", options,
		func(o *DefineOptions) json.RawMessage { return o.JSON })
	if err != nil {
		return nil, err
	}
	return s.call("define", storeHandle.define, raw("schema_json", schema), in)
}

// Info tells what the store is and how it stands.
func (s *Store) Info() (*Info, error) { return unmarshal[Info](s.InfoJSON()) }

// InfoJSON is [Store.Info] in JSON.
func (s *Store) InfoJSON() (json.RawMessage, error) { return s.call("info", storeHandle.info) }

// Verify checks the store and lists what is wrong with it. A store with problems is no error.
func (s *Store) Verify() (*Report, error) { return unmarshal[Report](s.VerifyJSON()) }

// VerifyJSON is [Store.Verify] in JSON.
func (s *Store) VerifyJSON() (json.RawMessage, error) {
	return s.call("verify", storeHandle.verify)
}

// Sync puts on disk what earlier writes have not put there yet.
func (s *Store) Sync() error {
	_, err := s.call("sync", storeHandle.sync)
	return err
}

// Checkpoint brings the readable file up to date with all writes.
func (s *Store) Checkpoint() error {
	_, err := s.call("checkpoint", storeHandle.checkpoint)
	return err
}
