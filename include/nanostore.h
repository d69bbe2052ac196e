/*
 * nanostore.h - libnanostore, an embedded JSON document store whose documents carry short IDs
 * that people can type.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Made by `cargo xtask header` from the sources in src/ffi; do not edit it.
 *
 *     #include <nanostore.h>
 *     #include <stdio.h>
 *
 *     int main(void)
 *     {
 *         nanostore *store = NULL;
 *         nanostore_error *error = NULL;
 *         char *document = NULL;
 *
 *         if (nanostore_open("todos.json", NULL, &store, &error) == NANOSTORE_OK
 *             && nanostore_add(store, "{\"title\":\"Bread\"}", NULL, &document, &error)
 *                 == NANOSTORE_OK)
 *             puts(document);
 *         if (error != NULL)
 *             fprintf(stderr, "%s\n", nanostore_error_message(error));
 *         nanostore_string_free(document);
 *         nanostore_error_free(error);
 *         return nanostore_close(&store, NULL) == NANOSTORE_OK ? 0 : 1;
 *     }
 *
 * Build with: cc -o todos todos.c -lnanostore
 *
 *
 * WHAT HOLDS FOR EVERY FUNCTION
 *
 * Arguments come in this order: the handle, what goes in, options, what comes out (names that end
 * in _out), and error_out last.
 *
 * Text. All text is UTF-8 and ends in NUL; only paths are bytes as the operating system takes
 * them. Text that goes in is never kept. All texts of one call together may hold 256 MiB.
 *
 * JSON. Documents, queries, options and results are JSON by RFC 8259, at most 128 levels deep and
 * with at most 5,000,000 values in one text (each document of a batch counts by itself). Refused
 * are a member named twice in one object, halves of surrogate pairs, and exponents over
 * 999,999,999; numbers are kept exactly as they are written. Options are an object, NULL for all
 * defaults; an option that a function does not know is an error that names it. Results may get
 * more members in later versions; ignore those that you do not know.
 *
 * Ownership. A `char *` that a function puts into an output is yours: free it with
 * nanostore_string_free. A handle is yours: close it with the function named at its making. A
 * `const char *` that a function returns is not yours. Memory from here never goes to free().
 *
 * Outputs. Every output is set to NULL (a number to 0) when the call begins and is filled only
 * when it succeeds. An output that is not a handle may be NULL when it is not wanted.
 *
 * Errors. A call returns NANOSTORE_OK, which is 0, or another status. When it fails and error_out
 * is not NULL, *error_out gets an error object, which is yours: read it with
 * nanostore_error_message and nanostore_error_json, free it with nanostore_error_free. When it
 * succeeds *error_out is NULL; what was in *error_out before is overwritten, not freed. Nothing is
 * kept per thread or per handle. A call that fails has changed nothing, in memory or on disk; the
 * one exception is NANOSTORE_UNKNOWN_OUTCOME, which says so.
 *
 * Threads. Any function may be called from any thread. Readers of a store run side by side, its
 * writers one after the other. A cursor belongs to one thread at a time. Nothing may be in use
 * while it is closed or freed.
 *
 * Processes. Several processes may use one file at the same time; every call sees what the others
 * wrote. In the child of a fork, handles of the parent return NANOSTORE_FORKED; close them, which
 * only frees memory there, and open the store anew.
 *
 * The library writes nothing to the standard output or the standard error, installs no signal
 * handler, reads no environment variable, never ends the process on purpose and never calls back
 * into your program. The process does end when memory is exhausted.
 *
 *
 * STATUSES OF EVERY CALL
 *
 * Every call on a handle may return NANOSTORE_INVALID (a handle or a text is NULL where it must
 * not be, a text is not UTF-8, not JSON or of another shape), NANOSTORE_LIMIT, NANOSTORE_FORKED,
 * NANOSTORE_PANIC and NANOSTORE_INTERNAL.
 *
 * "Those of every read" adds, for a store in a file, what may happen while it is read again because
 * someone changed it: NANOSTORE_TIMEOUT, NANOSTORE_IO, NANOSTORE_PERMISSION, NANOSTORE_NOTFOUND
 * (the file is gone), NANOSTORE_CORRUPT (a person's edit is not finished or went wrong; `line` and
 * `column` of the error say where) and NANOSTORE_TOONEW.
 *
 * "Those of every write" adds to these: NANOSTORE_READONLY, NANOSTORE_NOSPACE, NANOSTORE_BUSY and
 * NANOSTORE_UNKNOWN_OUTCOME.
 */

#ifndef NANOSTORE_H
#define NANOSTORE_H

#include <stddef.h>
#include <stdint.h>

/* Warns when a status is not looked at. Define it as empty before the #include to go without. */
#ifndef NANOSTORE_MUST_USE
#if defined(__GNUC__) || defined(__clang__)
#define NANOSTORE_MUST_USE __attribute__((warn_unused_result))
#else
#define NANOSTORE_MUST_USE
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The first number of the version that this header belongs to.
 */
#define NANOSTORE_VERSION_MAJOR 0

/**
 * The second number of the version that this header belongs to.
 */
#define NANOSTORE_VERSION_MINOR 1

/**
 * The third number of the version that this header belongs to.
 */
#define NANOSTORE_VERSION_PATCH 0

/**
 * The version that this header belongs to as one number:
 * 1,000,000 x major + 1,000 x minor + patch.
 */
#define NANOSTORE_VERSION_NUMBER 1000

/**
 * The result of a query, pulled document by document from the state at which it was opened. It
 * keeps its store alive. A cursor belongs to one thread at a time; it may move between threads.
 */
typedef struct nanostore_cursor nanostore_cursor;

/**
 * Why a call failed: a status, a message for a person and a JSON object for a program.
 *
 * A call that fails puts one into `*error_out`, unless `error_out` is NULL; a call that succeeds
 * puts NULL there. The object is yours: it stays valid after the handle is closed, in any thread,
 * until you free it with nanostore_error_free.
 */
typedef struct nanostore_error nanostore_error;

/**
 * An open store. Handles are independent of each other: the store shuts down with its last
 * handle and cursor, whichever is closed last. Any function may use a handle from any thread, and
 * several threads may use one handle at the same time: readers run side by side, writers one
 * after the other.
 */
typedef struct nanostore nanostore;

/**
 * What a call returns: `NANOSTORE_OK`, or one of the other statuses. More may be added in later
 * versions: treat a number that you do not know like `NANOSTORE_INTERNAL`.
 */
typedef int32_t nanostore_status;

/**
 * The call succeeded. Its outputs are set.
 */
#define NANOSTORE_OK 0

/**
 * A defect of this library. Nothing changed; please report it.
 */
#define NANOSTORE_INTERNAL 1

/**
 * An argument, a document, a query or an option is not what the call takes.
 */
#define NANOSTORE_INVALID 2

/**
 * No document, member or file of that name.
 */
#define NANOSTORE_NOTFOUND 3

/**
 * The document, the key or the file is there already.
 */
#define NANOSTORE_EXISTS 4

/**
 * More than one document answers to the given ID; `candidates` of the error lists them.
 */
#define NANOSTORE_AMBIGUOUS 5

/**
 * The document is not at the revision that the call expected, or the ID leads to another document
 * than that; `actual` of the error tells it.
 */
#define NANOSTORE_CONFLICT 6

/**
 * The write would break a rule of the schema or of the tree of documents.
 */
#define NANOSTORE_CONSTRAINT 7

/**
 * The store, the file or the medium can only be read.
 */
#define NANOSTORE_READONLY 8

/**
 * Something else is using what the call needs.
 */
#define NANOSTORE_BUSY 9

/**
 * The lock of the store was not to be had within `lock_timeout_ms`.
 */
