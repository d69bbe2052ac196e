/*
 * checker: opens a store, checks it, and prints all that it holds, then writes to it.
 *
 *     checker path=P [options=JSON] [probe=N] [limit=SECONDS]
 *
 *     DID open OK                 calls, as the worker says them
 *     VERIFY ok                   or what verify found
 *     COMMIT 42                   the number of the last commit
 *     DOC 3.4 3.17 42 whole 1.2   document 3.4, written by operation 3.17 at revision 42; its ID
 *     DOC 3.4 3.17 42 broken 1.2  the same, but its body is not what 3.17 wrote
 *     ODD uuid                    a document that no worker can have written
 *     PROBE 43 44                 document 4294967295.N was added and deleted: its revision, the
 *                                 number of the last commit after that; probe=0: it is not
 *     FDS 4 4
 *     DONE
 */
#define _GNU_SOURCE
#include "protocol.h"

/* The worker that a checker is when it writes. */
#define PROBER UINT32_C(0xffffffff)

static nanostore *store;
static char expected[BODY_BYTES_MAX];

/* Says how a call ended; true when it ended well. */
static int did(const char *what, nanostore_status status, nanostore_error *error)
{
    say_outcome(what, status, error);
    return status == NANOSTORE_OK;
}

static void say_document(const char *json)
{
    struct name made = { 0, 0 }, writer = { 0, 0 };
    char *uuid = member(json, "/uuid"), *title = member(json, "/title");
    char *body = member(json, "/body"), *id = member(json, "/id");
    char *status = member(json, "/dimensions/status");
    uint64_t length = member_number(json, "/data/length");
    int known = read_uuid(uuid, &made)
        && sscanf(title, "%" SCNu32 ".%" SCNu32, &writer.worker, &writer.number) == 2;
    if (!known) {
        say("ODD %s", uuid);
    } else {
        int whole = length < sizeof expected;
        if (whole) {
            write_body(expected, writer, (uint32_t)length);
            whole = strcmp(expected, body) == 0
                && (writer.worker == PROBER || strcmp(status, status_of(writer)) == 0);
        }
        say("DOC %" PRIu32 ".%" PRIu32 " %" PRIu32 ".%" PRIu32 " %" PRIu64 " %s %s", made.worker,
            made.number, writer.worker, writer.number, member_number(json, "/rev"),
            whole ? "whole" : "broken", id);
    }
    free_member(status);
    free_member(id);
    free_member(body);
    free_member(title);
    free_member(uuid);
}

static int say_all(void)
{
    nanostore_cursor *cursor = NULL;
    nanostore_error *error = NULL;
    char *json = NULL;
    nanostore_status status =
        nanostore_cursor_open(store, "{\"view\":\"all\"}", &cursor, &error);
    while (status == NANOSTORE_OK) {
        status = nanostore_cursor_next(cursor, &json, &error);
        if (json == NULL) {
            break;
        }
        say_document(json);
        nanostore_string_free(json);
    }
    nanostore_cursor_close(cursor);
    return did("DID list", status, error);
}

static int say_verify(void)
{
    nanostore_error *error = NULL;
    char *report = NULL, *ok, *info = NULL;
    nanostore_status status = nanostore_verify(store, &report, &error);
    if (status != NANOSTORE_OK) {
        return did("DID verify", status, error);
    }
    ok = member(report, "/ok");
    say("VERIFY %.3000s", strcmp(ok, "true") == 0 ? "ok" : report);
    free_member(ok);
    nanostore_string_free(report);
    status = nanostore_info(store, &info, &error);
    if (status == NANOSTORE_OK) {
        say("COMMIT %" PRIu64, member_number(info, "/commit"));
    }
    nanostore_string_free(info);
    return did("DID info", status, error);
}

static int probe(void)
{
    struct name name = { PROBER, 0 };
    nanostore_error *error = NULL;
    char *result = NULL, *info = NULL, uuid[40], document[200];
    uint64_t revision;
    nanostore_status status;
    name.number = (uint32_t)argument_number("probe", 1);
    write_uuid(uuid, name);
    /* Without dimensions: a store that was not made to its end has no schema. */
    sprintf(document, "{\"uuid\":\"%s\",\"title\":\"%" PRIu32 ".%" PRIu32 "\"}", uuid, name.worker,
            name.number);
    status = nanostore_add(store, document, NULL, &result, &error);
    revision = member_number(result, "/rev");
    nanostore_string_free(result);
    if (!did("DID add", status, error)) {
        return 0;
    }
    status = nanostore_delete(store, uuid, NULL, NULL, &error);
    if (!did("DID delete", status, error)) {
        return 0;
    }
    status = nanostore_info(store, &info, &error);
    say("PROBE %" PRIu64 " %" PRIu64, revision, member_number(info, "/commit"));
    nanostore_string_free(info);
    return did("DID info", status, error);
}

int main(int count, char **words)
{
    nanostore_error *error = NULL;
    nanostore_status status;
    int before, well;
    start(count, words);
    before = open_descriptors();
    status = nanostore_open(argument("path", NULL), argument("options", NULL), &store, &error);
    well = did("DID open", status, error);
    if (well) {
        well = say_verify() && say_all() && (argument_number("probe", 1) == 0 || probe());
        status = nanostore_close(&store, &error);
        well = did("DID close", status, error) && well;
    }
    say("FDS %d %d", before, open_descriptors());
    say("DONE");
    return well ? 0 : 3;
}
