//! The two functions that spare a C program a JSON library: quoting a text, taking out a value.

use std::ffi::c_char;

use super::boundary::call;
use super::error::ErrorObject;
use super::status::Status;
use crate::store;

/// Makes a JSON string of a text, quotes included, to be put into a document or a query.
///
/// ```text
/// say "hi"    gives    "say \"hi\""
/// ```
///
/// - Cost: the length of the text.
/// - Ownership: `*json_out` is yours; free it with nanostore_string_free.
/// - NULL: `json_out` and `error_out` may be NULL.
/// - Threads: any.
/// - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`text` is NULL or not UTF-8); NANOSTORE_LIMIT.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_json_quote(
    text: *const c_char,
    json_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `call` and `Inputs` need.
    unsafe {
        call("json_quote", json_out, error_out, |inputs| {
            Ok(store::json_quote(inputs.text("text", text)?))
        })
    }
}

/// Takes one value out of a JSON text.
///
/// `pointer` is a JSON pointer (RFC 6901): "/documents/0/title"; an empty one means the whole
/// value; `~1` stands for a slash in a name and `~0` for a tilde. A string comes unquoted and
/// unescaped, every other value as its JSON text. Where the pointer leads nowhere, `*text_out` is
/// NULL and the call succeeds; a null that is there gives the text "null".
///
/// - Cost: the length of `json`, at each call. To walk through many documents, use a cursor.
/// - Ownership: `*text_out` is yours; free it with nanostore_string_free.
/// - NULL: `text_out` and `error_out` may be NULL.
/// - Threads: any.
/// - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`json` is not JSON, `pointer` is neither empty nor
///   begins with a slash, one of them is NULL or not UTF-8); NANOSTORE_LIMIT (nested deeper than
///   128); NANOSTORE_UNSUPPORTED (the string holds U+0000, which would end a text in C).
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_json_get(
    json: *const c_char,
    pointer: *const c_char,
    text_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `call` and `Inputs` need.
    unsafe {
        call("json_get", text_out, error_out, |inputs| {
            store::json_get(inputs.text("json", json)?, inputs.text("pointer", pointer)?)
        })
    }
}