#define NANOSTORE_TIMEOUT 10

/**
 * The caller cancelled the work.
 */
#define NANOSTORE_CANCELLED 11

/**
 * The operating system reported an error; `sys_errno` of the error tells which.
 */
#define NANOSTORE_IO 12

/**
 * The disk or the quota is full.
 */
#define NANOSTORE_NOSPACE 13

/**
 * The rights for the file or its folder are missing.
 */
#define NANOSTORE_PERMISSION 14

/**
 * The data file cannot be understood; `line` and `column` of the error tell where. It is never
 * overwritten while it is so.
 */
#define NANOSTORE_CORRUPT 15

/**
 * The file was written by a newer version of this library.
 */
#define NANOSTORE_TOONEW 16

/**
 * This version of the library cannot do that.
 */
#define NANOSTORE_UNSUPPORTED 17

/**
 * A size, a depth or a number is over its limit.
 */
#define NANOSTORE_LIMIT 18

/**
 * The call was made in a way that the interface forbids, such as one cursor in two threads.
 */
#define NANOSTORE_MISUSE 19

/**
 * The handle was made before a fork by the parent process. Open the store anew in the child.
 */
#define NANOSTORE_FORKED 20

/**
 * The handle is closed.
 */
#define NANOSTORE_CLOSED 21

/**
 * A defect of this library was caught before it could harm the program. The store takes no more
 * writes in this process until its last handle is closed.
 */
#define NANOSTORE_PANIC 22

/**
 * The document has children, and `"cascade":true` was not given.
 */
#define NANOSTORE_HAS_CHILDREN 23

/**
 * The schema given and the stored one carry the same `schema_version` and differ, or only the
 * stored one carries one.
 */
#define NANOSTORE_SCHEMA_MISMATCH 24

/**
 * The write may or may not have reached the disk: the disk refused to confirm it. Read the
 * document again before you decide what to do.
 */
#define NANOSTORE_UNKNOWN_OUTCOME 25

/* ==============================================================================================
 * The library
 * ============================================================================================== */

/**
 * Gives the version of the library that the program runs with, such as "0.1.0".
 *
 * - Ownership: the text is static; do not free it.
 * - Threads: any.
 */
NANOSTORE_MUST_USE const char *nanostore_version(void);

/**
 * Gives the version of the library that the program runs with as one number, counted like
 * NANOSTORE_VERSION_NUMBER. A program that was compiled with a newer header than the library it
 * finds can tell:
 *
 *     if (nanostore_version_number() < NANOSTORE_VERSION_NUMBER) { ... }
 *
 * - Threads: any.
 */
NANOSTORE_MUST_USE int32_t nanostore_version_number(void);

/**
 * Gives the name of a status without its prefix, such as "NOTFOUND" for NANOSTORE_NOTFOUND, and
 * "UNKNOWN" for a number that this version does not have.
 *
 * - Ownership: the text is static; do not free it.
 * - Threads: any.
 */
NANOSTORE_MUST_USE const char *nanostore_status_name(nanostore_status status);

/**
 * Frees a text that a function of this library put into an output (`char **`).
 *
 * Texts of type `const char *` are not yours and must not come here, nor may text from malloc,
 * and text from here must not go to free.
 *
 * - NULL: does nothing.
 * - Threads: any, also another one than that of the call that gave the text.
 */
void nanostore_string_free(char *text);

/* ==============================================================================================
 * Errors
 * ============================================================================================== */

/**
 * Gives the status of an error: the number that the failed call returned.
 *
 * - NULL: for NULL the answer is NANOSTORE_OK.
 * - Threads: any; an error object never changes.
 */
NANOSTORE_MUST_USE nanostore_status nanostore_error_status(const nanostore_error *error);

/**
 * Gives the message of an error: one line of English for a person, which names the thing at
 * fault, what was expected, what was found, and often the way out.
 *
 * - Ownership: the text belongs to the error and lives as long as it; do not free it.
 * - NULL: for NULL the answer is an empty text; the answer is never NULL.
 * - Threads: any.
 */
NANOSTORE_MUST_USE const char *nanostore_error_message(const nanostore_error *error);

/**
 * Gives all that is known of an error, as a JSON object.
 *
 *     {"status":2,"name":"INVALID","message":"unknown option 'creat'; known: create, mode",
 *      "op":"open","field":"creat","candidates":["create","mode"],"hint":"did you mean 'create'?"}
 *
 * `status`, `name`, `message` and `op` are always there. `name` is the name of the status or, for
 * a finer cause, one of its own such as "JSON_SYNTAX". `op` is the call that failed, without the
 * prefix: "add", "cursor_next". The others are there when they are known:
 *
 * - `id`: the document, as you named it; `field`: the member, the option or the argument at
 *   fault, as a dotted path; `path`: the file.
 * - `line`, `column`: the place in the JSON text or in the file, both counted from 1, columns in
 *   characters.
 * - `expected`, `actual`: what the call wanted and what it found (with NANOSTORE_CONFLICT the two
 *   revisions, or the UUIDs of the two documents).
 * - `candidates`: what would have been understood; `hint`: the way out, or which of the candidates
 *   may have been meant.
 * - `sys_errno`: the number that the operating system gave (ENOSPC and its like).
 *
 * Members may be added in later versions.
 *
 * - Ownership: the text belongs to the error and lives as long as it; do not free it.
 * - NULL: for NULL the answer is `{}`; the answer is never NULL.
 * - Threads: any.
 */
NANOSTORE_MUST_USE const char *nanostore_error_json(const nanostore_error *error);

/**
 * Frees an error, and with it the texts that nanostore_error_message and nanostore_error_json
 * gave for it.
 *
 * - NULL: does nothing.
 * - Threads: any, also another one than that of the failed call.
 */
void nanostore_error_free(nanostore_error *error);

/* ==============================================================================================
 * Help with JSON
 * ============================================================================================== */

/**
 * Makes a JSON string of a text, quotes included, to be put into a document or a query.
 *
 *     say "hi"    gives    "say \"hi\""
 *
 * - Cost: the length of the text.
 * - Ownership: `*json_out` is yours; free it with nanostore_string_free.
 * - NULL: `json_out` and `error_out` may be NULL.
 * - Threads: any.
 * - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`text` is NULL or not UTF-8); NANOSTORE_LIMIT.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_json_quote(const char *text,
                                      char **json_out,
                                      nanostore_error **error_out);

/**
 * Takes one value out of a JSON text.
 *
 * `pointer` is a JSON pointer (RFC 6901): "/documents/0/title"; an empty one means the whole
 * value; `~1` stands for a slash in a name and `~0` for a tilde. A string comes unquoted and
 * unescaped, every other value as its JSON text. Where the pointer leads nowhere, `*text_out` is
 * NULL and the call succeeds; a null that is there gives the text "null".
 *
 * - Cost: the length of `json`, at each call. To walk through many documents, use a cursor.
 * - Ownership: `*text_out` is yours; free it with nanostore_string_free.
 * - NULL: `text_out` and `error_out` may be NULL.
 * - Threads: any.
 * - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`json` is not JSON, `pointer` is neither empty nor
 *   begins with a slash, one of them is NULL or not UTF-8); NANOSTORE_LIMIT (nested deeper than
 *   128); NANOSTORE_UNSUPPORTED (the string holds U+0000, which would end a text in C).
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_json_get(const char *json,
                                    const char *pointer,
                                    char **text_out,
                                    nanostore_error **error_out);

/* ==============================================================================================
 * Stores
 * ============================================================================================== */

