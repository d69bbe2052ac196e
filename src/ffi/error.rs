//! The error object that a failed call hands to C, and the functions that read and free it.
//!
//! An object is complete when it is handed out and never changes: no call looks anything up later,
//! and nothing is kept per thread or per handle.

use std::ffi::{CString, c_char};

use super::boundary::plain;
use super::status::{NANOSTORE_OK, Status};
use crate::error::Error;

/// Why a call failed: a status, a message for a person and a JSON object for a program.
///
/// A call that fails puts one into `*error_out`, unless `error_out` is NULL; a call that succeeds
/// puts NULL there. The object is yours: it stays valid after the handle is closed, in any thread,
/// until you free it with nanostore_error_free.
pub struct ErrorObject {
    status: Status,
    message: CString,
    json: CString,
}

impl ErrorObject {
    /// Renders `error` once and for all.
    pub(super) fn new(error: &Error) -> ErrorObject {
        ErrorObject {
            status: error.kind().status(),
            message: one_line(error.message()),
            json: one_line(&error.to_json()),
        }
    }
}

/// Text for C that ends where it ends: control characters, which may come from a document, would
/// cut it short or break the line.
fn one_line(text: &str) -> CString {
    let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    CString::new(text.chars().map(shown).collect::<String>()).unwrap_or_default()
}

/// Gives the status of an error: the number that the failed call returned.
///
/// - NULL: for NULL the answer is NANOSTORE_OK.
/// - Threads: any; an error object never changes.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_error_status(error: *const ErrorObject) -> Status {
    plain(NANOSTORE_OK, || {
        // SAFETY: the manual asks for NULL or an error object that is not freed yet.
        unsafe { error.as_ref() }.map_or(NANOSTORE_OK, |error| error.status)
    })
}

/// Gives the message of an error: one line of English for a person, which names the thing at
/// fault, what was expected, what was found, and often the way out.
///
/// - Ownership: the text belongs to the error and lives as long as it; do not free it.
/// - NULL: for NULL the answer is an empty text; the answer is never NULL.
/// - Threads: any.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_error_message(error: *const ErrorObject) -> *const c_char {
    plain(c"".as_ptr(), || {
        // SAFETY: the manual asks for NULL or an error object that is not freed yet.
        unsafe { error.as_ref() }.map_or(c"".as_ptr(), |error| error.message.as_ptr())
    })
}

/// Gives all that is known of an error, as a JSON object.
///
/// ```text
/// {"status":2,"name":"INVALID","message":"unknown option 'creat'; known: create, mode",
///  "op":"open","field":"creat","candidates":["create","mode"],"hint":"did you mean 'create'?"}
/// ```
///
/// `status`, `name`, `message` and `op` are always there. `name` is the name of the status or, for
/// a finer cause, one of its own such as "JSON_SYNTAX". `op` is the call that failed, without the
/// prefix: "add", "cursor_next". The others are there when they are known:
///
/// - `id`: the document, as you named it; `field`: the member, the option or the argument at
///   fault, as a dotted path; `path`: the file.
/// - `line`, `column`: the place in the JSON text or in the file, both counted from 1, columns in
///   characters.
/// - `expected`, `actual`: what the call wanted and what it found (with NANOSTORE_CONFLICT the two
///   revisions, or the UUIDs of the two documents).
/// - `candidates`: what would have been understood; `hint`: the way out, or which of the candidates
///   may have been meant.
/// - `sys_errno`: the number that the operating system gave (ENOSPC and its like).
///
/// Members may be added in later versions.
///
/// - Ownership: the text belongs to the error and lives as long as it; do not free it.
/// - NULL: for NULL the answer is `{}`; the answer is never NULL.
/// - Threads: any.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_error_json(error: *const ErrorObject) -> *const c_char {
    plain(c"{}".as_ptr(), || {
        // SAFETY: the manual asks for NULL or an error object that is not freed yet.
        unsafe { error.as_ref() }.map_or(c"{}".as_ptr(), |error| error.json.as_ptr())
    })
}

/// Frees an error, and with it the texts that nanostore_error_message and nanostore_error_json
/// gave for it.
///
/// - NULL: does nothing.
/// - Threads: any, also another one than that of the failed call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_error_free(error: *mut ErrorObject) {
    plain((), || {
        if !error.is_null() {
            // SAFETY: a non-NULL error came from `Box::into_raw` in `boundary`, and the manual
            // asks that it be freed once.
            drop(unsafe { Box::from_raw(error) });
        }
    });
}
