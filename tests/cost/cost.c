/*
 * cost: what a call costs in a store of N documents.
 *
 *     cost calls N     makes 200 calls of each kind, each kind inside a function cost_KIND of its
 *                      own, for callgrind to count the instructions of
 *     cost memory N    prints the resident bytes and the text bytes of each document
 *
 * The documents are those of a task list: 60/15/25 % pending, active, done; 20/60/20 % low, medium,
 * high; 30 % below another one. All of it follows from fixed seeds.
 */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <valgrind/callgrind.h>

#include "nanostore.h"

#define BATCH 1000
#define CALLS 200
#define TEXT_BYTES_MAX 1024
#define NOINLINE __attribute__((noinline))

static const char OPTIONS[] =
    "{\"clock\":{\"start\":\"2026-01-01T00:00:00Z\",\"step_ms\":1000},\"uuid_seed\":1,\"schema\":{"
    "\"dimensions\":["
    "{\"name\":\"status\",\"type\":\"enumerated\",\"values\":[\"pending\",\"active\",\"done\"],"
    "\"prefixes\":{\"active\":\"a\",\"done\":\"d\"},\"default_value\":\"pending\"},"
    "{\"name\":\"priority\",\"type\":\"enumerated\",\"values\":[\"low\",\"medium\",\"high\"],"
    "\"prefixes\":{\"low\":\"l\",\"high\":\"h\"},\"default_value\":\"medium\"},"
    "{\"name\":\"parent\",\"type\":\"hierarchical\",\"ref_field\":\"parent_id\"}]}}";

static const char BODY[] =
    "Two lines of what is to be done, by whom, and until when; long enough to be like a real one.";

/* What the calls are made with: made before counting begins. */
static char documents[CALLS][TEXT_BYTES_MAX];
static char uuids[CALLS][40];
static char *ids[CALLS];

static uint64_t state;