/**
 * Opens a store: a readable JSON file, or memory for the path ":memory:".
 *
 * `path` is bytes to the operating system and need not be UTF-8. Symbolic links are followed. A
 * path that does not exist becomes a new store without documents, in a folder that exists.
 * Beside the file stands a lock file of the same name with ".lock" at its end; it stays there.
 * Several handles and several processes may have one file open: each call sees what the others
 * wrote, and edits that a person made with an editor. Each open of ":memory:" is a store of its
 * own, which is gone after its last handle.
 *
 * `options_json` is a JSON object; every member may be left out, an unknown one is refused:
 *
 *     {"schema":{...},"create":true,"read_only":false,"durability":"sync","interval_ms":2000,
 *      "checkpoint":"auto","format":"pretty","lock_timeout_ms":3000,"mode":"0600",
 *      "max_document_bytes":1048576,"strict":false,"salvage":false,
 *      "clock":{"start":"2026-01-01T00:00:00Z","step_ms":1000},"uuid_seed":1}
 *
 * - `schema`: the schema of the documents, see nanostore_define. Without it the one kept in the
 *   file is used (none kept: no dimensions). With it, it replaces the one kept, unless that one
 *   carries a `schema_version`: then a higher number replaces, a lower one yields to the one kept,
 *   and the same number with other content, or no number at all, is NANOSTORE_SCHEMA_MISMATCH.
 *   Documents that the schema breaks stay: nanostore_info counts them. A handle that only reads
 *   uses it without keeping it.
 * - `create`: false refuses a path that does not exist with NANOSTORE_NOTFOUND; true is the
 *   default then. An existing file that is empty, or an object without members, is taken for a new
 *   store only when `true` is given.
 * - `read_only`: true needs no rights to write, makes no file and refuses writes.
 * - `durability`: "sync" (a write is on disk when its call returns) or "batched" (it survives the
 *   end of the process at once, and is on disk at most `interval_ms` later, or at nanostore_sync
 *   and close). `checkpoint`: "commit" (every write replaces the file as a whole, atomically; not
 *   with "batched") or "auto" (the first few writes to a small file do; others go to a log beside
 *   it, a file of the same name with ".wal" at its end, and from there into the file when the
 *   last handle is closed, at nanostore_checkpoint, when the log outgrows the file and, while the
 *   file is small, when nobody has written for `interval_ms`; a thread of the store does that).
 * - `format`: "pretty" (indented by two spaces) or "lines" (one document a line); left out: as
 *   the file is, and "pretty" for a new one. Opening with a form that the file does not have is a
 *   commit, which replaces the file.
 * - `lock_timeout_ms`: how long a call waits for other processes.
 * - `mode`: the rights of a new file, as an octal number in a text, "0600" by default: the owner
 *   alone. They are set as they are given, whatever the umask says; lock file and log get them too
 *   (but no right to execute). A file that is there keeps its own.
 * - `max_document_bytes`: a document over it is refused with NANOSTORE_LIMIT.
 * - `strict`: true refuses to open a file with documents that break the schema, and names the
 *   first of them. Otherwise they load, and nanostore_verify lists them.
 * - `salvage`: true opens a store that is damaged with what can be read of it: of its log, and of
 *   its file document by document, of both sides where it has conflict markers. The damaged log or
 *   file is kept beside the store, in a file that nanostore_info lists in `conflicts`. With
 *   `read_only`, nothing is written: see what would be kept, and by nanostore_verify what would be
 *   lost. Otherwise a damaged store is NANOSTORE_CORRUPT, and so is a file of which nothing can be
 *   read. A file that is no store is never salvaged.
 * - `clock`, `uuid_seed`: for tests and reproducible tools: times that begin at `start` and
 *   advance by `step_ms`, UUIDs that are the same in each run. All handles of a process on one
 *   store must agree on them.
 *
 * `collections` is refused with NANOSTORE_UNSUPPORTED until a later version.
 *
 * - Cost: the file is read as a whole, from a megabyte on by up to four threads, which end before
 *   the call does and take no signals; so is a file that others replaced or edited, by the call
 *   that notices it. No copy is made for a second handle in the same process.
 * - Ownership: `*store_out` is yours; close it with nanostore_close. `path` and `options_json`
 *   are not kept.
 * - NULL: `options_json` (all defaults) and `error_out` may be NULL; `store_out` must not.
 * - Threads: any.
 * - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (an option or the schema is wrong; the path is a
 *   folder, a pipe, a device or a socket; a folder of the path is none; symbolic links go round
 *   in circles); NANOSTORE_NOTFOUND (no such file and `create` is false, or no such folder; named
 *   FILE_GONE where the log of the file is there and has commits: put the file back, or remove the
 *   log);
 *   NANOSTORE_PERMISSION and NANOSTORE_READONLY (the file can only be read, or not be replaced: it
 *   is named MOUNT_POINT, STICKY_FOLDER, IMMUTABLE or APPEND_ONLY then; `"read_only":true` opens
 *   it); NANOSTORE_CORRUPT (the file is empty, cut off or otherwise damaged: message, `line` and
 *   `column` of the error say where; named NOT_A_STORE where it is no store, LOG_DAMAGED or
 *   LOG_MISSING where the log is at fault; see `salvage`);
 *   NANOSTORE_TOONEW; NANOSTORE_TIMEOUT;
 *   NANOSTORE_SCHEMA_MISMATCH; NANOSTORE_CONSTRAINT (`strict`); NANOSTORE_UNSUPPORTED (also named
 *   HARD_LINKED: the file has several names); NANOSTORE_LIMIT; NANOSTORE_IO; NANOSTORE_NOSPACE;
 *   NANOSTORE_UNKNOWN_OUTCOME.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_open(const char *path,
                                const char *options_json,
                                nanostore **store_out,
                                nanostore_error **error_out);

/**
 * Takes a snapshot: another handle, which reads the store as it is now.
 *
 * Every read on it answers the same for as long as it is open, short IDs included, whatever others
 * write meanwhile; writers do not wait for it. What writes, and nanostore_verify, nanostore_sync
 * and nanostore_checkpoint, are refused with NANOSTORE_READONLY (`name` SNAPSHOT). It is closed
 * with nanostore_close like every handle, before or after the one it was taken of.
 *
 * - Cost: does not depend on the number of documents. While it is open, what others change is kept
 *   twice: `snapshots` of nanostore_info tells how much that is.
 * - Ownership: `*snapshot_out` is yours; close it with nanostore_close.
 * - NULL: `error_out` may be NULL.
 * - Threads: any.
 * - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`snapshot_out` is NULL); those of every read.
 */
nanostore_status nanostore_snapshot(nanostore *store,
                                    nanostore **snapshot_out,
                                    nanostore_error **error_out);

/**
 * Closes a handle and sets `*store` to NULL.
 *
 * The handle is gone whatever the call returns; never use it again, not even in another thread.
 * Other handles and cursors of the same store stay valid, and the store shuts down with the last
 * of them. That last close makes sure that everything is on disk, and folds the log into the file
 * unless another process has the store open; its status tells whether both were done. What was
 * written with the durability "sync" is safe whatever it says.
 *
 * In the child of a fork, closing a handle of the parent frees memory and does nothing else.
 *
 * - NULL: `store` and `*store` may be NULL, then nothing is done; `error_out` may be NULL.
 * - Threads: any, but no call on this handle may be under way.
 * - Statuses: NANOSTORE_OK; for the last handle also NANOSTORE_IO, NANOSTORE_NOSPACE,
 *   NANOSTORE_PERMISSION, NANOSTORE_TIMEOUT, NANOSTORE_UNKNOWN_OUTCOME, and NANOSTORE_NOTFOUND
 *   (named FILE_GONE: the data file is gone, and the log stays with what is not in it).
 */
nanostore_status nanostore_close(nanostore **store, nanostore_error **error_out);

