//! The functions that read and write documents.

use std::ffi::c_char;

use super::boundary::store_call;
use super::error::ErrorObject;
use super::handle::StoreHandle;
use super::status::Status;

/// Adds a document.
///
/// A document is a JSON object. Going in, every member may be left out:
///
/// ```text
/// {"title":"Bread","body":"","key":"user:7",
///  "dimensions":{"status":"pending","priority":"high","parent_id":"1.2"},
///  "data":{"due":"2027-01-01","tags":["a"]}}
/// ```
///
/// - `uuid`: permanent; made (version 7) when left out. `created_at`, `updated_at`: times by
///   RFC 3339 with any offset; now when left out.
/// - `key`: a name of your own, unique in the store, 1 to 512 bytes; any `id` argument takes
///   "key:user:7".
/// - `dimensions`: what the schema declares, see nanostore_define. Values are texts; a number, true
///   or false is stored as its text. What is left out gets its default. The parent may be given in
///   any form of an ID (see nanostore_resolve_id); null or "" means a document without a parent.
/// - `data`: any JSON object, at most 128 levels deep. Numbers keep their exact text.
/// - `id` and `rev` are refused unless null: the document is not in the store yet. `level`,
///   `has_children`, `hits` and `$key` are ignored. Any other member, and a dimension that the
///   schema does not declare, is refused.
///
/// What nanostore_delete gave can be added again as it is: of a document with a `uuid` that is not
/// in the store, `id` and `rev` are not looked at. UUID, key and times come back, and with stable
/// numbering the `numbers` that nobody else has meanwhile. With a `rev`, members and dimensions
/// that no schema declares come back, too. One batch takes a whole cascade, see nanostore_apply.
///
/// A document coming out of any function has every member that has a value:
///
/// ```text
/// {"uuid":"0194...","id":"1.2.h1","key":"user:7","rev":42,"title":"Bread","body":"",
///  "dimensions":{"status":"pending","priority":"high","parent_id":"0194..."},
///  "data":{"due":"2027-01-01","tags":["a"]},
///  "created_at":"2026-11-21T09:00:00.123456789Z","updated_at":"2026-11-21T09:00:00.123456789Z"}
/// ```
///
/// `id` is the short ID at the state that the call read or made; it is null for a document that has
/// none, because its chain of parents is broken. `rev` is the number of the write that made this
/// version; it grows and is never used twice. The parent is the UUID. Times are in UTC.
///
/// `options_json` is a JSON object; this version knows no option here, so `{}` is the only one.
///
/// - Cost: does not grow with the number of documents in memory; a store in a file with the
///   checkpoint "commit" writes the whole file at each write, so put many documents into one
///   nanostore_apply.
/// - Ownership: `*document_out` is yours; free it with nanostore_string_free.
/// - NULL: `options_json`, `document_out` (the result is not wanted) and `error_out` may be NULL.
/// - Threads: any; it is a write.
/// - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (a member of another type or name, or a value that
///   the dimension does not have; `field` of the error names it and `candidates` lists what would
///   do); NANOSTORE_EXISTS (the `uuid` or the `key` is taken; the message names the document that
///   has it); NANOSTORE_NOTFOUND and NANOSTORE_AMBIGUOUS (the parent); NANOSTORE_LIMIT (more than
///   `max_document_bytes`, 128 levels of JSON or 1,000 levels of parents; a key that is too long);
///   those of every write.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_add(
    store: *mut StoreHandle,
    document_json: *const c_char,
    options_json: *const c_char,
    document_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("add", store, document_out, error_out, |store, inputs| {
            let document = inputs.text("document_json", document_json)?;
            store.add(document, inputs.optional("options_json", options_json)?)
        })
    }
}

/// Gives one document, in the form that nanostore_add describes.
///
/// `id` is any form of an ID, see nanostore_resolve_id. `options_json` is a JSON object; this
/// version knows no option here, so `{}` is the only one.
///
/// - Cost: a few look-ups, whatever the size of the store.
/// - Ownership: `*document_out` is yours; free it with nanostore_string_free.
/// - NULL: `options_json`, `document_out` (to see whether it is there) and `error_out` may be NULL.
/// - Threads: any.
/// - Statuses: NANOSTORE_OK; NANOSTORE_NOTFOUND; NANOSTORE_AMBIGUOUS; NANOSTORE_INVALID (`id` has
///   none of the forms of an ID); those of every read.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_get(
    store: *mut StoreHandle,
    id: *const c_char,
    options_json: *const c_char,
    document_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("get", store, document_out, error_out, |store, inputs| {
            let id = inputs.text("id", id)?;
            store.get(id, inputs.optional("options_json", options_json)?)
        })
    }
}

