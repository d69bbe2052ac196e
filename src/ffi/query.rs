//! The functions that find documents: listing, counting, explaining, and cursors.

use std::ffi::c_char;

use super::boundary::{cursor_call, plain, store_call};
use super::error::ErrorObject;
use super::handle::{CursorHandle, StoreHandle};
use super::status::Status;
use super::text::null;

/// Lists documents.
///
/// `query_json` is a JSON object; every member may be left out:
///
/// ```text
/// {"where":{"status":"pending","data.due":{"$lt":"2027-01-01"}},"search":"bread",
///  "order_by":["-priority","created_at"],"limit":50,"offset":0,"after":"token",
///  "fields":["id","title","data.due"],"view":"all"}
/// ```
///
/// `where`: a field and its value, or a field and operators; several members must all hold.
///
/// - Fields: uuid, id (as documents show it), key, rev, title, body, created_at, updated_at, level,
///   has_children, the names of dimensions, "dimensions.x" for one that the schema does not
///   declare, `data`, and "data.a.b" for what is inside it (a dot that belongs to a name is
///   written "\.", which is "\\." in JSON).
/// - Operators: `$eq $ne $gt $gte $lt $lte $in $nin $exists $prefix $contains $like $size`. `$eq`
///   takes any value; a range holds within one type only; `$contains` is an element of an array
///   or a piece of a text; `$like` knows % (any text), _ (one character) and \ (the next one as it
///   is). Only `search` ignores letter case.
/// - `$ne`, `$nin` and `$not` also match documents that lack the field; `{"data.a":null}` matches
///   a null that is there.
/// - A dimension with `values` is compared with these and null only; another value is
///   NANOSTORE_INVALID (VALUE_OUTSIDE_DIMENSION). What somebody typed into the file is found by
///   `{"status":{"$like":"dnoe"}}`, by `$nin` with all of the values, and by nanostore_verify.
/// - `$and`, `$or` and `$nor` take an array of conditions, `$not` takes one.
/// - `{"parent":"1.2"}` gives children, `{"parent":null}` documents without a parent,
///   `{"$under":"1.2"}` everything below a document. Both take any form of an ID.
///
/// ```text
/// {"$or":[{"priority":"high"},{"data.tags":{"$contains":"now"}}],"status":{"$ne":"done"}}
/// ```
///
/// `search` finds a piece of the title or of the body, without regard to letter case. `view` is
/// "all" or "canonical"; without `view` and without `where` the canonical view of the schema holds.
/// Filters never change an ID: a listing may show 2 and 5.
///
/// `order_by`: fields, with "-" for descending. Values order as null, false, true, numbers, texts,
/// arrays, objects; a field that is missing comes before all of them; a dimension orders by the
/// place of its value in the schema. Without it, and where fields tie, documents come as their IDs
/// do: a parent before its children, siblings by prefix in the order of the schema and then by
/// number; documents without an ID come last.
///
/// `limit` and `offset` apply after everything else. `after` takes the `next` of the page before,
/// together with the same query; another query is refused. `fields` leaves out all others; it may
/// also ask for `level` (1 for a document without a parent) and `has_children`. `total` (true)
/// tells how many documents there are on all pages. `hits` (true, with `search`) adds to each
/// document where the text was found, counted in bytes of UTF-8:
/// "hits":[{"field":"title","start_bytes":0,"end_bytes":5}]. `expand` is NANOSTORE_UNSUPPORTED
/// until later versions.
///
/// `index` names an index of the schema (see nanostore_define). The documents then come by its
/// entries, in the order of its keys, a document once for each of its entries; `where` and `search`
/// may leave some out, `order_by` is refused, and the canonical view holds only with
/// "view":"canonical".
///
/// - `key`: the entries with that key. In an index of several fields an array of the values of the
///   first fields; a parent is named by any form of ID.
/// - `range`: {"gte":1,"lt":5}, with `gt`, `gte`, `lt`, `lte`: the entries between, by the total
///   order of all values; an end that is left out is open. In an index of several fields the bounds
///   are arrays of the first values, or, with `key`, values of what comes behind it.
/// - `prefix`: the entries whose text in the next field begins so.
/// - `desc` (true): the same entries from the last to the first.
/// - `group`: how many fields make a group, or true for all. The result is then
///   {"groups":[{"key":"2026-11","value":3}],"next":null}, where `value` is what the `reduce` of
///   the index makes of the entries; `limit`, `offset` and `after` count groups.
/// - Without `index`, `key`, `range` and `prefix` mean the keys of documents:
///   {"range":{"gte":"user:","lt":"user;"},"fields":["key"]}.
///
/// The result is one page; `next` is null on the last one:
///
/// ```text
/// {"documents":[{"uuid":"0194...","id":"1",...},...],"next":"token"}
/// ```
///
/// - Cost: one pass over the documents that may match, ending with the page in the order of the
///   IDs or of an index; with another order also a sort. nanostore_explain tells which documents
///   these are. A page costs the same however deep it is; `offset` costs what it skips, but for
///   an index without other conditions.
/// - Ownership: `*page_out` is yours; free it with nanostore_string_free.
/// - NULL: `query_json` (everything in the canonical view), `page_out` and `error_out` may be NULL.
/// - Threads: any.
/// - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`field` of the error names the member of the
///   query; `name` is TOKEN for an `after` that is none, TOKEN_OF_ANOTHER_QUERY, UNKNOWN_INDEX);
///   NANOSTORE_NOTFOUND and NANOSTORE_AMBIGUOUS (an ID in `parent` or `$under`);
///   NANOSTORE_UNSUPPORTED; NANOSTORE_LIMIT; those of every read.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_list(
    store: *mut StoreHandle,
    query_json: *const c_char,
    page_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("list", store, page_out, error_out, |store, inputs| {
            store.list(inputs.optional("query_json", query_json)?)
        })
    }
}