/**
 * Replaces the schema of the documents, which is kept in the file, whatever `schema_version`
 * either of them has: that is for programs that open with a schema, see nanostore_open.
 *
 * A schema says which dimensions the documents have. Dimensions are the fields that shape short
 * IDs: enumerated ones put letters before a number ("d1" for the first done task), and the
 * hierarchical one names the parent ("1.2"). Every member may be left out but `name` and `type`:
 *
 *     {"dimensions":[
 *        {"name":"status","type":"enumerated","values":["pending","active","done"],
 *         "prefixes":{"active":"a","done":"d"},"default_value":"pending"},
 *        {"name":"priority","type":"enumerated","values":["low","medium","high"],
 *         "prefixes":{"high":"h"},"default_value":"medium"},
 *        {"name":"parent","type":"hierarchical","ref_field":"parent_id"}],
 *      "canonical_view":{"status":{"$in":["pending","active"]}},
 *      "numbering":"dense","schema_version":1}
 *
 * - There are at most 7 dimensions, one of them hierarchical. Names hold no ".", ":", "," or "|",
 *   do not begin with "_" and are none of uuid, id, key, rev, title, body, created_at,
 *   updated_at, data.
 * - `values`: the texts allowed, in their order (left out: any text). `prefixes`: one or more
 *   letters a to z for a value; each prefix once, and every sequence of prefixes must read one
 *   way only. `default_value`: one of the values; it puts no letter into an ID.
 * - `ref_field`: the member of `dimensions` in a document that holds the UUID of its parent.
 * - `canonical_view`: the `where` (see nanostore_list) of a listing that has none of its own. It
 *   never changes an ID.
 * - `numbering`: "dense" (numbers close up when a document leaves) or "stable" (a number, once
 *   given, stays with its document, also when that is deleted and added again).
 * - `indexes`: see below. `links`, `validate` and `storage` are NANOSTORE_UNSUPPORTED until later
 *   versions.
 *
 * An index keeps entries, each a key and a document, in the order of the keys. Queries use indexes
 * by themselves, and may name one (see nanostore_list). Every member but `name` and `fields` may
 * be left out:
 *
 *     "indexes":[
 *        {"name":"by_due","fields":["status","-data.due"]},
 *        {"name":"emails","fields":["data.email"],"unique":true,
 *         "where":{"status":"active"},"include":["data.name","data.last_login"]},
 *        {"name":"by_tag","fields":["data.tags"],"multi":true},
 *        {"name":"by_month","fields":[{"field":"created_at","slice":[0,7]}],"reduce":"count"}]
 *
 * - `fields`: the parts of the key, as nanostore_list names fields, but for id, level and
 *   has_children, which depend on other documents. "-" makes greatest values come first. `slice`
 *   takes the characters of a text (or of a time, in UTC) from the first number up to the second.
 * - Keys order as `order_by` does, numbers by their exact value; entries with equal keys stand in
 *   the order of `created_at`, then of UUIDs.
 * - A document that lacks one of the fields has no entry, unless `missing` is true: then what is
 *   missing comes first.
 * - `unique`: no two documents may have one key; a write that would make it so is
 *   NANOSTORE_EXISTS (`name` NOT_UNIQUE, `candidates` the other document), a schema that documents
 *   break already NANOSTORE_CONSTRAINT. Duplicates in a file are listed by nanostore_verify.
 * - `multi`: an array in the first field gives an entry for each of its elements.
 * - `where`: only documents that this holds for have entries. It may not use id, level,
 *   has_children, `$under` or name a parent.
 * - `include`: the fields that a listing by this index gives; "$key" is the key of the entry.
 * - `reduce`: what groups of entries come to (see `group` in nanostore_list): "count", or
 *   {"sum":FIELD}, {"min":FIELD}, {"max":FIELD}, or {"stats":FIELD} for count, sum, min and max.
 * - The index "key", of the keys of documents, is always there, and so is one called
 *   "dimensions.NAME" for each dimension that takes any text.
 * - An index costs some 50 bytes for an entry, more only where its key is a text of more than 27
 *   bytes, and time with each write that changes its keys. It is made in one pass over all
 *   documents when a query of the process first uses it, or a write first has to be checked by a
 *   unique one; until then it costs nothing.
 *
 * `options_json` is a JSON object: `{"strict":true}` refuses a schema that stored documents
 * break. Otherwise such documents stay as they are, count as having no prefix, and writing to
 * them must mend them: a value that is not declared any more is set in the same update. All that
 * hold it at once: `{"op":"update","where":{"status":{"$like":"old"}},"patch":{...}}`.
 *
 * The result tells whether the schema changed (the same one again is no write), how many
 * documents break it, and the first ten of them, each with the first rule that it breaks:
 *
 *     {"changed":true,"violations":1,"examples":[{"kind":"value","uuid":"0194...","id":"2",
 *      "field":"dimensions.status","message":"..."}]}
 *
 * - Cost: one pass over all documents.
 * - Ownership: `*report_out` is yours; free it with nanostore_string_free.
 * - NULL: `options_json`, `report_out` and `error_out` may be NULL.
 * - Threads: any; it is a write.
 * - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`field` of the error names the member of the
 *   schema); NANOSTORE_UNSUPPORTED; NANOSTORE_CONSTRAINT (`strict`); those of every write.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_define(nanostore *store,
                                  const char *schema_json,
                                  const char *options_json,
                                  char **report_out,
                                  nanostore_error **error_out);

/**
 * Tells what the store is and how it stands, as a JSON object:
 *
 *     {"path":"/home/ann/todos.json","engine":"file","format":"pretty","documents":12,"commit":43,
 *      "policy":{"durability":"sync","interval_ms":2000,"checkpoint":"auto"},"log_bytes":0,
 *      "unsynced":0,"unsynced_ms":0,"violations":0,"violation_examples":[],"conflicts":[],
 *      "file_system":"ext4","read_only":false,"snapshot":false,
 *      "snapshots":{"open":1,"oldest_commit":40,"held_bytes":20480}}
 *
 * `snapshot` tells whether this handle is one. `snapshots` tells of all snapshots and cursors of
 * this process on the store: how many are open, the commit that the oldest reads, and about how
 * many bytes it holds that the store does not need any more. `commit` is the number of the last
 * write; `violations` counts the documents that break the schema, as after an open with a changed
 * one, and `violation_examples` shows the first ten of them as nanostore_define does
 * (nanostore_verify lists all). `policy` is that of this handle. `log_bytes` is the size of the
 * log, what is not yet in the readable file (0 without one); `unsynced` counts the writes of this
 * process that are not yet on disk, and `unsynced_ms` is the age of the oldest of them.
 * `conflicts` lists the files in which something was set aside that did not fit the store: commits
 * that met a person's edit, or that an edit undid unseen, an edit that was saved while the file
 * was replaced, logs of other stores, ends of logs that a crash cut off, damaged logs. Members may
 * be added in later versions.
 *
 * - Cost: does not depend on the number of documents.
 * - Ownership: `*info_out` is yours; free it with nanostore_string_free.
 * - NULL: `info_out` and `error_out` may be NULL.
 * - Threads: any.
 * - Statuses: NANOSTORE_OK; those of every read.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_info(nanostore *store,
                                char **info_out,
                                nanostore_error **error_out);

/**
 * Checks the store and lists what is wrong with it, as a JSON object:
 *
 *     {"ok":false,"problems":[{"kind":"...","uuid":"0194...","line":17,"field":"status",
 *      "message":"..."}]}
 *
 * `ok` is true when `problems` is empty. A problem is a document that breaks the schema, a parent
 * that is missing, parents that form a circle, or a key that two documents claim, as their own or
 * in a unique index: what a person may do to a file with an editor; or, as "misspelt", a member
 * that nobody knows with nearly the name of one that everybody knows. `line` is that of the
 * document in the file, where it is known.
 * Of a file that cannot be read as a whole, the problem "corrupt" says why, and problems "lost"
 * and "twice" say, with their lines, what opening it with `salvage` would leave out, and which
 * documents it would keep twice.
 * Problems come in the order of the file. The check itself changes nothing; a store with problems
 * is still a success of the call.
 *
 * - Cost: one pass over all documents.
 * - Ownership: `*report_out` is yours; free it with nanostore_string_free.
 * - NULL: `report_out` and `error_out` may be NULL.
 * - Threads: any.
 * - Statuses: NANOSTORE_OK; those of every read.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_verify(nanostore *store,
                                  char **report_out,
                                  nanostore_error **error_out);

/**
 * Puts on disk what earlier writes with the durability "batched" have not put there yet. With
 * "sync" every write is on disk when its call returns, and there is nothing to do.
 *
 * - Cost: one sync of the disk when there is something to do.
 * - NULL: `error_out` may be NULL.
 * - Threads: any; it is a write.
 * - Statuses: NANOSTORE_OK; those of every write.
 */
