//! The C interface as `include/nanostore.h` declares it, with what every call promises checked.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};

use serde_json::{Value, json};

use crate::parsed;

/// The JSON of an error.
pub type Answer = Result<String, Value>;

type Pointer = *mut c_void;
type In = *const c_char;
type Out = *mut *mut c_char;
type Failure = *mut Pointer;

unsafe extern "C" {
    fn nanostore_open(path: In, options: In, out: *mut Pointer, error: Failure) -> c_int;
    fn nanostore_close(store: *mut Pointer, error: Failure) -> c_int;
    fn nanostore_add(store: Pointer, document: In, options: In, out: Out, error: Failure) -> c_int;
    fn nanostore_get(store: Pointer, id: In, options: In, out: Out, error: Failure) -> c_int;
    fn nanostore_update(s: Pointer, id: In, patch: In, o: In, out: Out, error: Failure) -> c_int;
    fn nanostore_replace(s: Pointer, id: In, doc: In, o: In, out: Out, error: Failure) -> c_int;
    fn nanostore_delete(store: Pointer, id: In, options: In, out: Out, error: Failure) -> c_int;
    fn nanostore_apply(store: Pointer, ops: In, options: In, out: Out, error: Failure) -> c_int;
    fn nanostore_resolve_id(store: Pointer, id: In, out: Out, error: Failure) -> c_int;
    fn nanostore_list(store: Pointer, query: In, out: Out, error: Failure) -> c_int;
    fn nanostore_verify(store: Pointer, out: Out, error: Failure) -> c_int;
    fn nanostore_cursor_open(s: Pointer, query: In, out: *mut Pointer, error: Failure) -> c_int;
    fn nanostore_cursor_next(cursor: Pointer, out: Out, error: Failure) -> c_int;
    fn nanostore_cursor_close(cursor: Pointer);
    fn nanostore_string_free(text: *mut c_char);
    fn nanostore_error_json(error: Pointer) -> In;
    fn nanostore_error_free(error: Pointer);
}

const OK: c_int = 0;
const INTERNAL: c_int = 1;
const PANIC: c_int = 22;

/// An open store.
pub struct Handle(Pointer);

/// A cursor.
pub struct Cursor(Pointer);

/// What is handed to C; NUL bytes are taken out.
pub fn c(bytes: impl Into<Vec<u8>>) -> CString {
    let mut bytes = bytes.into();
    bytes.retain(|byte| *byte != 0);
    CString::new(bytes).expect("there is no NUL in it")
}

/// Makes a call that gives a text, which may be NULL; checks what every call promises.
fn ask(call: impl FnOnce(Out, Failure) -> c_int) -> Result<Option<String>, Value> {
    let (mut out, mut error) = (null_mut(), null_mut());
    let status = call(&mut out, &mut error);
    assert!(status != INTERNAL && status != PANIC, "status {status}");
    assert_eq!(status == OK, error.is_null(), "an error comes with its object");
    if status != OK {
        assert!(out.is_null(), "a failure gives nothing");
        // SAFETY: the error is there, and its text lives as long as it does.
        let json = unsafe { CStr::from_ptr(nanostore_error_json(error)) }.to_str().expect("UTF-8");
        let json = parsed(json);
        assert_eq!(json["status"], json!(status));
        // SAFETY: it is used no more.
        unsafe { nanostore_error_free(error) };
        return Err(json);
    }
    if out.is_null() {
        return Ok(None);
    }
    // SAFETY: a text of the library ends in NUL.
    let text = unsafe { CStr::from_ptr(out) }.to_str().expect("UTF-8").to_owned();
    // SAFETY: it was copied.
    unsafe { nanostore_string_free(out) };
    Ok(Some(text))
}

fn text(call: impl FnOnce(Out, Failure) -> c_int) -> Answer {
    ask(call).map(|text| text.expect("a text"))
}

