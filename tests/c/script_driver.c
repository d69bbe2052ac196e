/*
 * script_driver: plays calls through the C interface, for runners in any language.
 *
 * Reads one call a line from stdin, {"call":"add","on":"a","document":"{...}"}, every argument a
 * text, an absent one NULL; prints one line for each, {"ok":result} or {"error":{...}}.
 * It has no JSON library: nanostore_json_get takes the calls apart.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nanostore.h"

#define NAMES_MAX 16
#define NAME_BYTES_MAX 32

/* The handles and cursors that calls name; an empty name is a free place. */
static struct {
    char name[NAME_BYTES_MAX];
    nanostore *store;
    nanostore_cursor *cursor;
} places[NAMES_MAX];

static void fail(const char *what)
{
    fprintf(stderr, "script_driver: %s\n", what);
    exit(2);
}

/* The place of `name`, made when it is not there. */
static int place_of(const char *name)
{
    int i, place = -1;
    for (i = 0; i < NAMES_MAX; i++) {
        if (strcmp(places[i].name, name) == 0) {
            return i;
        }
        if (place < 0 && places[i].name[0] == '\0') {
            place = i;
        }
    }
    if (place < 0 || strlen(name) >= NAME_BYTES_MAX) {
        fail("too many names, or too long a name");
    }
    strcpy(places[place].name, name);
    return place;
}

/* The argument `name` of the call, NULL when it has none; to be freed. */
static char *argument(const char *call, const char *name)
{
    char pointer[NAME_BYTES_MAX];
    char *text = NULL;
    nanostore_error *error = NULL;
    snprintf(pointer, sizeof pointer, "/%s", name);
    if (nanostore_json_get(call, pointer, &text, &error) != NANOSTORE_OK) {
        fail(nanostore_error_message(error));
    }
    return text;
}

/* What a call gave: one of them is set, or none where the call has no result. */
struct result {
    char *json;    /* the result, as JSON */
    char *text;    /* the result, as bare text */
    int64_t count; /* the result of nanostore_count, else -1 */
};

static void print_result(const struct result *result)
{
    nanostore_error *error = NULL;
    char *quoted = NULL;
    if (result->count >= 0) {
        printf("{\"ok\":%lld}\n", (long long)result->count);
    } else if (result->text != NULL) {
        if (nanostore_json_quote(result->text, &quoted, &error) != NANOSTORE_OK) {
            fail(nanostore_error_message(error));
        }
        printf("{\"ok\":%s}\n", quoted);
        nanostore_string_free(quoted);
    } else {
        printf("{\"ok\":%s}\n", result->json != NULL ? result->json : "null");
    }
}

static void print_error(nanostore_status status, nanostore_error *error)
{
    if (error == NULL) {
        fail("a failed call gave no error");
    }
    if (nanostore_error_status(error) != status) {
        fail("the status returned and the status of the error differ");
    }
    printf("{\"error\":%s}\n", nanostore_error_json(error));
    nanostore_error_free(error);
}

/* The arguments that the functions take, in this order in `arguments`. */
enum { PATH, OPTIONS, SCHEMA, DOCUMENT, ID, PATCH, OPERATIONS, IDS, QUERY, TEXT, JSON, POINTER,
       CURSOR, SNAPSHOT, ON, CALL, ARGUMENTS };
static const char *const argument_names[ARGUMENTS] = {
    "path", "options", "schema", "document", "id", "patch", "operations", "ids", "query", "text",
    "json", "pointer", "cursor", "snapshot", "on", "call"
};

static int perform_on_cursor(char **a, struct result *r, nanostore_status *s, nanostore_error **e)
{
    int place = place_of(a[CURSOR] != NULL ? a[CURSOR] : "");
    nanostore_cursor **cursor = &places[place].cursor;
    if (strcmp(a[CALL], "cursor_next") == 0) {
        *s = nanostore_cursor_next(*cursor, &r->json, e);
    } else if (strcmp(a[CALL], "cursor_token") == 0) {
        *s = nanostore_cursor_token(*cursor, &r->json, e);
    } else if (strcmp(a[CALL], "cursor_close") == 0) {
        nanostore_cursor_close(*cursor);
        *cursor = NULL;
        places[place].name[0] = '\0';
    } else {
        return 0;
    }
    return 1;
}