/// Changes some members of a document and keeps the others.
///
/// `patch_json` is a JSON object with the members to change. A member that is left out stays; null
/// takes it away, or sets a dimension to its default. `dimensions` and `data` are merged member by
/// member, `data` at every level (RFC 7396):
///
/// ```text
/// {"title":"Rye bread","dimensions":{"status":"done","parent_id":null},"data":{"due":null}}
/// ```
///
/// A patch may carry what a listing gave: `id` must then mean this same document, `uuid` acts like
/// `if_uuid`, and `rev` means "I saw this version" and acts like `if_rev`. An `updated_at` equal to
/// the stored one means now.
///
/// `options_json` is a JSON object. With either member the call succeeds only while it holds;
/// otherwise it is NANOSTORE_CONFLICT, and `expected` and `actual` of the error tell both:
///
/// - `{"if_rev":42}`: the document is at that revision.
/// - `{"if_uuid":"0194..."}`: `id` leads to the document with that UUID ("2 is now another
///   document", named OTHER_DOCUMENT). Where `id` is another full UUID, it is NANOSTORE_INVALID.
///
/// A revision alone does not guard a short ID or a key: documents of one batch share a revision,
/// and an ID may lead to another of them by now. To write what was listed, if nobody changed it
/// meanwhile, hand back `uuid` and `rev`, as options or inside the patch.
///
/// A document that breaks the schema, because its file or an earlier schema had it so, must be
/// mended by the write: the error is NANOSTORE_CONSTRAINT (BREAKS_SCHEMA) and names the value and
/// what would do.
///
/// The result is the document after the change, with its new `id`: a document that changes a
/// dimension moves, and its old neighbours may close up. A patch that changes nothing is no write:
/// `rev` stays.
///
/// - Cost: that of the document, not that of the store; for a file see nanostore_add.
/// - Ownership: `*document_out` is yours; free it with nanostore_string_free.
/// - NULL: `options_json`, `document_out` and `error_out` may be NULL.
/// - Threads: any; it is a write.
/// - Statuses: NANOSTORE_OK; NANOSTORE_NOTFOUND and NANOSTORE_AMBIGUOUS (the document or its new
///   parent); NANOSTORE_INVALID; NANOSTORE_CONFLICT; NANOSTORE_EXISTS (the `key` is taken);
///   NANOSTORE_CONSTRAINT (the new parent is the document itself or hangs below it, or the document
///   breaks the schema as it is);
///   NANOSTORE_LIMIT; those of every write. INVALID and LIMIT are as for nanostore_add.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_update(
    store: *mut StoreHandle,
    id: *const c_char,
    patch_json: *const c_char,
    options_json: *const c_char,
    document_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("update", store, document_out, error_out, |store, inputs| {
            let id = inputs.text("id", id)?;
            let patch = inputs.text("patch_json", patch_json)?;
            store.update(id, patch, inputs.optional("options_json", options_json)?)
        })
    }
}

/// Replaces a document as a whole, or adds it.
///
/// `uuid`, `key` and `created_at` stay when `document_json` leaves them out. Everything else that
/// is left out is gone or gets its default. When no document answers to an `id` of the form
/// "key:..." or to a full UUID, the document is added with that key or UUID. `id`, `uuid` and `rev`
/// inside the document act as in nanostore_update.
///
/// `options_json` is a JSON object: `{"if_rev":42,"if_uuid":"0194..."}` as for nanostore_update;
/// `{"if_rev":0}` asks that the document not be there yet.
///
/// The result is the document as it is now. A replacement that changes nothing is no write: `rev`
/// stays.
///
/// - Cost: that of the document, not that of the store; for a file see nanostore_add.
/// - Ownership: `*document_out` is yours; free it with nanostore_string_free.
/// - NULL: `options_json`, `document_out` and `error_out` may be NULL.
/// - Threads: any; it is a write.
/// - Statuses: as nanostore_update.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_replace(
    store: *mut StoreHandle,
    id: *const c_char,
    document_json: *const c_char,
    options_json: *const c_char,
    document_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("replace", store, document_out, error_out, |store, inputs| {
            let id = inputs.text("id", id)?;
            let document = inputs.text("document_json", document_json)?;
            store.replace(id, document, inputs.optional("options_json", options_json)?)
        })
    }
}

