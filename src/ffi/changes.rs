//! The function that tells what was written since.

use std::ffi::c_char;

use super::boundary::store_call;
use super::error::ErrorObject;
use super::handle::StoreHandle;
use super::status::Status;

/// Tells what was written since a revision, by any process or person, as a JSON object:
///
/// ```text
/// {"changes":[{"op":"put","uuid":"0194...","id":"1.2","rev":42},
///             {"op":"delete","uuid":"0194...","id":null,"rev":43}],
///  "next":43,"truncated":false}
/// ```
///
/// `options_json` is a JSON object; every member may be left out: {"since":41,"limit":1000,
/// "timeout_ms":0}.
///
/// - A document is named once, at its last change ("put": it is there, "delete": it is not), with
///   its short ID as of now. Changes come in the order of their revisions.
/// - `next` is the `since` of the next call. A commit is never split, so there may be more changes
///   than `limit`. `since` 0, or none, begins with all documents that are there.
/// - Where nothing was written yet, the call waits for the next commit up to `timeout_ms`, and then
///   answers with no changes. Commits of this process are told at once, those of others within some
///   20 ms.
/// - `truncated` is true where deletions since then are not known any more (the last 1,000 are kept
///   in the file), or where the store has gone back behind `since`, as with a restored backup; the
///   changes then begin with all documents. Either way, drop what you know and is not there.
///
/// - Cost: that of the changes, not of the store; the first time, all documents are put in the
///   order of their revisions.
/// - Ownership: `*changes_out` is yours; free it with nanostore_string_free.
/// - NULL: `options_json`, `changes_out` and `error_out` may be NULL.
/// - Threads: any; a call that waits holds nobody up. Do not close the handle meanwhile.
/// - Statuses: NANOSTORE_OK; NANOSTORE_INVALID; those of every read.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_changes(
    store: *mut StoreHandle,
    options_json: *const c_char,
    changes_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("changes", store, changes_out, error_out, |store, inputs| {
            store.changes(inputs.optional("options_json", options_json)?)
        })
    }
}
