//! The functions on a store as a whole: open, close, schema, state, check, durability.

use std::ffi::c_char;
use std::ptr::null_mut;

use super::boundary::{call, store_call};
use super::error::ErrorObject;
use super::fork;
use super::handle::StoreHandle;
use super::status::Status;
use super::text::null;
use crate::store::Store;

/// Opens a store: a readable JSON file, or memory for the path ":memory:".
///
/// `path` is bytes to the operating system and need not be UTF-8. Symbolic links are followed. A
/// path that does not exist becomes a new store without documents, in a folder that exists.
/// Beside the file stands a lock file of the same name with ".lock" at its end; it stays there.
/// Several handles and several processes may have one file open: each call sees what the others
/// wrote, and edits that a person made with an editor. Each open of ":memory:" is a store of its
/// own, which is gone after its last handle.
///
/// `options_json` is a JSON object; every member may be left out, an unknown one is refused:
///
/// ```text
/// {"schema":{...},"create":true,"read_only":false,"durability":"sync","interval_ms":2000,
///  "checkpoint":"auto","format":"pretty","lock_timeout_ms":3000,"mode":"0600",
///  "max_document_bytes":1048576,"strict":false,"salvage":false,
///  "clock":{"start":"2026-01-01T00:00:00Z","step_ms":1000},"uuid_seed":1}
/// ```
///
/// - `schema`: the schema of the documents, see nanostore_define. Without it the one kept in the
///   file is used (none kept: no dimensions). With it, it replaces the one kept, unless that one
///   carries a `schema_version`: then a higher number replaces, a lower one yields to the one kept,
///   and the same number with other content, or no number at all, is NANOSTORE_SCHEMA_MISMATCH.
///   Documents that the schema breaks stay: nanostore_info counts them. A handle that only reads
///   uses it without keeping it.
/// - `create`: false refuses a path that does not exist with NANOSTORE_NOTFOUND; true is the
///   default then. An existing file that is empty, or an object without members, is taken for a new
///   store only when `true` is given.
/// - `read_only`: true needs no rights to write, makes no file and refuses writes.
/// - `durability`: "sync" (a write is on disk when its call returns) or "batched" (it survives the
///   end of the process at once, and is on disk at most `interval_ms` later, or at nanostore_sync
///   and close). `checkpoint`: "commit" (every write replaces the file as a whole, atomically; not
///   with "batched") or "auto" (the first few writes to a small file do; others go to a log beside
///   it, a file of the same name with ".wal" at its end, and from there into the file when the
///   last handle is closed, at nanostore_checkpoint, when the log outgrows the file and, while the
///   file is small, when nobody has written for `interval_ms`; a thread of the store does that).
/// - `format`: "pretty" (indented by two spaces) or "lines" (one document a line); left out: as
///   the file is, and "pretty" for a new one. Opening with a form that the file does not have is a
///   commit, which replaces the file.
/// - `lock_timeout_ms`: how long a call waits for other processes.
/// - `mode`: the rights of a new file, as an octal number in a text, "0600" by default: the owner
///   alone. They are set as they are given, whatever the umask says; lock file and log get them too
///   (but no right to execute). A file that is there keeps its own.
/// - `max_document_bytes`: a document over it is refused with NANOSTORE_LIMIT.
/// - `strict`: true refuses to open a file with documents that break the schema, and names the
///   first of them. Otherwise they load, and nanostore_verify lists them.
/// - `salvage`: true opens a store that is damaged with what can be read of it: of its log, and of
///   its file document by document, of both sides where it has conflict markers. The damaged log or
///   file is kept beside the store, in a file that nanostore_info lists in `conflicts`. With
///   `read_only`, nothing is written: see what would be kept, and by nanostore_verify what would be
///   lost. Otherwise a damaged store is NANOSTORE_CORRUPT, and so is a file of which nothing can be
///   read. A file that is no store is never salvaged.
/// - `clock`, `uuid_seed`: for tests and reproducible tools: times that begin at `start` and
///   advance by `step_ms`, UUIDs that are the same in each run. All handles of a process on one
///   store must agree on them.
///
/// `collections` is refused with NANOSTORE_UNSUPPORTED until a later version.
///
/// - Cost: the file is read as a whole, from a megabyte on by up to four threads, which end before
///   the call does and take no signals; so is a file that others replaced or edited, by the call
///   that notices it. No copy is made for a second handle in the same process.
/// - Ownership: `*store_out` is yours; close it with nanostore_close. `path` and `options_json`
///   are not kept.
/// - NULL: `options_json` (all defaults) and `error_out` may be NULL; `store_out` must not.
/// - Threads: any.
/// - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (an option or the schema is wrong; the path is a
///   folder, a pipe, a device or a socket; a folder of the path is none; symbolic links go round
///   in circles); NANOSTORE_NOTFOUND (no such file and `create` is false, or no such folder; named
///   FILE_GONE where the log of the file is there and has commits: put the file back, or remove the
///   log);
///   NANOSTORE_PERMISSION and NANOSTORE_READONLY (the file can only be read, or not be replaced: it
///   is named MOUNT_POINT, STICKY_FOLDER, IMMUTABLE or APPEND_ONLY then; `"read_only":true` opens
///   it); NANOSTORE_CORRUPT (the file is empty, cut off or otherwise damaged: message, `line` and
///   `column` of the error say where; named NOT_A_STORE where it is no store, LOG_DAMAGED or
///   LOG_MISSING where the log is at fault; see `salvage`);
///   NANOSTORE_TOONEW; NANOSTORE_TIMEOUT;
///   NANOSTORE_SCHEMA_MISMATCH; NANOSTORE_CONSTRAINT (`strict`); NANOSTORE_UNSUPPORTED (also named
///   HARD_LINKED: the file has several names); NANOSTORE_LIMIT; NANOSTORE_IO; NANOSTORE_NOSPACE;
///   NANOSTORE_UNKNOWN_OUTCOME.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_open(
    path: *const c_char,
    options_json: *const c_char,
    store_out: *mut *mut StoreHandle,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `call` and `Inputs` need.
    unsafe {
        call("open", store_out, error_out, |inputs| {
            let path = inputs.path("path", path)?;
            let options = inputs.optional("options_json", options_json)?;
            if store_out.is_null() {
                return Err(null("store_out"));
            }
            fork::watch()?;
            Store::open(path, options)
        })
    }
}