/* Numbers that look random: a 64-bit linear congruence, its upper half. */
static uint32_t next_number(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static void need(nanostore_status status, nanostore_error *error, const char *what)
{
    if (status != NANOSTORE_OK) {
        fprintf(stderr, "%s: %s\n", what, nanostore_error_message(error));
        exit(1);
    }
}

static void write_uuid(char *out, uint32_t number)
{
    uint32_t spread = number * UINT32_C(2654435761);
    sprintf(out, "01940000-%04x-7%03x-8%03x-%012x", number >> 16, number & 0xfff, spread & 0xfff,
            spread);
}

/* Writes the document of that number. Its parent, if it has one, is any of those before it. */
static size_t write_document(char *out, uint32_t number)
{
    uint32_t of_status = next_number(100), of_priority = next_number(100);
    const char *status = of_status < 60 ? "pending" : of_status < 75 ? "active" : "done";
    const char *priority = of_priority < 20 ? "low" : of_priority < 80 ? "medium" : "high";
    char uuid[40], parent[64] = "";
    write_uuid(uuid, number);
    if (number > 0 && next_number(100) < 30) {
        strcpy(parent, ",\"parent_id\":\"");
        write_uuid(parent + strlen(parent), next_number(number));
        strcat(parent, "\"");
    }
    return (size_t)sprintf(out,
                           "{\"uuid\":\"%s\",\"title\":\"Task number %u\",\"body\":\"%s\","
                           "\"dimensions\":{\"status\":\"%s\",\"priority\":\"%s\"%s},"
                           "\"data\":{\"due\":\"2027-%02u-%02u\",\"tags\":[\"a\"]}}",
                           uuid, number, BODY, status, priority, parent, 1 + number % 12,
                           1 + number % 28);
}

static nanostore *open_store(void)
{
    nanostore *store = NULL;
    nanostore_error *error = NULL;
    need(nanostore_open(":memory:", OPTIONS, &store, &error), error, "open");
    return store;
}

static void close_store(nanostore *store)
{
    nanostore_error *error = NULL;
    need(nanostore_close(&store, &error), error, "close");
}

/* Adds `count` documents, in batches. Returns the bytes of their texts. */
static size_t fill(nanostore *store, uint32_t count)
{
    char *operations = malloc((size_t)BATCH * TEXT_BYTES_MAX);
    size_t bytes = 0;
    uint32_t number = 0;
    state = 1;
    while (number < count) {
        nanostore_error *error = NULL;
        char *end = operations;
        const char *comma = "[";
        do {
            size_t length;
            end += sprintf(end, "%s{\"op\":\"add\",\"document\":", comma);
            length = write_document(end, number);
            bytes += length;
            end += length;
            *end++ = '}';
            comma = ",";
            number++;
        } while (number % BATCH != 0 && number < count);
        strcpy(end, "]");
        need(nanostore_apply(store, operations, NULL, NULL, &error), error, "apply");
    }
    free(operations);
    return bytes;
}

NOINLINE void cost_add(nanostore *store)
{
    int i;
    for (i = 0; i < CALLS; i++) {
        nanostore_error *error = NULL;
        char *document = NULL;
        need(nanostore_add(store, documents[i], NULL, &document, &error), error, "add");
        nanostore_string_free(document);
    }
}

NOINLINE void cost_update(nanostore *store)
{
    static const char *const patches[] = {"{\"dimensions\":{\"status\":\"active\"}}",
                                          "{\"dimensions\":{\"status\":\"done\"}}",
                                          "{\"dimensions\":{\"status\":\"pending\"}}"};
    int i;
    for (i = 0; i < CALLS; i++) {
        nanostore_error *error = NULL;
        char *document = NULL;
        need(nanostore_update(store, uuids[i], patches[i % 3], NULL, &document, &error), error,
             "update");
        nanostore_string_free(document);
    }
}

NOINLINE void cost_resolve(nanostore *store)
{
    int i;
    for (i = 0; i < CALLS; i++) {
        nanostore_error *error = NULL;
        char *uuid = NULL;
        need(nanostore_resolve_id(store, ids[i], &uuid, &error), error, "resolve");
        nanostore_string_free(uuid);
    }
}

NOINLINE void cost_id_of(nanostore *store)
{
    int i;
    for (i = 0; i < CALLS; i++) {
        nanostore_error *error = NULL;
        char *document = NULL;
        need(nanostore_get(store, uuids[i], NULL, &document, &error), error, "get");
        nanostore_string_free(document);
    }
}

NOINLINE void cost_list(nanostore *store)
{
    int i;
    for (i = 0; i < CALLS; i++) {
        nanostore_error *error = NULL;
        char *page = NULL;
        need(nanostore_list(store, "{\"limit\":50}", &page, &error), error, "list");
        nanostore_string_free(page);
    }
}

/* Prepares the calls: new documents, and documents of all ages by UUID and by short ID. */
static void prepare(nanostore *store, uint32_t count)
{
    int i;
    for (i = 0; i < CALLS; i++) {
        nanostore_error *error = NULL;
        char *document = NULL;
        write_document(documents[i], count + (uint32_t)i);
        write_uuid(uuids[i], next_number(count));
        need(nanostore_get(store, uuids[i], NULL, &document, &error), error, "get");
        need(nanostore_json_get(document, "/id", &ids[i], &error), error, "json_get");
        nanostore_string_free(document);
    }
}

static void calls(uint32_t count)
{
    nanostore *store = open_store();
    int i;
    fill(store, count);
    prepare(store, count);
    /* Filling the store is not counted, and goes faster so. */
    CALLGRIND_START_INSTRUMENTATION;
    cost_resolve(store);
    CALLGRIND_DUMP_STATS_AT("resolve");
    cost_id_of(store);
    CALLGRIND_DUMP_STATS_AT("id_of");
    cost_list(store);
    CALLGRIND_DUMP_STATS_AT("list");
    cost_add(store);
    CALLGRIND_DUMP_STATS_AT("add");
    cost_update(store);
    CALLGRIND_DUMP_STATS_AT("update");
    CALLGRIND_STOP_INSTRUMENTATION;
    for (i = 0; i < CALLS; i++) {
        nanostore_string_free(ids[i]);
    }
    close_store(store);
}

static uint64_t resident_bytes(void)
{
    uint64_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*u %" SCNu64, &pages) != 1) {
        fputs("cannot read /proc/self/statm\n", stderr);
        exit(1);
    }
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void memory(uint32_t count)
{
    nanostore *store = open_store();
    uint64_t before;
    size_t text;
    fill(store, 1); /* what the first call sets up belongs to no document */
    close_store(store);
    store = open_store();
    before = resident_bytes();
    text = fill(store, count);
    printf("%" PRIu64 " %zu\n", (resident_bytes() - before) / count, text / count);
    close_store(store);
}

int main(int argc, char **argv)
{
    uint32_t count = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    if (count > 0 && strcmp(argv[1], "calls") == 0) {
        calls(count);
    } else if (count > 0 && strcmp(argv[1], "memory") == 0) {
        memory(count);
    } else {
        fputs("usage: cost calls|memory N\n", stderr);
        return 2;
    }
    return 0;
}
