// Package nanostore is the Go face of libnanostore, an embedded store of JSON documents with short
// IDs that people can type: 2, 1.3, d1, h2.1.
//
// A [Store] is a readable JSON file, or memory for the path ":memory:". [Store.Add], [Store.Get],
// [Store.Update], [Store.Replace] and [Store.Delete] work on one [Document], [Store.Apply] on a
// [Batch] of changes that happen together or not at all, [Store.List], [Store.Count] and
// [Store.All] on the documents that a [Query] finds. Each has a form whose name ends in JSON, which
// takes and gives the JSON of the library as it is, described in nanostore.h.
//
// Every failed call gives an [*Error]; errors.Is tells its kind:
//
//	document, err := store.Get("1.2")
//	if errors.Is(err, nanostore.ErrNotFound) {
//		...
//	}
//
// A Store may be used by any number of goroutines at the same time. The package converts and never
// decides: what a call means is decided by the library alone.
package nanostore
