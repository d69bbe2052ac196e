//! Tests of the boundary as C meets it: the exported functions, called through their pointers.

mod arguments;

use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};

use super::boundary::{cursor_call, store_call};
use super::documents::nanostore_add;
use super::error::*;
use super::handle::{CursorHandle, StoreHandle};
use super::library::nanostore_string_free;
use super::query::*;
use super::status::*;
use super::store::*;
use crate::error::Result;

/// What one call gave: its status, its text if it has one, and its error as JSON.
struct Outcome {
    status: Status,
    text: Option<String>,
    error: Option<serde_json::Value>,
}

impl Outcome {
    fn field(&self) -> &str {
        self.error.as_ref().and_then(|error| error["field"].as_str()).unwrap_or("")
    }
}

/// Calls a function that gives a text, takes over what it gave and checks that a failure gives an
/// error and nothing else.
fn outcome(call: impl FnOnce(*mut *mut c_char, *mut *mut ErrorObject) -> Status) -> Outcome {
    let mut text: *mut c_char = std::ptr::dangling_mut();
    let mut error: *mut ErrorObject = std::ptr::dangling_mut();
    let status = call(&mut text, &mut error);
    // SAFETY: the function ended, so both outputs are NULL or what the manual says.
    unsafe {
        let taken = (!text.is_null()).then(|| CStr::from_ptr(text).to_str().unwrap().to_owned());
        let json = CStr::from_ptr(nanostore_error_json(error)).to_str().unwrap();
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(error.is_null(), status == NANOSTORE_OK);
        assert_eq!(nanostore_error_status(error), status);
        assert!(status == NANOSTORE_OK || taken.is_none(), "a failure gave {taken:?}");
        if status != NANOSTORE_OK {
            assert_eq!(json["status"], status);
            assert!(!CStr::from_ptr(nanostore_error_message(error)).is_empty());
            assert!(json["op"].is_string(), "{json}");
        }
        let failed = !error.is_null();
        nanostore_string_free(text);
        nanostore_error_free(error);
        Outcome { status, text: taken, error: failed.then_some(json) }
    }
}

/// An open store in memory with one document.
struct Open(*mut StoreHandle);

impl Open {
    fn new() -> Open {
        let mut store = null_mut();
        // SAFETY: literals and variables of this function.
        let status =
            unsafe { nanostore_open(c":memory:".as_ptr(), null(), &mut store, null_mut()) };
        assert_eq!(status, NANOSTORE_OK);
        let open = Open(store);
        assert_eq!(open.add(c"{\"title\":\"Bread\"}").status, NANOSTORE_OK);
        open
    }

    fn add(&self, document: &CStr) -> Outcome {
        // SAFETY: the handle is open, the text a C text.
        outcome(|out, error| unsafe {
            nanostore_add(self.0, document.as_ptr(), null(), out, error)
        })
    }

    fn cursor(&self) -> *mut CursorHandle {
        let mut cursor = null_mut();
        // SAFETY: the handle is open, the output a variable.
        let status = unsafe { nanostore_cursor_open(self.0, null(), &mut cursor, null_mut()) };
        assert_eq!(status, NANOSTORE_OK);
        cursor
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // SAFETY: the handle is open or NULL.
        let status = unsafe { nanostore_close(&mut self.0, null_mut()) };
        assert_eq!(status, NANOSTORE_OK);
        assert!(self.0.is_null());
    }
}

#[test]
fn an_error_that_is_not_wanted_may_be_left_out() {
    // SAFETY: NULL is what the test is about.
    let status = unsafe { nanostore_info(null_mut(), null_mut(), null_mut()) };
    assert_eq!(status, NANOSTORE_INVALID);
}

#[test]
fn an_unknown_option_is_refused_by_name() {
    let mut store: *mut StoreHandle = null_mut();
    // SAFETY: literals and variables of this test.
    let made = outcome(|out, error| unsafe {
        out.write(null_mut());
        nanostore_open(c":memory:".as_ptr(), c"{\"creat\":1}".as_ptr(), &mut store, error)
    });
    assert_eq!((made.status, made.field()), (NANOSTORE_INVALID, "creat"));
    assert!(store.is_null());
}

#[test]
fn closing_and_freeing_null_does_nothing() {
    let mut store: *mut StoreHandle = null_mut();
    // SAFETY: all of them take NULL.
    unsafe {
        assert_eq!(nanostore_close(null_mut(), null_mut()), NANOSTORE_OK);
        assert_eq!(nanostore_close(&mut store, null_mut()), NANOSTORE_OK);
        nanostore_cursor_close(null_mut());
        nanostore_string_free(null_mut());
        nanostore_error_free(null_mut());
        assert_eq!(nanostore_error_status(null()), NANOSTORE_OK);
        assert!(CStr::from_ptr(nanostore_error_message(null())).is_empty());
        assert_eq!(CStr::from_ptr(nanostore_error_json(null())), c"{}");
    }
}

