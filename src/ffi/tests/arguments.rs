//! Each input of each function in turn: NULL, and text that is not UTF-8; outputs left out.

use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};

use super::{Open, Outcome, outcome};
use crate::ffi::changes::*;
use crate::ffi::documents::*;
use crate::ffi::error::ErrorObject;
use crate::ffi::handle::{CursorHandle, StoreHandle};
use crate::ffi::ids::*;
use crate::ffi::json::*;
use crate::ffi::merge::*;
use crate::ffi::query::*;
use crate::ffi::status::*;
use crate::ffi::store::*;

/// The inputs of a call, one of them exchanged for another.
#[derive(Clone, Copy)]
struct Given {
    store: *mut StoreHandle,
    place: usize,
    instead: *const c_char,
}

impl Given {
    fn store(&self) -> *mut StoreHandle {
        if self.place == 0 && self.instead.is_null() { null_mut() } else { self.store }
    }

    fn text(&self, place: usize, text: &'static CStr) -> *const c_char {
        if self.place == place { self.instead } else { text.as_ptr() }
    }
}

type Out = *mut *mut c_char;
type Failure = *mut *mut ErrorObject;
/// A call, the names of its inputs (those that may be NULL end in "?"), and how to make it.
type Case = (&'static str, &'static [&'static str], unsafe fn(Given, Out, Failure) -> Status);

/// A call of the table below.
macro_rules! made {
    (|$given:ident, $out:ident, $error:ident| $body:block) => {
        |$given: Given, $out: Out, $error: Failure| {
            // SAFETY: whoever makes the call hands in an open handle, C texts and variables.
            unsafe { $body }
        }
    };
}

/// Every function that takes texts and a store, or texts alone (then the first name is empty).
const CASES: &[Case] = &[
    (
        "json_quote",
        &["", "text"],
        made!(|g, out, error| { nanostore_json_quote(g.text(1, c"a"), out, error) }),
    ),
    (
        "json_get",
        &["", "json", "pointer"],
        made!(|g, out, error| {
            nanostore_json_get(g.text(1, c"{}"), g.text(2, c"/a"), out, error)
        }),
    ),
    (
        "define",
        &["store", "schema_json", "options_json?"],
        made!(|g, out, error| {
            nanostore_define(g.store(), g.text(1, c"{}"), g.text(2, c"{}"), out, error)
        }),
    ),
    ("info", &["store"], made!(|g, out, error| { nanostore_info(g.store(), out, error) })),
    ("verify", &["store"], made!(|g, out, error| { nanostore_verify(g.store(), out, error) })),
    (
        "sync",
        &["store"],
        made!(|g, out, error| {
            out.write(null_mut());
            nanostore_sync(g.store(), error)
        }),
    ),
    (
        "checkpoint",
        &["store"],
        made!(|g, out, error| {
            out.write(null_mut());
            nanostore_checkpoint(g.store(), error)
        }),
    ),
    (
        "add",
        &["store", "document_json", "options_json?"],
        made!(|g, out, error| {
            nanostore_add(g.store(), g.text(1, c"{}"), g.text(2, c"{}"), out, error)
        }),
    ),
    (
        "get",
        &["store", "id", "options_json?"],
        made!(|g, out, error| {
            nanostore_get(g.store(), g.text(1, c"1"), g.text(2, c"{}"), out, error)
        }),
    ),
    (
        "update",
        &["store", "id", "patch_json", "options_json?"],
        made!(|g, out, error| {
            let (id, patch) = (g.text(1, c"1"), g.text(2, c"{\"body\":\"x\"}"));
            nanostore_update(g.store(), id, patch, g.text(3, c"{}"), out, error)
        }),
    ),
    (
        "replace",
        &["store", "id", "document_json", "options_json?"],
        made!(|g, out, error| {
            let (id, document) = (g.text(1, c"1"), g.text(2, c"{\"title\":\"x\"}"));
            nanostore_replace(g.store(), id, document, g.text(3, c"{}"), out, error)
        }),
    ),
    (
        "delete",
        &["store", "id", "options_json?"],
        made!(|g, out, error| {
            nanostore_delete(g.store(), g.text(1, c"1"), g.text(2, c"{}"), out, error)
        }),
    ),
    (
        "apply",
        &["store", "operations_json", "options_json?"],
        made!(|g, out, error| {
            let operations = g.text(1, c"[{\"op\":\"add\",\"document\":{}}]");
            nanostore_apply(g.store(), operations, g.text(2, c"{}"), out, error)
        }),
    ),
    (
        "resolve_id",
        &["store", "id"],
        made!(|g, out, error| { nanostore_resolve_id(g.store(), g.text(1, c"1"), out, error) }),
    ),
    (
        "resolve_ids",
        &["store", "ids_json"],
        made!(|g, out, error| {
            nanostore_resolve_ids(g.store(), g.text(1, c"[\"1\"]"), out, error)
        }),
    ),
    (
        "list",
        &["store", "query_json?"],
        made!(|g, out, error| { nanostore_list(g.store(), g.text(1, c"{}"), out, error) }),
    ),
    (
        "count",
        &["store", "query_json?"],
        made!(|g, out, error| {
            out.write(null_mut());
            let mut count = -1;
            let status = nanostore_count(g.store(), g.text(1, c"{}"), &mut count, error);
            assert_eq!(count == 0, status != NANOSTORE_OK);
            status
        }),
    ),
    (
        "explain",
        &["store", "query_json?"],
        made!(|g, out, error| { nanostore_explain(g.store(), g.text(1, c"{}"), out, error) }),
    ),
    (
        "changes",
        &["store", "options_json?"],
        made!(|g, out, error| { nanostore_changes(g.store(), g.text(1, c"{}"), out, error) }),
    ),
    (
        "snapshot",
        &["store"],
        made!(|g, out, error| {
            out.write(null_mut());
            let mut snapshot: *mut StoreHandle = std::ptr::dangling_mut();
            let status = nanostore_snapshot(g.store(), &mut snapshot, error);
            assert_eq!(snapshot.is_null(), status != NANOSTORE_OK);
            assert_eq!(nanostore_close(&mut snapshot, null_mut()), NANOSTORE_OK);
            status
        }),
    ),
    (
        "cursor_open",
        &["store", "query_json?"],
        made!(|g, out, error| {
            out.write(null_mut());
            let mut cursor: *mut CursorHandle = std::ptr::dangling_mut();
            let status = nanostore_cursor_open(g.store(), g.text(1, c"{}"), &mut cursor, error);
            assert_eq!(cursor.is_null(), status != NANOSTORE_OK);
            nanostore_cursor_close(cursor);
            status
        }),
    ),
];

/// Makes each call of the table with one input after the other exchanged for `instead`.
fn exchange(instead: *const c_char, check: impl Fn(&str, &str, usize, &Outcome)) {
    for (op, names, call) in CASES {
        for (place, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let open = Open::new();
            let given = Given { store: open.0, place, instead };
            // SAFETY: the handle is open and all texts are C texts; the one exchanged is what the
            // test is about.
            let made = outcome(|out, error| unsafe { call(given, out, error) });
            if let Some(error) = &made.error {
                assert_eq!(error["op"], *op);
            }
            check(op, name, place, &made);
        }
    }
}

#[test]
fn each_input_that_is_null_is_refused_by_name_or_has_a_default() {
    exchange(null(), |op, name, _, made| {
        if name.ends_with('?') {
            assert_eq!(made.status, NANOSTORE_OK, "{op} {name} {:?}", made.error);
        } else {
            assert_eq!(made.status, NANOSTORE_INVALID, "{op} {name}");
            assert_eq!(made.field(), name, "{op}");
            assert_eq!(made.error.as_ref().unwrap()["name"], "NULL_ARGUMENT");
        }
    });
}

#[test]
fn each_text_that_is_not_utf8_is_refused_by_name() {
    exchange(c"a\xff".as_ptr(), |op, name, place, made| {
        if place > 0 {
            assert_eq!(made.status, NANOSTORE_INVALID, "{op} {name}");
            assert_eq!(made.field(), name.trim_end_matches('?'), "{op}");
        }
    });
}

#[test]
fn outputs_that_are_not_wanted_may_be_null() {
    for (op, _, call) in CASES {
        if matches!(*op, "sync" | "checkpoint" | "count" | "cursor_open" | "snapshot") {
            continue;
        }
        let open = Open::new();
        let given = Given { store: open.0, place: usize::MAX, instead: null() };
        // SAFETY: the handle is open and the texts are C texts.
        let status = unsafe { call(given, null_mut(), null_mut()) };
        assert_eq!(status, NANOSTORE_OK, "{op}");
    }
    let open = Open::new();
    // SAFETY: the handle is open.
    let status = unsafe { nanostore_count(open.0, null(), null_mut(), null_mut()) };
    assert_eq!(status, NANOSTORE_OK);
}

#[test]
fn merge_names_the_argument_that_is_null_or_no_text_and_the_file_that_is_not_there() {
    let path = c"/no/such/file".as_ptr();
    let bad = c"a\xff".as_ptr();
    for (ours, theirs, options, status, field) in [
        (null(), path, null(), NANOSTORE_INVALID, "ours_path"),
        (path, null(), null(), NANOSTORE_INVALID, "theirs_path"),
        (path, path, bad, NANOSTORE_INVALID, "options_json"),
        (path, path, c"{\"base\":1}".as_ptr(), NANOSTORE_INVALID, "base"),
        (path, path, c"{\"ours\":\"a\\n\"}".as_ptr(), NANOSTORE_INVALID, "ours"),
        (path, path, null(), NANOSTORE_NOTFOUND, ""),
    ] {
        // SAFETY: all texts are C texts or NULL, which the test is about.
        let made = outcome(|out, error| unsafe {
            nanostore_merge(null(), ours, theirs, options, out, error)
        });
        assert_eq!((made.status, made.field()), (status, field));
    }
}

#[test]
fn open_names_the_argument_that_is_null() {
    let mut store: *mut StoreHandle = std::ptr::dangling_mut();
    // SAFETY: NULL is what the test is about; the output is a variable.
    let made = outcome(|out, error| unsafe {
        out.write(null_mut());
        nanostore_open(null(), null(), &mut store, error)
    });
    assert_eq!((made.status, made.field()), (NANOSTORE_INVALID, "path"));
    assert!(store.is_null());
    // SAFETY: NULL is what the test is about.
    let made = outcome(|out, error| unsafe {
        out.write(null_mut());
        nanostore_open(c":memory:".as_ptr(), null(), null_mut(), error)
    });
    assert_eq!((made.status, made.field()), (NANOSTORE_INVALID, "store_out"));
    let open = Open::new();
    // SAFETY: the handle is open; NULL is what the test is about.
    let made = outcome(|out, error| unsafe {
        out.write(null_mut());
        nanostore_cursor_open(open.0, null(), null_mut(), error)
    });
    assert_eq!((made.status, made.field()), (NANOSTORE_INVALID, "cursor_out"));
    // SAFETY: the handle is open; NULL is what the test is about.
    let made = outcome(|out, error| unsafe {
        out.write(null_mut());
        nanostore_snapshot(open.0, null_mut(), error)
    });
    assert_eq!((made.status, made.field()), (NANOSTORE_INVALID, "snapshot_out"));
}
