package nanostore

// Merged tells what came of [Merge].
type Merged struct {
	Clean     bool            `json:"clean"` // a person has nothing to decide
	Documents int             `json:"documents"`
	Conflicts []MergeConflict `json:"conflicts"`
}

// MergeConflict is something that a person has to decide; the file has conflict markers there.
type MergeConflict struct {
	Kind    string   `json:"kind"`   // changed, deleted or metadata
	UUID    string   `json:"uuid"`   // empty for metadata
	Title   string   `json:"title"`  // of the document
	Fields  []string `json:"fields"` // that both sides changed
	Message string   `json:"message"`
}

// MergeNames are what the sides of a merge are called in messages and conflict markers.
type MergeNames struct {
	Ours   string `json:"ours"`
	Theirs string `json:"theirs"`
}

// Merge merges the version of a store's file at theirs into the one at ours, document by document,
// as a merge driver of git does. base is the version that both come from, empty when nobody knows
// it; names may be nil. With conflicts there is no error: Clean is false.
func Merge(base, ours, theirs string, names *MergeNames) (*Merged, error) {
	from := input{name: "base_path"}
	if base != "" {
		from = word("base_path", base)
	}
	options := input{name: "options_json"}
	if names != nil {
		text, err := marshal("merge", "options_json", names)
		if err != nil {
			return nil, err
		}
		options = raw("options_json", text)
	}
	in, err := texts("merge", []input{
		from, word("ours_path", ours), word("theirs_path", theirs), options,
	})
	if err != nil {
		return nil, err
	}
	return unmarshal[Merged](mergeFiles(in))
}
