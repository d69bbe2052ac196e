/*
 * calls: how long calls of the C interface take.
 *
 *     calls PATH CALLS     makes a store of 1,000 documents at that path, and prints the
 *                          nanoseconds of one call of each kind
 *
 * Its twins are bindings/go/internal/callcost and the like in other languages; `cargo xtask
 * call-cost` runs and compares them.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nanostore.h"

#define DOCUMENTS 1000
#define TEXT_BYTES_MAX 512

static const char OPTIONS[] =
    "{\"clock\":{\"start\":\"2026-01-01T00:00:00Z\",\"step_ms\":1000},\"uuid_seed\":1,\"schema\":{"
    "\"dimensions\":["
    "{\"name\":\"status\",\"type\":\"enumerated\",\"values\":[\"pending\",\"active\",\"done\"],"
    "\"prefixes\":{\"active\":\"a\",\"done\":\"d\"},\"default_value\":\"pending\"},"
    "{\"name\":\"priority\",\"type\":\"enumerated\",\"values\":[\"low\",\"medium\",\"high\"],"
    "\"prefixes\":{\"high\":\"h\"},\"default_value\":\"medium\"},"
    "{\"name\":\"parent\",\"type\":\"hierarchical\",\"ref_field\":\"parent_id\"}]}}";

/* A pointer to the error: the call that sets it may come after the other arguments. */
static void need(nanostore_status status, nanostore_error **error, const char *what)
{
    if (status != NANOSTORE_OK) {
        fprintf(stderr, "%s: %s\n", what, nanostore_error_message(*error));
        exit(1);
    }
}

/* Writes the document of that number; every third one lies below the first. */
static char *document_of(int number)
{
    static const char *const statuses[] = { "pending", "active", "done" };
    static const char *const priorities[] = { "low", "medium", "high" };
    char *text = malloc(TEXT_BYTES_MAX);

    snprintf(text, TEXT_BYTES_MAX,
             "{%s\"title\":\"Task number %d\",\"body\":\"Two lines of what is to be done, by "
             "whom, and until when.\",\"dimensions\":{\"status\":\"%s\",\"priority\":\"%s\","
             "\"parent_id\":\"%s\"},\"data\":{\"due\":\"2027-01-%02d\",\"tags\":[\"a\"]}}",
             number == 0 ? "\"key\":\"first\"," : "", number, statuses[number % 3],
             priorities[number % 5 % 3], number > 0 && number % 3 == 0 ? "key:first" : "",
             1 + number % 28);
    return text;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void say(const char *kind, double start, int calls)
{
    printf("%s %.0f\n", kind, (now() - start) / calls);
}

static char *add(nanostore *store, const char *document)
{
    nanostore_error *error = NULL;
    char *added = NULL;

    need(nanostore_add(store, document, NULL, &added, &error), &error, "add");
    return added;
}

static void fill(nanostore *store, char *uuids[DOCUMENTS])
{
    int i;

    for (i = 0; i < DOCUMENTS; i++) {
        nanostore_error *error = NULL;
        char *document = document_of(i);
        char *added = add(store, document);

        need(nanostore_json_get(added, "/uuid", &uuids[i], &error), &error, "json_get");
        nanostore_string_free(added);
        free(document);
    }
}

static void time_calls(nanostore *store, char *uuids[DOCUMENTS], char **added, int calls)
{
    nanostore_error *error = NULL;
    char *text = NULL;
    double start = now();
    int i;

    for (i = 0; i < calls; i++) {
        need(nanostore_get(store, uuids[i % DOCUMENTS], NULL, &text, &error), &error, "get");
        nanostore_string_free(text);
    }
    say("get", start, calls);
    start = now();
    for (i = 0; i < calls; i++) {
        need(nanostore_list(store, "{\"limit\":50}", &text, &error), &error, "list");
        nanostore_string_free(text);
    }
    say("list50", start, calls);
    start = now();
    for (i = 0; i < calls; i++) {
        nanostore_string_free(add(store, added[i]));
    }
    say("add", start, calls);
}

int main(int argc, char **argv)
{
    static char *uuids[DOCUMENTS];
    nanostore *store = NULL;
    nanostore_error *error = NULL;
    const int calls = argc == 3 ? atoi(argv[2]) : 0;
    char **added = calloc((size_t)calls + 1, sizeof *added);
    int i;

    if (calls < 1 || added == NULL) {
        fprintf(stderr, "usage: calls PATH CALLS\n");
        return 2;
    }
    need(nanostore_open(argv[1], OPTIONS, &store, &error), &error, "open");
    fill(store, uuids);
    for (i = 0; i < calls; i++) {
        added[i] = document_of(DOCUMENTS + i);
    }
    time_calls(store, uuids, added, calls);
    for (i = 0; i < calls; i++) {
        free(added[i]);
    }
    for (i = 0; i < DOCUMENTS; i++) {
        nanostore_string_free(uuids[i]);
    }
    free(added);
    need(nanostore_close(&store, &error), &error, "close");
    return 0;
}