NANOSTORE_MUST_USE nanostore_status nanostore_sync(nanostore *store, nanostore_error **error_out);

/**
 * Brings the readable file up to date with all writes: folds the log into it, if there is one. It
 * happens by itself when the last handle is closed and when the log outgrows the file; call it
 * before you show the file to another program.
 *
 * - Cost: the size of the store when there is something to do.
 * - NULL: `error_out` may be NULL.
 * - Threads: any; it is a write.
 * - Statuses: NANOSTORE_OK; those of every write.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_checkpoint(nanostore *store,
                                      nanostore_error **error_out);

/* ==============================================================================================
 * Documents
 * ============================================================================================== */

/**
 * Adds a document.
 *
 * A document is a JSON object. Going in, every member may be left out:
 *
 *     {"title":"Bread","body":"","key":"user:7",
 *      "dimensions":{"status":"pending","priority":"high","parent_id":"1.2"},
 *      "data":{"due":"2027-01-01","tags":["a"]}}
 *
 * - `uuid`: permanent; made (version 7) when left out. `created_at`, `updated_at`: times by
 *   RFC 3339 with any offset; now when left out.
 * - `key`: a name of your own, unique in the store, 1 to 512 bytes; any `id` argument takes
 *   "key:user:7".
 * - `dimensions`: what the schema declares, see nanostore_define. Values are texts; a number, true
 *   or false is stored as its text. What is left out gets its default. The parent may be given in
 *   any form of an ID (see nanostore_resolve_id); null or "" means a document without a parent.
 * - `data`: any JSON object, at most 128 levels deep. Numbers keep their exact text.
 * - `id` and `rev` are refused unless null: the document is not in the store yet. `level`,
 *   `has_children`, `hits` and `$key` are ignored. Any other member, and a dimension that the
 *   schema does not declare, is refused.
 *
 * What nanostore_delete gave can be added again as it is: of a document with a `uuid` that is not
 * in the store, `id` and `rev` are not looked at. UUID, key and times come back, and with stable
 * numbering the `numbers` that nobody else has meanwhile. With a `rev`, members and dimensions
 * that no schema declares come back, too. One batch takes a whole cascade, see nanostore_apply.
 *
 * A document coming out of any function has every member that has a value:
 *
 *     {"uuid":"0194...","id":"1.2.h1","key":"user:7","rev":42,"title":"Bread","body":"",
 *      "dimensions":{"status":"pending","priority":"high","parent_id":"0194..."},
 *      "data":{"due":"2027-01-01","tags":["a"]},
 *      "created_at":"2026-11-21T09:00:00.123456789Z","updated_at":"2026-11-21T09:00:00.123456789Z"}
 *
 * `id` is the short ID at the state that the call read or made; it is null for a document that has
 * none, because its chain of parents is broken. `rev` is the number of the write that made this
 * version; it grows and is never used twice. The parent is the UUID. Times are in UTC.
 *
 * `options_json` is a JSON object; this version knows no option here, so `{}` is the only one.
 *
 * - Cost: does not grow with the number of documents in memory; a store in a file with the
 *   checkpoint "commit" writes the whole file at each write, so put many documents into one
 *   nanostore_apply.
 * - Ownership: `*document_out` is yours; free it with nanostore_string_free.
 * - NULL: `options_json`, `document_out` (the result is not wanted) and `error_out` may be NULL.
 * - Threads: any; it is a write.
 * - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (a member of another type or name, or a value that
 *   the dimension does not have; `field` of the error names it and `candidates` lists what would
 *   do); NANOSTORE_EXISTS (the `uuid` or the `key` is taken; the message names the document that
 *   has it); NANOSTORE_NOTFOUND and NANOSTORE_AMBIGUOUS (the parent); NANOSTORE_LIMIT (more than
 *   `max_document_bytes`, 128 levels of JSON or 1,000 levels of parents; a key that is too long);
 *   those of every write.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_add(nanostore *store,
                               const char *document_json,
                               const char *options_json,
                               char **document_out,
                               nanostore_error **error_out);

/**
 * Gives one document, in the form that nanostore_add describes.
 *
 * `id` is any form of an ID, see nanostore_resolve_id. `options_json` is a JSON object; this
 * version knows no option here, so `{}` is the only one.
 *
 * - Cost: a few look-ups, whatever the size of the store.
 * - Ownership: `*document_out` is yours; free it with nanostore_string_free.
 * - NULL: `options_json`, `document_out` (to see whether it is there) and `error_out` may be NULL.
 * - Threads: any.
 * - Statuses: NANOSTORE_OK; NANOSTORE_NOTFOUND; NANOSTORE_AMBIGUOUS; NANOSTORE_INVALID (`id` has
 *   none of the forms of an ID); those of every read.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_get(nanostore *store,
                               const char *id,
                               const char *options_json,
                               char **document_out,
                               nanostore_error **error_out);

/**
 * Changes some members of a document and keeps the others.
 *
 * `patch_json` is a JSON object with the members to change. A member that is left out stays; null
 * takes it away, or sets a dimension to its default. `dimensions` and `data` are merged member by
 * member, `data` at every level (RFC 7396):
 *
 *     {"title":"Rye bread","dimensions":{"status":"done","parent_id":null},"data":{"due":null}}
 *
 * A patch may carry what a listing gave: `id` must then mean this same document, `uuid` acts like
 * `if_uuid`, and `rev` means "I saw this version" and acts like `if_rev`. An `updated_at` equal to
 * the stored one means now.
 *
 * `options_json` is a JSON object. With either member the call succeeds only while it holds;
 * otherwise it is NANOSTORE_CONFLICT, and `expected` and `actual` of the error tell both:
 *
 * - `{"if_rev":42}`: the document is at that revision.
 * - `{"if_uuid":"0194..."}`: `id` leads to the document with that UUID ("2 is now another
 *   document", named OTHER_DOCUMENT). Where `id` is another full UUID, it is NANOSTORE_INVALID.
 *
 * A revision alone does not guard a short ID or a key: documents of one batch share a revision,
 * and an ID may lead to another of them by now. To write what was listed, if nobody changed it
 * meanwhile, hand back `uuid` and `rev`, as options or inside the patch.
 *
 * A document that breaks the schema, because its file or an earlier schema had it so, must be
 * mended by the write: the error is NANOSTORE_CONSTRAINT (BREAKS_SCHEMA) and names the value and
 * what would do.
 *
 * The result is the document after the change, with its new `id`: a document that changes a
 * dimension moves, and its old neighbours may close up. A patch that changes nothing is no write:
 * `rev` stays.
 *
 * - Cost: that of the document, not that of the store; for a file see nanostore_add.
 * - Ownership: `*document_out` is yours; free it with nanostore_string_free.
 * - NULL: `options_json`, `document_out` and `error_out` may be NULL.
 * - Threads: any; it is a write.
 * - Statuses: NANOSTORE_OK; NANOSTORE_NOTFOUND and NANOSTORE_AMBIGUOUS (the document or its new
 *   parent); NANOSTORE_INVALID; NANOSTORE_CONFLICT; NANOSTORE_EXISTS (the `key` is taken);
 *   NANOSTORE_CONSTRAINT (the new parent is the document itself or hangs below it, or the document
 *   breaks the schema as it is);
 *   NANOSTORE_LIMIT; those of every write. INVALID and LIMIT are as for nanostore_add.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_update(nanostore *store,
                                  const char *id,
                                  const char *patch_json,
                                  const char *options_json,
                                  char **document_out,
                                  nanostore_error **error_out);

/**
 * Replaces a document as a whole, or adds it.
 *
 * `uuid`, `key` and `created_at` stay when `document_json` leaves them out. Everything else that
 * is left out is gone or gets its default. When no document answers to an `id` of the form
 * "key:..." or to a full UUID, the document is added with that key or UUID. `id`, `uuid` and `rev`
 * inside the document act as in nanostore_update.
 *
 * `options_json` is a JSON object: `{"if_rev":42,"if_uuid":"0194..."}` as for nanostore_update;
 * `{"if_rev":0}` asks that the document not be there yet.
 *
 * The result is the document as it is now. A replacement that changes nothing is no write: `rev`
 * stays.
 *
 * - Cost: that of the document, not that of the store; for a file see nanostore_add.
 * - Ownership: `*document_out` is yours; free it with nanostore_string_free.
 * - NULL: `options_json`, `document_out` and `error_out` may be NULL.
 * - Threads: any; it is a write.
 * - Statuses: as nanostore_update.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_replace(nanostore *store,
                                   const char *id,
                                   const char *document_json,
                                   const char *options_json,
                                   char **document_out,
                                   nanostore_error **error_out);

/**
 * Deletes a document.
 *
 * `options_json` is a JSON object: `{"cascade":true}` deletes everything below it too, and without
 * it a document that has children is refused; `{"if_rev":42,"if_uuid":"0194..."}` as for
 * nanostore_update.
 *
 * The result holds the documents as they were, with the IDs they had; the document itself comes
 * first. nanostore_add takes each of them back:
 *
 *     {"deleted":[{"uuid":"0194...","id":"2",...},{"uuid":"0194...","id":"2.1",...}]}
 *
 * - Cost: that of the documents deleted; for a file see nanostore_add.
 * - Ownership: `*report_out` is yours; free it with nanostore_string_free.
 * - NULL: `options_json`, `report_out` and `error_out` may be NULL.
 * - Threads: any; it is a write.
 * - Statuses: NANOSTORE_OK; NANOSTORE_NOTFOUND; NANOSTORE_AMBIGUOUS; NANOSTORE_INVALID;
 *   NANOSTORE_HAS_CHILDREN; NANOSTORE_CONFLICT; those of every write.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_delete(nanostore *store,
                                  const char *id,
                                  const char *options_json,
                                  char **report_out,
                                  nanostore_error **error_out);

/**
 * Applies a batch: several writes that happen together, or not at all.
 *
 * `operations_json` is a JSON array; its operations are done in their order:
 *
 *     [{"op":"add","document":{...},"as":"x"},
 *      {"op":"add","document":{"title":"Below x","dimensions":{"parent_id":"$x"}}},
 *      {"op":"update","id":"3","patch":{...},"if_rev":3,"if_uuid":"0194..."},
 *      {"op":"update","ids":["1","2"],"patch":{...}},
 *      {"op":"update","where":{"status":"pending"},"patch":{...}},
 *      {"op":"replace","id":"key:a","document":{...}},
 *      {"op":"delete","id":"4","cascade":true},
 *      {"op":"delete","where":{...}}]
 *
 * - Short IDs mean the state before the batch, in every operation: complete 1, 2 and 3 by these
 *   names, although 2 would be 1 once the first is completed.
 * - An add with `"as":"x"` names its document; later operations say "$x" where an ID goes.
 * - `ids` in the place of `id`: repeats count once, and one that is unknown fails the batch. A
 *   child that the same operation deletes does not hold its parent.
 * - `where`, as in nanostore_list, sees what the operations before it did. An empty one is refused
 *   unless the operation carries `"all":true`.
 * - `if_rev`, `if_uuid` and `cascade` are as for the single calls; the first two go with `id`
 *   only.
 * - A document may be added before its parent, if that is given by its full UUID and added by the
 *   same batch: so what a cascade deleted is added again in any order. A circle is refused.
 *
 * `options_json` is a JSON object; this version knows no option here, so `{}` is the only one.
 *
 * The results come in the order of the operations: `document` for one that names one document,
 * `documents` for one with `ids` or `where`, `deleted` for a delete. Documents carry the IDs after
 * the batch, deleted ones those before it. `commit` is the number of this write:
 *
 *     {"commit":43,"results":[{"document":{...}},{"documents":[...]},{"deleted":[...]}]}
 *
 * The error of a batch names the operation at fault in `field`, counted from 0, and in the message
 * where there are several.
 *
 * - Cost: that of the operations, and one pass over all documents for each `where`; a file is
 *   written once.
 * - Ownership: `*results_out` is yours; free it with nanostore_string_free.
 * - NULL: `options_json`, `results_out` and `error_out` may be NULL.
 * - Threads: any; it is a write.
 * - Statuses: those of nanostore_add, nanostore_update, nanostore_replace and nanostore_delete.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_apply(nanostore *store,
                                 const char *operations_json,
                                 const char *options_json,
                                 char **results_out,
                                 nanostore_error **error_out);

/* ==============================================================================================
 * IDs
 * ============================================================================================== */