/// Deletes a document.
///
/// `options_json` is a JSON object: `{"cascade":true}` deletes everything below it too, and without
/// it a document that has children is refused; `{"if_rev":42,"if_uuid":"0194..."}` as for
/// nanostore_update.
///
/// The result holds the documents as they were, with the IDs they had; the document itself comes
/// first. nanostore_add takes each of them back:
///
/// ```text
/// {"deleted":[{"uuid":"0194...","id":"2",...},{"uuid":"0194...","id":"2.1",...}]}
/// ```
///
/// - Cost: that of the documents deleted; for a file see nanostore_add.
/// - Ownership: `*report_out` is yours; free it with nanostore_string_free.
/// - NULL: `options_json`, `report_out` and `error_out` may be NULL.
/// - Threads: any; it is a write.
/// - Statuses: NANOSTORE_OK; NANOSTORE_NOTFOUND; NANOSTORE_AMBIGUOUS; NANOSTORE_INVALID;
///   NANOSTORE_HAS_CHILDREN; NANOSTORE_CONFLICT; those of every write.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_delete(
    store: *mut StoreHandle,
    id: *const c_char,
    options_json: *const c_char,
    report_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("delete", store, report_out, error_out, |store, inputs| {
            let id = inputs.text("id", id)?;
            store.delete(id, inputs.optional("options_json", options_json)?)
        })
    }
}

/// Applies a batch: several writes that happen together, or not at all.
///
/// `operations_json` is a JSON array; its operations are done in their order:
///
/// ```text
/// [{"op":"add","document":{...},"as":"x"},
///  {"op":"add","document":{"title":"Below x","dimensions":{"parent_id":"$x"}}},
///  {"op":"update","id":"3","patch":{...},"if_rev":3,"if_uuid":"0194..."},
///  {"op":"update","ids":["1","2"],"patch":{...}},
///  {"op":"update","where":{"status":"pending"},"patch":{...}},
///  {"op":"replace","id":"key:a","document":{...}},
///  {"op":"delete","id":"4","cascade":true},
///  {"op":"delete","where":{...}}]
/// ```
///
/// - Short IDs mean the state before the batch, in every operation: complete 1, 2 and 3 by these
///   names, although 2 would be 1 once the first is completed.
/// - An add with `"as":"x"` names its document; later operations say "$x" where an ID goes.
/// - `ids` in the place of `id`: repeats count once, and one that is unknown fails the batch. A
///   child that the same operation deletes does not hold its parent.
/// - `where`, as in nanostore_list, sees what the operations before it did. An empty one is refused
///   unless the operation carries `"all":true`.
/// - `if_rev`, `if_uuid` and `cascade` are as for the single calls; the first two go with `id`
///   only.
/// - A document may be added before its parent, if that is given by its full UUID and added by the
///   same batch: so what a cascade deleted is added again in any order. A circle is refused.
///
/// `options_json` is a JSON object; this version knows no option here, so `{}` is the only one.
///
/// The results come in the order of the operations: `document` for one that names one document,
/// `documents` for one with `ids` or `where`, `deleted` for a delete. Documents carry the IDs after
/// the batch, deleted ones those before it. `commit` is the number of this write:
///
/// ```text
/// {"commit":43,"results":[{"document":{...}},{"documents":[...]},{"deleted":[...]}]}
/// ```
///
/// The error of a batch names the operation at fault in `field`, counted from 0, and in the message
/// where there are several.
///
/// - Cost: that of the operations, and one pass over all documents for each `where`; a file is
///   written once.
/// - Ownership: `*results_out` is yours; free it with nanostore_string_free.
/// - NULL: `options_json`, `results_out` and `error_out` may be NULL.
/// - Threads: any; it is a write.
/// - Statuses: those of nanostore_add, nanostore_update, nanostore_replace and nanostore_delete.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_apply(
    store: *mut StoreHandle,
    operations_json: *const c_char,
    options_json: *const c_char,
    results_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("apply", store, results_out, error_out, |store, inputs| {
            let operations = inputs.text("operations_json", operations_json)?;
            store.apply(operations, inputs.optional("options_json", options_json)?)
        })
    }
}