// SAFETY of all calls below: texts end in NUL and outlive the call, handles are open or NULL.
impl Handle {
    pub fn open(path: &CStr, options: &CStr) -> Handle {
        let (mut store, mut error) = (null_mut(), null_mut());
        let (path, options) = (path.as_ptr(), options.as_ptr());
        assert_eq!(unsafe { nanostore_open(path, options, &mut store, &mut error) }, OK);
        Handle(store)
    }

    pub fn close(mut self) {
        let mut error = null_mut();
        assert_eq!(unsafe { nanostore_close(&mut self.0, &mut error) }, OK);
        assert!(self.0.is_null());
    }

    pub fn add(&self, document: &[u8]) -> Answer {
        let document = c(document);
        text(|out, error| unsafe { nanostore_add(self.0, document.as_ptr(), null(), out, error) })
    }

    pub fn get(&self, id: &[u8]) -> Answer {
        let id = c(id);
        text(|out, error| unsafe { nanostore_get(self.0, id.as_ptr(), null(), out, error) })
    }

    pub fn update(&self, id: &str, patch: &[u8]) -> Answer {
        let (id, patch) = (c(id), c(patch));
        text(|out, error| unsafe {
            nanostore_update(self.0, id.as_ptr(), patch.as_ptr(), null(), out, error)
        })
    }

    pub fn replace(&self, id: &str, document: &[u8]) -> Answer {
        let (id, document) = (c(id), c(document));
        text(|out, error| unsafe {
            nanostore_replace(self.0, id.as_ptr(), document.as_ptr(), null(), out, error)
        })
    }

    pub fn delete(&self, id: &str, cascade: bool) -> Answer {
        let (id, options) = (c(id), c(format!(r#"{{"cascade":{cascade}}}"#)));
        text(|out, error| unsafe {
            nanostore_delete(self.0, id.as_ptr(), options.as_ptr(), out, error)
        })
    }

    pub fn apply(&self, operations: &[u8]) -> Answer {
        let operations = c(operations);
        text(|out, error| unsafe {
            nanostore_apply(self.0, operations.as_ptr(), null(), out, error)
        })
    }

    pub fn resolve(&self, id: &str) -> Answer {
        let id = c(id);
        text(|out, error| unsafe { nanostore_resolve_id(self.0, id.as_ptr(), out, error) })
    }

    pub fn list(&self, query: &[u8]) -> Answer {
        let query = c(query);
        text(|out, error| unsafe { nanostore_list(self.0, query.as_ptr(), out, error) })
    }

    pub fn verify(&self) -> Answer {
        text(|out, error| unsafe { nanostore_verify(self.0, out, error) })
    }

    pub fn cursor(&self, query: &str) -> Cursor {
        let (mut cursor, mut error) = (null_mut(), null_mut());
        let query = c(query);
        let status =
            unsafe { nanostore_cursor_open(self.0, query.as_ptr(), &mut cursor, &mut error) };
        assert_eq!(status, OK);
        Cursor(cursor)
    }

    /// A call with NULL where there must be something: one of six.
    pub fn with_null(&self, which: u8) -> Answer {
        let id = c("1");
        text(|out, error| unsafe {
            match which % 6 {
                0 => nanostore_add(null_mut(), id.as_ptr(), null(), out, error),
                1 => nanostore_add(self.0, null(), null(), out, error),
                2 => nanostore_get(self.0, null(), null(), out, error),
                3 => nanostore_update(self.0, id.as_ptr(), null(), null(), out, error),
                4 => nanostore_apply(self.0, null(), null(), out, error),
                _ => nanostore_resolve_id(self.0, null(), out, error),
            }
        })
    }
}

impl Cursor {
    /// The next document; None behind the last one.
    pub fn next_document(&self) -> Option<String> {
        ask(|out, error| unsafe { nanostore_cursor_next(self.0, out, error) }).expect("a document")
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        unsafe { nanostore_cursor_close(self.0) };
    }
}