/**
 * Turns an ID, as a person types it, into the UUID of its document.
 *
 * Every function that takes an `id` understands the same forms:
 *
 * - a short ID: "2", "1.3", "d1", "h2.1". Surrounding space and letter case do not matter (the
 *   exact reading wins), nor does the order of the prefixes of a level when all prefixes of that
 *   level are one letter long. Numbers have no leading zeros.
 * - a full UUID in any case, with its hyphens;
 * - "uuid:" and a unique beginning or ending of a UUID, 6 or more hexadecimal digits;
 * - "key:" and the key of the document, exactly as it is.
 *
 * Short IDs are computed from the present state, never stored: an ID may mean another document
 * after the next write. Resolve all IDs of one command in one call (nanostore_resolve_ids,
 * nanostore_apply), or keep the UUIDs.
 *
 * The error for an unknown ID says how far it could be followed: "1.4: 1 has 3 children".
 *
 * - Cost: a few look-ups for each level of the ID, whatever the size of the store.
 * - Ownership: `*uuid_out` is yours; free it with nanostore_string_free. It is the bare text of
 *   the UUID in lower case, not JSON.
 * - NULL: `uuid_out` and `error_out` may be NULL.
 * - Threads: any.
 * - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`id` has none of the forms above);
 *   NANOSTORE_NOTFOUND (no document answers to it); NANOSTORE_AMBIGUOUS (several do; `candidates`
 *   of the error lists them); those of every read.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_resolve_id(nanostore *store,
                                      const char *id,
                                      char **uuid_out,
                                      nanostore_error **error_out);

/**
 * Turns several IDs into UUIDs, all against one state of the store.
 *
 * `ids_json` is a JSON array of texts in any of the forms of nanostore_resolve_id:
 *
 *     ["1","2.1","key:user:7"]
 *
 * The result is a JSON array of UUIDs of the same length and in the same order; an ID given twice
 * is there twice:
 *
 *     ["0194...","0194...","0194..."]
 *
 * If one ID does not resolve, the call fails and its error names that ID.
 *
 * - Cost: that of nanostore_resolve_id for each ID.
 * - Ownership: `*uuids_out` is yours; free it with nanostore_string_free.
 * - NULL: `uuids_out` and `error_out` may be NULL.
 * - Threads: any.
 * - Statuses: as nanostore_resolve_id; NANOSTORE_INVALID also when `ids_json` is not an array of
 *   texts.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_resolve_ids(nanostore *store,
                                       const char *ids_json,
                                       char **uuids_out,
                                       nanostore_error **error_out);

/* ==============================================================================================
 * Queries
 * ============================================================================================== */

