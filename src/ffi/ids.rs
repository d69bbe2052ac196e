//! The functions that turn IDs as people type them into UUIDs.

use std::ffi::c_char;

use super::boundary::store_call;
use super::error::ErrorObject;
use super::handle::StoreHandle;
use super::status::Status;

/// Turns an ID, as a person types it, into the UUID of its document.
///
/// Every function that takes an `id` understands the same forms:
///
/// - a short ID: "2", "1.3", "d1", "h2.1". Surrounding space and letter case do not matter (the
///   exact reading wins), nor does the order of the prefixes of a level when all prefixes of that
///   level are one letter long. Numbers have no leading zeros.
/// - a full UUID in any case, with its hyphens;
/// - "uuid:" and a unique beginning or ending of a UUID, 6 or more hexadecimal digits;
/// - "key:" and the key of the document, exactly as it is.
///
/// Short IDs are computed from the present state, never stored: an ID may mean another document
/// after the next write. Resolve all IDs of one command in one call (nanostore_resolve_ids,
/// nanostore_apply), or keep the UUIDs.
///
/// The error for an unknown ID says how far it could be followed: "1.4: 1 has 3 children".
///
/// - Cost: a few look-ups for each level of the ID, whatever the size of the store.
/// - Ownership: `*uuid_out` is yours; free it with nanostore_string_free. It is the bare text of
///   the UUID in lower case, not JSON.
/// - NULL: `uuid_out` and `error_out` may be NULL.
/// - Threads: any.
/// - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`id` has none of the forms above);
///   NANOSTORE_NOTFOUND (no document answers to it); NANOSTORE_AMBIGUOUS (several do; `candidates`
///   of the error lists them); those of every read.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_resolve_id(
    store: *mut StoreHandle,
    id: *const c_char,
    uuid_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("resolve_id", store, uuid_out, error_out, |store, inputs| {
            store.resolve_id(inputs.text("id", id)?)
        })
    }
}

/// Turns several IDs into UUIDs, all against one state of the store.
///
/// `ids_json` is a JSON array of texts in any of the forms of nanostore_resolve_id:
///
/// ```text
/// ["1","2.1","key:user:7"]
/// ```
///
/// The result is a JSON array of UUIDs of the same length and in the same order; an ID given twice
/// is there twice:
///
/// ```text
/// ["0194...","0194...","0194..."]
/// ```
///
/// If one ID does not resolve, the call fails and its error names that ID.
///
/// - Cost: that of nanostore_resolve_id for each ID.
/// - Ownership: `*uuids_out` is yours; free it with nanostore_string_free.
/// - NULL: `uuids_out` and `error_out` may be NULL.
/// - Threads: any.
/// - Statuses: as nanostore_resolve_id; NANOSTORE_INVALID also when `ids_json` is not an array of
///   texts.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_resolve_ids(
    store: *mut StoreHandle,
    ids_json: *const c_char,
    uuids_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("resolve_ids", store, uuids_out, error_out, |store, inputs| {
            store.resolve_ids(inputs.text("ids_json", ids_json)?)
        })
    }
}
