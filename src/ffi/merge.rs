//! The function that merges versions of a file.

use std::ffi::c_char;

use super::boundary::call;
use super::error::ErrorObject;
use super::status::Status;
use crate::store;

/// Merges another version of a store's file into one, document by document, by UUID: what a merge
/// driver of git does (`examples-c/merge.c` is one; `docs/git.md`).
///
/// `base_path` is the version that both come from; NULL, a file that is not there or one without a
/// byte when nobody knows it. `ours_path` is one version and becomes the merged one; `theirs_path`
/// is the other. None of the three is opened as a store: no lock is taken, no log is read. A
/// program that has the store open sees the result as an edit by hand.
///
/// What one side changed counts, member by member, dimensions and data included. Conflicts are: a
/// member that both sides changed in different ways, a document that one side deleted and the other
/// changed or put something below, and a schema that both changed (of two versions of a schema the
/// one with the higher `schema_version` counts). The file then holds conflict markers around just
/// the documents in conflict, and does not open until a person has decided. Without a base, a
/// document that only one side has counts as added, unless the other side's metadata tell that it
/// was deleted, and one that differs is a conflict.
///
/// `options_json`: `{"ours":"HEAD","theirs":"topic"}` names the sides in messages and markers.
///
/// ```text
/// {"clean":false,"documents":12,"conflicts":[
///   {"kind":"changed","uuid":"0194...","title":"Bread","fields":["title","data.due"],
///    "message":"'Bread' (0194...) was changed on both sides: title, data.due"}]}
/// ```
///
/// `kind` is "changed", "deleted" or "metadata". With conflicts the call succeeds, too, and `clean`
/// is false.
///
/// - Cost: reading the three files and writing one.
/// - Ownership: `*report_out` is yours; free it with nanostore_string_free.
/// - NULL: `base_path`, `options_json`, `report_out` and `error_out` may be NULL.
/// - Threads: any.
/// - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (an argument, an option); NANOSTORE_NOTFOUND (no
///   file at `ours_path` or `theirs_path`); NANOSTORE_CORRUPT, NANOSTORE_TOONEW, NANOSTORE_LIMIT (a
///   version cannot be read; the message says which; `ours_path` is left as it is); those of the
///   disk: NANOSTORE_IO, NANOSTORE_NOSPACE, NANOSTORE_PERMISSION, NANOSTORE_READONLY,
///   NANOSTORE_UNKNOWN_OUTCOME.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_merge(
    base_path: *const c_char,
    ours_path: *const c_char,
    theirs_path: *const c_char,
    options_json: *const c_char,
    report_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `call` and `Inputs` need.
    unsafe {
        call("merge", report_out, error_out, |inputs| {
            let base = match base_path.is_null() {
                true => None,
                false => Some(inputs.path("base_path", base_path)?),
            };
            let ours = inputs.path("ours_path", ours_path)?;
            let theirs = inputs.path("theirs_path", theirs_path)?;
            store::merge(base, ours, theirs, inputs.optional("options_json", options_json)?)
        })
    }
}