/**
 * Lists documents.
 *
 * `query_json` is a JSON object; every member may be left out:
 *
 *     {"where":{"status":"pending","data.due":{"$lt":"2027-01-01"}},"search":"bread",
 *      "order_by":["-priority","created_at"],"limit":50,"offset":0,"after":"token",
 *      "fields":["id","title","data.due"],"view":"all"}
 *
 * `where`: a field and its value, or a field and operators; several members must all hold.
 *
 * - Fields: uuid, id (as documents show it), key, rev, title, body, created_at, updated_at, level,
 *   has_children, the names of dimensions, "dimensions.x" for one that the schema does not
 *   declare, `data`, and "data.a.b" for what is inside it (a dot that belongs to a name is
 *   written "\.", which is "\\." in JSON).
 * - Operators: `$eq $ne $gt $gte $lt $lte $in $nin $exists $prefix $contains $like $size`. `$eq`
 *   takes any value; a range holds within one type only; `$contains` is an element of an array
 *   or a piece of a text; `$like` knows % (any text), _ (one character) and \ (the next one as it
 *   is). Only `search` ignores letter case.
 * - `$ne`, `$nin` and `$not` also match documents that lack the field; `{"data.a":null}` matches
 *   a null that is there.
 * - A dimension with `values` is compared with these and null only; another value is
 *   NANOSTORE_INVALID (VALUE_OUTSIDE_DIMENSION). What somebody typed into the file is found by
 *   `{"status":{"$like":"dnoe"}}`, by `$nin` with all of the values, and by nanostore_verify.
 * - `$and`, `$or` and `$nor` take an array of conditions, `$not` takes one.
 * - `{"parent":"1.2"}` gives children, `{"parent":null}` documents without a parent,
 *   `{"$under":"1.2"}` everything below a document. Both take any form of an ID.
 *
 *     {"$or":[{"priority":"high"},{"data.tags":{"$contains":"now"}}],"status":{"$ne":"done"}}
 *
 * `search` finds a piece of the title or of the body, without regard to letter case. `view` is
 * "all" or "canonical"; without `view` and without `where` the canonical view of the schema holds.
 * Filters never change an ID: a listing may show 2 and 5.
 *
 * `order_by`: fields, with "-" for descending. Values order as null, false, true, numbers, texts,
 * arrays, objects; a field that is missing comes before all of them; a dimension orders by the
 * place of its value in the schema. Without it, and where fields tie, documents come as their IDs
 * do: a parent before its children, siblings by prefix in the order of the schema and then by
 * number; documents without an ID come last.
 *
 * `limit` and `offset` apply after everything else. `after` takes the `next` of the page before,
 * together with the same query; another query is refused. `fields` leaves out all others; it may
 * also ask for `level` (1 for a document without a parent) and `has_children`. `total` (true)
 * tells how many documents there are on all pages. `hits` (true, with `search`) adds to each
 * document where the text was found, counted in bytes of UTF-8:
 * "hits":[{"field":"title","start_bytes":0,"end_bytes":5}]. `expand` is NANOSTORE_UNSUPPORTED
 * until later versions.
 *
 * `index` names an index of the schema (see nanostore_define). The documents then come by its
 * entries, in the order of its keys, a document once for each of its entries; `where` and `search`
 * may leave some out, `order_by` is refused, and the canonical view holds only with
 * "view":"canonical".
 *
 * - `key`: the entries with that key. In an index of several fields an array of the values of the
 *   first fields; a parent is named by any form of ID.
 * - `range`: {"gte":1,"lt":5}, with `gt`, `gte`, `lt`, `lte`: the entries between, by the total
 *   order of all values; an end that is left out is open. In an index of several fields the bounds
 *   are arrays of the first values, or, with `key`, values of what comes behind it.
 * - `prefix`: the entries whose text in the next field begins so.
 * - `desc` (true): the same entries from the last to the first.
 * - `group`: how many fields make a group, or true for all. The result is then
 *   {"groups":[{"key":"2026-11","value":3}],"next":null}, where `value` is what the `reduce` of
 *   the index makes of the entries; `limit`, `offset` and `after` count groups.
 * - Without `index`, `key`, `range` and `prefix` mean the keys of documents:
 *   {"range":{"gte":"user:","lt":"user;"},"fields":["key"]}.
 *
 * The result is one page; `next` is null on the last one:
 *
 *     {"documents":[{"uuid":"0194...","id":"1",...},...],"next":"token"}
 *
 * - Cost: one pass over the documents that may match, ending with the page in the order of the
 *   IDs or of an index; with another order also a sort. nanostore_explain tells which documents
 *   these are. A page costs the same however deep it is; `offset` costs what it skips, but for
 *   an index without other conditions.
 * - Ownership: `*page_out` is yours; free it with nanostore_string_free.
 * - NULL: `query_json` (everything in the canonical view), `page_out` and `error_out` may be NULL.
 * - Threads: any.
 * - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`field` of the error names the member of the
 *   query; `name` is TOKEN for an `after` that is none, TOKEN_OF_ANOTHER_QUERY, UNKNOWN_INDEX);
 *   NANOSTORE_NOTFOUND and NANOSTORE_AMBIGUOUS (an ID in `parent` or `$under`);
 *   NANOSTORE_UNSUPPORTED; NANOSTORE_LIMIT; those of every read.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_list(nanostore *store,
                                const char *query_json,
                                char **page_out,
                                nanostore_error **error_out);

/**
 * Counts the documents that nanostore_list would list for the same query; its `limit`, `offset`
 * and `after` do not matter.
 *
 * With `index`, entries are counted.
 *
 * - Cost: conditions on dimensions with declared values, and ranges of an index, are counted
 *   without looking at documents, but for the first time (see nanostore_define on indexes);
 *   otherwise one pass over the documents that may match.
 * - NULL: `query_json` (everything in the canonical view), `count_out` and `error_out` may be
 *   NULL. Unless the call succeeds, `*count_out` is 0.
 * - Threads: any.
 * - Statuses: as nanostore_list.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_count(nanostore *store,
                                 const char *query_json,
                                 int64_t *count_out,
                                 nanostore_error **error_out);

/**
 * Tells how a query would be answered, without answering it, as a JSON object:
 *
 *     {"access":"index","index":"by_due","estimated":12,"order":"index",
 *      "why":"the index has the order that is wanted"}
 *
 * `access` is "scan" (every document is looked at), "id" (conditions name the documents), "key",
 * "index" (named by `index`) or "filter" (conditions on dimensions or on the tree leave few
 * documents); `estimated` is the number of documents that are looked at, at most; `order` is
 * "native" (that of the IDs), "index" (they come in the order asked for) or "sort"; `why` says in
 * words what decided. Members may be added in later versions.
 *
 * - Cost: that of finding the place in each index that may serve; no document is looked at but to
 *   make an index that is used for the first time.
 * - Ownership: `*plan_out` is yours; free it with nanostore_string_free.
 * - NULL: `query_json`, `plan_out` and `error_out` may be NULL.
 * - Threads: any.
 * - Statuses: as nanostore_list.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_explain(nanostore *store,
                                   const char *query_json,
                                   char **plan_out,
                                   nanostore_error **error_out);

/**
 * Opens a cursor: the same query as for nanostore_list, its documents pulled one by one.
 *
 * A cursor shows the state of the store at this moment, whatever is written while it is open, and
 * in the order that nanostore_list would give. Close it at any time; that is also how to stop.
 * Without `limit` it goes to the end.
 *
 *     nanostore_cursor *cursor = NULL;
 *     char *document = NULL;
 *     nanostore_status status = nanostore_cursor_open(store, NULL, &cursor, &error);
 *     while (status == NANOSTORE_OK) {
 *         status = nanostore_cursor_next(cursor, &document, &error);
 *         if (document == NULL) break;
 *         puts(document);
 *         nanostore_string_free(document);
 *     }
 *     nanostore_cursor_close(cursor);
 *
 * - Cost: little, whatever the size of the store; with `order_by` a pass and a sort. While it is
 *   open, what is written meanwhile takes additional memory.
 * - Ownership: `*cursor_out` is yours; close it with nanostore_cursor_close. It keeps its store
 *   alive, so it may outlive the handle.
 * - NULL: `query_json` and `error_out` may be NULL; `cursor_out` must not.
 * - Threads: any.
 * - Statuses: as nanostore_list.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_cursor_open(nanostore *store,
                                       const char *query_json,
                                       nanostore_cursor **cursor_out,
                                       nanostore_error **error_out);

/**
 * Gives the next document of a cursor, in the form that nanostore_add describes (with `fields` in
 * the query: those fields). After the last one `*document_out` is NULL and the call succeeds, as
 * often as it is called.
 *
 * - Cost: that of the documents looked at until one matches.
 * - Ownership: `*document_out` is yours; free it with nanostore_string_free.
 * - NULL: `document_out` (the document is skipped) and `error_out` may be NULL.
 * - Threads: any, one at a time for each cursor.
 * - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (`cursor` is NULL); NANOSTORE_MISUSE (another thread
 *   is using the cursor); NANOSTORE_FORKED; NANOSTORE_PANIC (now, or in an earlier call on this
 *   cursor).
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_cursor_next(nanostore_cursor *cursor,
                                       char **document_out,
                                       nanostore_error **error_out);

/**
 * Gives the token of the place that a cursor has reached: `after` with this token and the same
 * query, in nanostore_list or nanostore_cursor_open, goes on behind the document pulled last.
 *
 * - Cost: little.
 * - Ownership: `*token_out` is yours; free it with nanostore_string_free. It is JSON, a string in
 *   quotes, and goes into a query as it is. Before the first document it stands for the beginning.
 * - NULL: `token_out` and `error_out` may be NULL.
 * - Threads: any, one at a time for each cursor.
 * - Statuses: as nanostore_cursor_next.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_cursor_token(nanostore_cursor *cursor,
                                        char **token_out,
                                        nanostore_error **error_out);

/**
 * Closes a cursor. It may be closed before or after its store, at its end or before it.
 *
 * In the child of a fork, closing a cursor of the parent frees memory and does nothing else.
 *
 * - NULL: does nothing.
 * - Threads: any, but no call on this cursor may be under way.
 */