/// Counts the documents that nanostore_list would list for the same query; its `limit`, `offset`
/// and `after` do not matter.
///
/// With `index`, entries are counted.
///
/// - Cost: conditions on dimensions with declared values, and ranges of an index, are counted
///   without looking at documents, but for the first time (see nanostore_define on indexes);
///   otherwise one pass over the documents that may match.
/// - NULL: `query_json` (everything in the canonical view), `count_out` and `error_out` may be
///   NULL. Unless the call succeeds, `*count_out` is 0.
/// - Threads: any.
/// - Statuses: as nanostore_list.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_count(
    store: *mut StoreHandle,
    query_json: *const c_char,
    count_out: *mut i64,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("count", store, count_out, error_out, |store, inputs| {
            store.count(inputs.optional("query_json", query_json)?)
        })
    }
}

/// Tells how a query would be answered, without answering it, as a JSON object:
///
/// ```text
/// {"access":"index","index":"by_due","estimated":12,"order":"index",
///  "why":"the index has the order that is wanted"}
/// ```
///
/// `access` is "scan" (every document is looked at), "id" (conditions name the documents), "key",
/// "index" (named by `index`) or "filter" (conditions on dimensions or on the tree leave few
/// documents); `estimated` is the number of documents that are looked at, at most; `order` is
/// "native" (that of the IDs), "index" (they come in the order asked for) or "sort"; `why` says in
/// words what decided. Members may be added in later versions.
///
/// - Cost: that of finding the place in each index that may serve; no document is looked at but to
///   make an index that is used for the first time.
/// - Ownership: `*plan_out` is yours; free it with nanostore_string_free.
/// - NULL: `query_json`, `plan_out` and `error_out` may be NULL.
/// - Threads: any.
/// - Statuses: as nanostore_list.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_explain(
    store: *mut StoreHandle,
    query_json: *const c_char,
    plan_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("explain", store, plan_out, error_out, |store, inputs| {
            store.explain(inputs.optional("query_json", query_json)?)
        })
    }
}