static int perform_on_store(nanostore *store, char **a, struct result *r, nanostore_status *s,
                            nanostore_error **e)
{
    const char *call = a[CALL];
    if (strcmp(call, "define") == 0) {
        *s = nanostore_define(store, a[SCHEMA], a[OPTIONS], &r->json, e);
    } else if (strcmp(call, "info") == 0) {
        *s = nanostore_info(store, &r->json, e);
    } else if (strcmp(call, "verify") == 0) {
        *s = nanostore_verify(store, &r->json, e);
    } else if (strcmp(call, "sync") == 0) {
        *s = nanostore_sync(store, e);
    } else if (strcmp(call, "checkpoint") == 0) {
        *s = nanostore_checkpoint(store, e);
    } else if (strcmp(call, "resolve_id") == 0) {
        *s = nanostore_resolve_id(store, a[ID], &r->text, e);
    } else if (strcmp(call, "resolve_ids") == 0) {
        *s = nanostore_resolve_ids(store, a[IDS], &r->json, e);
    } else if (strcmp(call, "list") == 0) {
        *s = nanostore_list(store, a[QUERY], &r->json, e);
    } else if (strcmp(call, "count") == 0) {
        *s = nanostore_count(store, a[QUERY], &r->count, e);
    } else if (strcmp(call, "explain") == 0) {
        *s = nanostore_explain(store, a[QUERY], &r->json, e);
    } else if (strcmp(call, "changes") == 0) {
        *s = nanostore_changes(store, a[OPTIONS], &r->json, e);
    } else if (strcmp(call, "snapshot") == 0) {
        *s = nanostore_snapshot(store, &places[place_of(a[SNAPSHOT])].store, e);
    } else if (strcmp(call, "cursor_open") == 0) {
        *s = nanostore_cursor_open(store, a[QUERY], &places[place_of(a[CURSOR])].cursor, e);
    } else {
        return 0;
    }
    return 1;
}

static int perform_on_documents(nanostore *store, char **a, struct result *r, nanostore_status *s,
                                nanostore_error **e)
{
    const char *call = a[CALL];
    if (strcmp(call, "add") == 0) {
        *s = nanostore_add(store, a[DOCUMENT], a[OPTIONS], &r->json, e);
    } else if (strcmp(call, "get") == 0) {
        *s = nanostore_get(store, a[ID], a[OPTIONS], &r->json, e);
    } else if (strcmp(call, "update") == 0) {
        *s = nanostore_update(store, a[ID], a[PATCH], a[OPTIONS], &r->json, e);
    } else if (strcmp(call, "replace") == 0) {
        *s = nanostore_replace(store, a[ID], a[DOCUMENT], a[OPTIONS], &r->json, e);
    } else if (strcmp(call, "delete") == 0) {
        *s = nanostore_delete(store, a[ID], a[OPTIONS], &r->json, e);
    } else if (strcmp(call, "apply") == 0) {
        *s = nanostore_apply(store, a[OPERATIONS], a[OPTIONS], &r->json, e);
    } else {
        return 0;
    }
    return 1;
}

static int perform_without_handle(char **a, struct result *r, nanostore_status *s,
                                  nanostore_error **e)
{
    int place = place_of(a[ON] != NULL ? a[ON] : "a");
    const char *call = a[CALL];
    if (strcmp(call, "json_quote") == 0) {
        *s = nanostore_json_quote(a[TEXT], &r->json, e);
    } else if (strcmp(call, "json_get") == 0) {
        *s = nanostore_json_get(a[JSON], a[POINTER], &r->text, e);
    } else if (strcmp(call, "open") == 0) {
        *s = nanostore_open(a[PATH], a[OPTIONS], &places[place].store, e);
    } else if (strcmp(call, "close") == 0) {
        *s = nanostore_close(&places[place].store, e);
        places[place].name[0] = '\0';
    } else {
        return 0;
    }
    return 1;
}

static void perform(const char *line)
{
    char *arguments[ARGUMENTS];
    struct result result = { NULL, NULL, -1 };
    nanostore_status status = NANOSTORE_OK;
    nanostore_error *error = NULL;
    nanostore *store;
    int i;
    for (i = 0; i < ARGUMENTS; i++) {
        arguments[i] = argument(line, argument_names[i]);
    }
    if (arguments[CALL] == NULL) {
        fail("a line without a call");
    }
    store = places[place_of(arguments[ON] != NULL ? arguments[ON] : "a")].store;
    if (!perform_without_handle(arguments, &result, &status, &error)
        && !perform_on_documents(store, arguments, &result, &status, &error)
        && !perform_on_store(store, arguments, &result, &status, &error)
        && !perform_on_cursor(arguments, &result, &status, &error)) {
        fail("a call that it does not know");
    }
    if (status != NANOSTORE_OK) {
        print_error(status, error);
    } else {
        print_result(&result);
    }
    nanostore_string_free(result.json);
    nanostore_string_free(result.text);
    for (i = 0; i < ARGUMENTS; i++) {
        nanostore_string_free(arguments[i]);
    }
}

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    int i;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        line[length - 1] = line[length - 1] == '\n' ? '\0' : line[length - 1];
        perform(line);
    }
    free(line);
    for (i = 0; i < NAMES_MAX; i++) {
        nanostore_cursor_close(places[i].cursor);
        nanostore_close(&places[i].store, NULL);
    }
    return 0;
}