void nanostore_cursor_close(nanostore_cursor *cursor);

/* ==============================================================================================
 * Changes
 * ============================================================================================== */

/**
 * Tells what was written since a revision, by any process or person, as a JSON object:
 *
 *     {"changes":[{"op":"put","uuid":"0194...","id":"1.2","rev":42},
 *                 {"op":"delete","uuid":"0194...","id":null,"rev":43}],
 *      "next":43,"truncated":false}
 *
 * `options_json` is a JSON object; every member may be left out: {"since":41,"limit":1000,
 * "timeout_ms":0}.
 *
 * - A document is named once, at its last change ("put": it is there, "delete": it is not), with
 *   its short ID as of now. Changes come in the order of their revisions.
 * - `next` is the `since` of the next call. A commit is never split, so there may be more changes
 *   than `limit`. `since` 0, or none, begins with all documents that are there.
 * - Where nothing was written yet, the call waits for the next commit up to `timeout_ms`, and then
 *   answers with no changes. Commits of this process are told at once, those of others within some
 *   20 ms.
 * - `truncated` is true where deletions since then are not known any more (the last 1,000 are kept
 *   in the file), or where the store has gone back behind `since`, as with a restored backup; the
 *   changes then begin with all documents. Either way, drop what you know and is not there.
 *
 * - Cost: that of the changes, not of the store; the first time, all documents are put in the
 *   order of their revisions.
 * - Ownership: `*changes_out` is yours; free it with nanostore_string_free.
 * - NULL: `options_json`, `changes_out` and `error_out` may be NULL.
 * - Threads: any; a call that waits holds nobody up. Do not close the handle meanwhile.
 * - Statuses: NANOSTORE_OK; NANOSTORE_INVALID; those of every read.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_changes(nanostore *store,
                                   const char *options_json,
                                   char **changes_out,
                                   nanostore_error **error_out);

/* ==============================================================================================
 * Versions of a file
 * ============================================================================================== */

/**
 * Merges another version of a store's file into one, document by document, by UUID: what a merge
 * driver of git does (`examples-c/merge.c` is one; `docs/git.md`).
 *
 * `base_path` is the version that both come from; NULL, a file that is not there or one without a
 * byte when nobody knows it. `ours_path` is one version and becomes the merged one; `theirs_path`
 * is the other. None of the three is opened as a store: no lock is taken, no log is read. A
 * program that has the store open sees the result as an edit by hand.
 *
 * What one side changed counts, member by member, dimensions and data included. Conflicts are: a
 * member that both sides changed in different ways, a document that one side deleted and the other
 * changed or put something below, and a schema that both changed (of two versions of a schema the
 * one with the higher `schema_version` counts). The file then holds conflict markers around just
 * the documents in conflict, and does not open until a person has decided. Without a base, a
 * document that only one side has counts as added, unless the other side's metadata tell that it
 * was deleted, and one that differs is a conflict.
 *
 * `options_json`: `{"ours":"HEAD","theirs":"topic"}` names the sides in messages and markers.
 *
 *     {"clean":false,"documents":12,"conflicts":[
 *       {"kind":"changed","uuid":"0194...","title":"Bread","fields":["title","data.due"],
 *        "message":"'Bread' (0194...) was changed on both sides: title, data.due"}]}
 *
 * `kind` is "changed", "deleted" or "metadata". With conflicts the call succeeds, too, and `clean`
 * is false.
 *
 * - Cost: reading the three files and writing one.
 * - Ownership: `*report_out` is yours; free it with nanostore_string_free.
 * - NULL: `base_path`, `options_json`, `report_out` and `error_out` may be NULL.
 * - Threads: any.
 * - Statuses: NANOSTORE_OK; NANOSTORE_INVALID (an argument, an option); NANOSTORE_NOTFOUND (no
 *   file at `ours_path` or `theirs_path`); NANOSTORE_CORRUPT, NANOSTORE_TOONEW, NANOSTORE_LIMIT (a
 *   version cannot be read; the message says which; `ours_path` is left as it is); those of the
 *   disk: NANOSTORE_IO, NANOSTORE_NOSPACE, NANOSTORE_PERMISSION, NANOSTORE_READONLY,
 *   NANOSTORE_UNKNOWN_OUTCOME.
 */
NANOSTORE_MUST_USE
nanostore_status nanostore_merge(const char *base_path,
                                 const char *ours_path,
                                 const char *theirs_path,
                                 const char *options_json,
                                 char **report_out,
                                 nanostore_error **error_out);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* NANOSTORE_H */