/// Takes a snapshot: another handle, which reads the store as it is now.
///
/// Every read on it answers the same for as long as it is open, short IDs included, whatever others
/// write meanwhile; writers do not wait for it. What writes, and nanostore_verify, nanostore_sync
/// and nanostore_checkpoint, are refused with NANOSTORE_READONLY (`name` SNAPSHOT). It is closed
/// with nanostore_close like every handle, before or after the one it was taken of.
///
/// - Cost: does not depend on the number of documents. While it is open, what others change is kept
///   twice: `snapshots` of nanostore_info tells how much that is.
/// - Ownership: `*snapshot_out` is yours; close it with nanostore_close.
/// - NULL: `error_out` may be NULL.
/// - Threads: any.
/// - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`snapshot_out` is NULL); those of every read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_snapshot(
    store: *mut StoreHandle,
    snapshot_out: *mut *mut StoreHandle,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` needs.
    unsafe {
        store_call("snapshot", store, snapshot_out, error_out, |store, _| {
            if snapshot_out.is_null() {
                return Err(null("snapshot_out"));
            }
            store.snapshot()
        })
    }
}

/// Closes a handle and sets `*store` to NULL.
///
/// The handle is gone whatever the call returns; never use it again, not even in another thread.
/// Other handles and cursors of the same store stay valid, and the store shuts down with the last
/// of them. That last close makes sure that everything is on disk, and folds the log into the file
/// unless another process has the store open; its status tells whether both were done. What was
/// written with the durability "sync" is safe whatever it says.
///
/// In the child of a fork, closing a handle of the parent frees memory and does nothing else.
///
/// - NULL: `store` and `*store` may be NULL, then nothing is done; `error_out` may be NULL.
/// - Threads: any, but no call on this handle may be under way.
/// - Statuses: NANOSTORE_OK; for the last handle also NANOSTORE_IO, NANOSTORE_NOSPACE,
///   NANOSTORE_PERMISSION, NANOSTORE_TIMEOUT, NANOSTORE_UNKNOWN_OUTCOME, and NANOSTORE_NOTFOUND
///   (named FILE_GONE: the data file is gone, and the log stays with what is not in it).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_close(
    store: *mut *mut StoreHandle,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `call` needs, and for NULL or the address of a
    // variable that holds NULL or a handle that is not closed yet.
    unsafe {
        call::<()>("close", null_mut(), error_out, |_| {
            if store.is_null() {
                return Ok(());
            }
            let handle = store.replace(null_mut());
            if handle.is_null() { Ok(()) } else { (*Box::from_raw(handle)).close() }
        })
    }
}

/// Replaces the schema of the documents, which is kept in the file, whatever `schema_version`
/// either of them has: that is for programs that open with a schema, see nanostore_open.
///
/// A schema says which dimensions the documents have. Dimensions are the fields that shape short
/// IDs: enumerated ones put letters before a number ("d1" for the first done task), and the
/// hierarchical one names the parent ("1.2"). Every member may be left out but `name` and `type`:
///
/// ```text
/// {"dimensions":[
///    {"name":"status","type":"enumerated","values":["pending","active","done"],
///     "prefixes":{"active":"a","done":"d"},"default_value":"pending"},
///    {"name":"priority","type":"enumerated","values":["low","medium","high"],
///     "prefixes":{"high":"h"},"default_value":"medium"},
///    {"name":"parent","type":"hierarchical","ref_field":"parent_id"}],
///  "canonical_view":{"status":{"$in":["pending","active"]}},
///  "numbering":"dense","schema_version":1}
/// ```
///
/// - There are at most 7 dimensions, one of them hierarchical. Names hold no ".", ":", "," or "|",
///   do not begin with "_" and are none of uuid, id, key, rev, title, body, created_at,
///   updated_at, data.
/// - `values`: the texts allowed, in their order (left out: any text). `prefixes`: one or more
///   letters a to z for a value; each prefix once, and every sequence of prefixes must read one
///   way only. `default_value`: one of the values; it puts no letter into an ID.
/// - `ref_field`: the member of `dimensions` in a document that holds the UUID of its parent.
/// - `canonical_view`: the `where` (see nanostore_list) of a listing that has none of its own. It
///   never changes an ID.
/// - `numbering`: "dense" (numbers close up when a document leaves) or "stable" (a number, once
///   given, stays with its document, also when that is deleted and added again).
/// - `indexes`: see below. `links`, `validate` and `storage` are NANOSTORE_UNSUPPORTED until later
///   versions.
///
/// An index keeps entries, each a key and a document, in the order of the keys. Queries use indexes
/// by themselves, and may name one (see nanostore_list). Every member but `name` and `fields` may
/// be left out:
///
/// ```text
/// "indexes":[
///    {"name":"by_due","fields":["status","-data.due"]},
///    {"name":"emails","fields":["data.email"],"unique":true,
///     "where":{"status":"active"},"include":["data.name","data.last_login"]},
///    {"name":"by_tag","fields":["data.tags"],"multi":true},
///    {"name":"by_month","fields":[{"field":"created_at","slice":[0,7]}],"reduce":"count"}]
/// ```
///
/// - `fields`: the parts of the key, as nanostore_list names fields, but for id, level and
///   has_children, which depend on other documents. "-" makes greatest values come first. `slice`
///   takes the characters of a text (or of a time, in UTC) from the first number up to the second.
/// - Keys order as `order_by` does, numbers by their exact value; entries with equal keys stand in
///   the order of `created_at`, then of UUIDs.
/// - A document that lacks one of the fields has no entry, unless `missing` is true: then what is
///   missing comes first.
/// - `unique`: no two documents may have one key; a write that would make it so is
///   NANOSTORE_EXISTS (`name` NOT_UNIQUE, `candidates` the other document), a schema that documents
///   break already NANOSTORE_CONSTRAINT. Duplicates in a file are listed by nanostore_verify.
/// - `multi`: an array in the first field gives an entry for each of its elements.
/// - `where`: only documents that this holds for have entries. It may not use id, level,
///   has_children, `$under` or name a parent.
/// - `include`: the fields that a listing by this index gives; "$key" is the key of the entry.
/// - `reduce`: what groups of entries come to (see `group` in nanostore_list): "count", or
///   {"sum":FIELD}, {"min":FIELD}, {"max":FIELD}, or {"stats":FIELD} for count, sum, min and max.
/// - The index "key", of the keys of documents, is always there, and so is one called
///   "dimensions.NAME" for each dimension that takes any text.
/// - An index costs some 50 bytes for an entry, more only where its key is a text of more than 27
///   bytes, and time with each write that changes its keys. It is made in one pass over all
///   documents when a query of the process first uses it, or a write first has to be checked by a
///   unique one; until then it costs nothing.
///
/// `options_json` is a JSON object: `{"strict":true}` refuses a schema that stored documents
/// break. Otherwise such documents stay as they are, count as having no prefix, and writing to
/// them must mend them: a value that is not declared any more is set in the same update. All that
/// hold it at once: `{"op":"update","where":{"status":{"$like":"old"}},"patch":{...}}`.
///
/// The result tells whether the schema changed (the same one again is no write), how many
/// documents break it, and the first ten of them, each with the first rule that it breaks:
///
/// ```text
/// {"changed":true,"violations":1,"examples":[{"kind":"value","uuid":"0194...","id":"2",
///  "field":"dimensions.status","message":"..."}]}
/// ```
///
/// - Cost: one pass over all documents.
/// - Ownership: `*report_out` is yours; free it with nanostore_string_free.
/// - NULL: `options_json`, `report_out` and `error_out` may be NULL.
/// - Threads: any; it is a write.
/// - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`field` of the error names the member of the
///   schema); NANOSTORE_UNSUPPORTED; NANOSTORE_CONSTRAINT (`strict`); those of every write.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_define(
    store: *mut StoreHandle,
    schema_json: *const c_char,
    options_json: *const c_char,
    report_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("define", store, report_out, error_out, |store, inputs| {
            let schema = inputs.text("schema_json", schema_json)?;
            store.define(schema, inputs.optional("options_json", options_json)?)
        })
    }
}