#[test]
fn a_cursor_gives_its_documents_and_then_null() {
    let open = Open::new();
    let cursor = open.cursor();
    // SAFETY: the cursor is open until its close.
    unsafe {
        let first = outcome(|out, error| nanostore_cursor_next(cursor, out, error));
        assert!(first.text.unwrap().contains("Bread"));
        let token = outcome(|out, error| nanostore_cursor_token(cursor, out, error));
        assert!(token.text.unwrap().starts_with('"'));
        for _ in 0..2 {
            let end = outcome(|out, error| nanostore_cursor_next(cursor, out, error));
            assert_eq!((end.status, end.text), (NANOSTORE_OK, None));
        }
        nanostore_cursor_close(cursor);
    }
}

#[test]
fn a_cursor_outlives_its_store() {
    let open = Open::new();
    let cursor = open.cursor();
    drop(open);
    // SAFETY: the cursor is open until its close.
    unsafe {
        let first = outcome(|out, error| nanostore_cursor_next(cursor, out, error));
        assert!(first.text.is_some());
        nanostore_cursor_close(cursor);
    }
}

#[test]
fn a_null_cursor_is_refused_by_name() {
    // SAFETY: NULL is what the test is about.
    let next = outcome(|out, error| unsafe { nanostore_cursor_next(null_mut(), out, error) });
    assert_eq!((next.status, next.field()), (NANOSTORE_INVALID, "cursor"));
    // SAFETY: NULL is what the test is about.
    let token = outcome(|out, error| unsafe { nanostore_cursor_token(null_mut(), out, error) });
    assert_eq!((token.status, token.field()), (NANOSTORE_INVALID, "cursor"));
}

#[test]
fn a_cursor_that_another_call_is_using_is_misuse() {
    let open = Open::new();
    let cursor = open.cursor();
    // SAFETY: the cursor is open until its close.
    unsafe {
        let held = CursorHandle::cursor(cursor).unwrap();
        let made = outcome(|out, error| nanostore_cursor_next(cursor, out, error));
        assert_eq!(made.status, NANOSTORE_MISUSE);
        drop(held);
        let made = outcome(|out, error| nanostore_cursor_next(cursor, out, error));
        assert_eq!(made.status, NANOSTORE_OK);
        nanostore_cursor_close(cursor);
    }
}

#[test]
fn a_panic_in_a_call_on_a_store_closes_it_for_writing_only() {
    let open = Open::new();
    // SAFETY: the handle is open.
    let made = outcome(|out, error| unsafe {
        store_call("probe", open.0, out, error, |_, _| -> Result<String> { panic!("gone") })
    });
    assert_eq!(made.status, NANOSTORE_PANIC);
    let message = made.error.unwrap()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("gone (src/ffi/tests.rs:"), "{message}");
    assert_eq!(open.add(c"{}").status, NANOSTORE_PANIC);
    let mut count = 0;
    // SAFETY: the handle is open, the output a variable.
    let status = unsafe { nanostore_count(open.0, null(), &mut count, null_mut()) };
    assert_eq!((status, count), (NANOSTORE_OK, 1));
}

#[test]
fn a_panic_in_a_call_on_a_cursor_ends_the_cursor_only() {
    let open = Open::new();
    let cursor = open.cursor();
    // SAFETY: the cursor is open until its close.
    unsafe {
        let made = outcome(|out, error| {
            cursor_call("probe", cursor, out, error, |_| -> Result<String> { panic!("gone") })
        });
        assert_eq!(made.status, NANOSTORE_PANIC);
        let made = outcome(|out, error| nanostore_cursor_next(cursor, out, error));
        assert_eq!(made.status, NANOSTORE_PANIC);
        assert_eq!(made.error.unwrap()["name"], "CURSOR_ENDED");
        nanostore_cursor_close(cursor);
    }
    assert_eq!(open.add(c"{}").status, NANOSTORE_OK);
}

#[test]
fn an_error_message_is_one_line_without_control_characters() {
    let error = ErrorObject::new(&crate::error::Error::invalid("no field 'a\0b\n'"));
    // SAFETY: the error lives until the end of this test.
    let message = unsafe { CStr::from_ptr(nanostore_error_message(&error)) };
    assert_eq!(message.to_str().unwrap(), "no field 'a\u{fffd}b\u{fffd}'");
}

#[test]
fn a_fork_child_can_only_close_what_its_parent_opened() {
    let mut open = Open::new();
    let cursor = open.cursor();
    // SAFETY: the child only makes calls of this library and leaves by _exit.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: the handles are open in this process until they are closed here.
        unsafe {
            let mut text = null_mut();
            let info = nanostore_info(open.0, &mut text, null_mut());
            let next = nanostore_cursor_next(cursor, &mut text, null_mut());
            let closed = nanostore_close(&mut open.0, null_mut());
            nanostore_cursor_close(cursor);
            let statuses = [info, next, closed] == [NANOSTORE_FORKED, NANOSTORE_FORKED, 0];
            libc::_exit(i32::from(!(statuses && text.is_null() && open.0.is_null())));
        }
    }
    let mut ended = -1;
    // SAFETY: the child is this process's own and the output a variable.
    assert_eq!(unsafe { libc::waitpid(child, &mut ended, 0) }, child);
    assert!(libc::WIFEXITED(ended) && libc::WEXITSTATUS(ended) == 0, "{ended}");
    assert_eq!(open.add(c"{}").status, NANOSTORE_OK);
    // SAFETY: the cursor is open in this process.
    unsafe { nanostore_cursor_close(cursor) };
}