/// Opens a cursor: the same query as for nanostore_list, its documents pulled one by one.
///
/// A cursor shows the state of the store at this moment, whatever is written while it is open, and
/// in the order that nanostore_list would give. Close it at any time; that is also how to stop.
/// Without `limit` it goes to the end.
///
/// ```text
/// nanostore_cursor *cursor = NULL;
/// char *document = NULL;
/// nanostore_status status = nanostore_cursor_open(store, NULL, &cursor, &error);
/// while (status == NANOSTORE_OK) {
///     status = nanostore_cursor_next(cursor, &document, &error);
///     if (document == NULL) break;
///     puts(document);
///     nanostore_string_free(document);
/// }
/// nanostore_cursor_close(cursor);
/// ```
///
/// - Cost: little, whatever the size of the store; with `order_by` a pass and a sort. While it is
///   open, what is written meanwhile takes additional memory.
/// - Ownership: `*cursor_out` is yours; close it with nanostore_cursor_close. It keeps its store
///   alive, so it may outlive the handle.
/// - NULL: `query_json` and `error_out` may be NULL; `cursor_out` must not.
/// - Threads: any.
/// - Statuses: as nanostore_list.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_cursor_open(
    store: *mut StoreHandle,
    query_json: *const c_char,
    cursor_out: *mut *mut CursorHandle,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `store_call` and `Inputs` need.
    unsafe {
        store_call("cursor_open", store, cursor_out, error_out, |store, inputs| {
            let query = inputs.optional("query_json", query_json)?;
            if cursor_out.is_null() {
                return Err(null("cursor_out"));
            }
            store.cursor(query)
        })
    }
}

/// Gives the next document of a cursor, in the form that nanostore_add describes (with `fields` in
/// the query: those fields). After the last one `*document_out` is NULL and the call succeeds, as
/// often as it is called.
///
/// - Cost: that of the documents looked at until one matches.
/// - Ownership: `*document_out` is yours; free it with nanostore_string_free.
/// - NULL: `document_out` (the document is skipped) and `error_out` may be NULL.
/// - Threads: any, one at a time for each cursor.
/// - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`cursor` is NULL); NANOSTORE_MISUSE (another thread
///   is using the cursor); NANOSTORE_FORKED; NANOSTORE_PANIC (now, or in an earlier call on this
///   cursor).
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_cursor_next(
    cursor: *mut CursorHandle,
    document_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `cursor_call` needs.
    unsafe { cursor_call("cursor_next", cursor, document_out, error_out, |cursor| cursor.next()) }
}

/// Gives the token of the place that a cursor has reached: `after` with this token and the same
/// query, in nanostore_list or nanostore_cursor_open, goes on behind the document pulled last.
///
/// - Cost: little.
/// - Ownership: `*token_out` is yours; free it with nanostore_string_free. It is JSON, a string in
///   quotes, and goes into a query as it is. Before the first document it stands for the beginning.
/// - NULL: `token_out` and `error_out` may be NULL.
/// - Threads: any, one at a time for each cursor.
/// - Statuses: as nanostore_cursor_next.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_cursor_token(
    cursor: *mut CursorHandle,
    token_out: *mut *mut c_char,
    error_out: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the manual asks the caller for what `cursor_call` needs.
    unsafe { cursor_call("cursor_token", cursor, token_out, error_out, |cursor| cursor.token()) }
}

/// Closes a cursor. It may be closed before or after its store, at its end or before it.
///
/// In the child of a fork, closing a cursor of the parent frees memory and does nothing else.
///
/// - NULL: does nothing.
/// - Threads: any, but no call on this cursor may be under way.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanostore_cursor_close(cursor: *mut CursorHandle) {
    plain((), || {
        if !cursor.is_null() {
            // SAFETY: a non-NULL cursor came from `Box::into_raw` in `text`, and the manual asks
            // that it be closed once.
            unsafe { *Box::from_raw(cursor) }.close();
        }
    });
}