/// Tells what the store is and how it stands, as a JSON object:
///
/// ```text
/// {"path":"/home/ann/todos.json","engine":"file","format":"pretty","documents":12,"commit":43,
///  "policy":{"durability":"sync","interval_ms":2000,"checkpoint":"auto"},"log_bytes":0,
///  "unsynced":0,"unsynced_ms":0,"violations":0,"violation_examples":[],"conflicts":[],
///  "file_system":"ext4","read_only":false,"snapshot":false,
///  "snapshots":{"open":1,"oldest_commit":40,"held_bytes":20480}}
/// ```
///
/// `snapshot` tells whether this handle is one. `snapshots` tells of all snapshots and cursors of
/// this process on the store: how many are open, the commit that the oldest reads, and about how
/// many bytes it holds that the store does not need any more. `commit` is the number of the last
/// write; `violations` counts the documents that break the schema, as after an open with a changed
/// one, and `violation_examples` shows the first ten of them as nanostore_define does
/// (nanostore_verify lists all). `policy` is that of this handle. `log_bytes` is the size of the
/// log, what is not yet in the readable file (0 without one); `unsynced` counts the writes of this
/// process that are not yet on disk, and `unsynced_ms` is the age of the oldest of them.
/// `conflicts` lists the files in which something was set aside that did not fit the store: commits
/// that met a person's edit, or that an edit undid unseen, an edit that was saved while the file
/// was replaced, logs of other stores, ends of logs that a crash cut off, damaged logs. Members may
/// be added in later versions.
///
/// - Cost: does not depend on the number of documents.
/// - Ownership: `*info_out` is yours; free it with nanostore_string_free.
/// - NULL: `info_out` and `error_out` may be NULL.
/// - Threads: any.
/// - Statuses: NANOSTORE_OK; those of every read.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_info(
    store: *mut StoreHandle,
    info_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` needs.
    unsafe { store_call("info", store, info_out, error_out, |store, _| store.info()) }
}

/// Checks the store and lists what is wrong with it, as a JSON object:
///
/// ```text
/// {"ok":false,"problems":[{"kind":"...","uuid":"0194...","line":17,"field":"status",
///  "message":"..."}]}
/// ```
///
/// `ok` is true when `problems` is empty. A problem is a document that breaks the schema, a parent
/// that is missing, parents that form a circle, or a key that two documents claim, as their own or
/// in a unique index: what a person may do to a file with an editor; or, as "misspelt", a member
/// that nobody knows with nearly the name of one that everybody knows. `line` is that of the
/// document in the file, where it is known.
/// Of a file that cannot be read as a whole, the problem "corrupt" says why, and problems "lost"
/// and "twice" say, with their lines, what opening it with `salvage` would leave out, and which
/// documents it would keep twice.
/// Problems come in the order of the file. The check itself changes nothing; a store with problems
/// is still a success of the call.
///
/// - Cost: one pass over all documents.
/// - Ownership: `*report_out` is yours; free it with nanostore_string_free.
/// - NULL: `report_out` and `error_out` may be NULL.
/// - Threads: any.
/// - Statuses: NANOSTORE_OK; those of every read.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_verify(
    store: *mut StoreHandle,
    report_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` needs.
    unsafe { store_call("verify", store, report_out, error_out, |store, _| store.verify()) }
}

/// Puts on disk what earlier writes with the durability "batched" have not put there yet. With
/// "sync" every write is on disk when its call returns, and there is nothing to do.
///
/// - Cost: one sync of the disk when there is something to do.
/// - NULL: `error_out` may be NULL.
/// - Threads: any; it is a write.
/// - Statuses: NANOSTORE_OK; those of every write.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_sync(
    store: *mut StoreHandle,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` needs.
    unsafe { store_call::<()>("sync", store, null_mut(), error_out, |store, _| store.sync()) }
}

/// Brings the readable file up to date with all writes: folds the log into it, if there is one. It
/// happens by itself when the last handle is closed and when the log outgrows the file; call it
/// before you show the file to another program.
///
/// - Cost: the size of the store when there is something to do.
/// - NULL: `error_out` may be NULL.
/// - Threads: any; it is a write.
/// - Statuses: NANOSTORE_OK; those of every write.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_checkpoint(
    store: *mut StoreHandle,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` needs.
    unsafe {
        store_call::<()>("checkpoint", store, null_mut(), error_out, |store, _| store.checkpoint())
    }
}
