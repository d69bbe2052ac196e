/*
 * cost: what a call costs in a store of N documents.
 *
 *     cost calls N        makes calls of a few kinds, in a store without indexes
 *     cost operations N   makes calls of every kind that matters, with indexes, and on a file in
 *                         the current folder
 *     cost memory N       prints the resident bytes and the text bytes of each document
 *
 * Each kind of calls is a function cost_KIND of its own, for callgrind to count the instructions
 * of; after the last call of a kind the counts are written, labelled "KIND CALLS".
 */
#define _GNU_SOURCE

#include <inttypes.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <valgrind/callgrind.h>

#include "nanostore.h"
#include "tasks.h"

#define CALLS 200
#define LONG_CALLS 3 /* of a kind that goes over all documents, or over a batch */
#define FILE_PATH "tasks.json"
#define NOINLINE __attribute__((noinline))
#define MEASURE(kind, store, calls) measure(#kind, cost_##kind, store, calls)

/* What the calls are made with: made before counting begins. The documents of `latest` are the
   last ones of the last batch. */
static char documents[CALLS][TEXT_BYTES_MAX], latest[CALLS][40];
static char uuids[CALLS][40], keys[CALLS][32], titles[CALLS][80];
static char *ids[CALLS];
static char *batches[LONG_CALLS];

static void get(nanostore *store, const char *id)
{
    nanostore_error *error = NULL;
    char *document = NULL;
    need(nanostore_get(store, id, NULL, &document, &error), &error, "get");
    nanostore_string_free(document);
}

static void list(nanostore *store, const char *query)
{
    nanostore_error *error = NULL;
    char *page = NULL;
    need(nanostore_list(store, query, &page, &error), &error, "list");
    nanostore_string_free(page);
}

static void update(nanostore *store, const char *id, const char *patch)
{
    nanostore_error *error = NULL;
    char *document = NULL;
    need(nanostore_update(store, id, patch, NULL, &document, &error), &error, "update");
    nanostore_string_free(document);
}

static void count_urgent(nanostore *store)
{
    nanostore_error *error = NULL;
    int64_t count;
    need(nanostore_count(store, "{\"where\":{\"status\":\"pending\",\"priority\":\"high\"}}",
                         &count, &error),
         &error, "count");
}

NOINLINE void cost_resolve(nanostore *store, int number)
{
    nanostore_error *error = NULL;
    char *uuid = NULL;
    need(nanostore_resolve_id(store, ids[number], &uuid, &error), &error, "resolve");
    nanostore_string_free(uuid);
}

NOINLINE void cost_get(nanostore *store, int number)
{
    get(store, uuids[number]);
}

NOINLINE void cost_get_by_key(nanostore *store, int number)
{
    get(store, keys[number]);
}

NOINLINE void cost_look_up(nanostore *store, int number)
{
    list(store, titles[number]);
}

NOINLINE void cost_range(nanostore *store, int number)
{
    (void)number;
    list(store, "{\"index\":\"by_due\",\"range\":{\"gte\":\"2027-06-01\"},\"limit\":50}");
}

NOINLINE void cost_list(nanostore *store, int number)
{
    (void)number;
    list(store, "{\"limit\":50}");
}

NOINLINE void cost_list_by_creation(nanostore *store, int number)
{
    (void)number;
    list(store, "{\"where\":{\"status\":\"pending\",\"priority\":\"high\"},"
                "\"order_by\":[\"created_at\"],\"limit\":50}");
}

NOINLINE void cost_count(nanostore *store, int number)
{
    (void)number;
    count_urgent(store);
}

NOINLINE void cost_all_ids(nanostore *store, int number)
{
    (void)number;
    list(store, "{\"fields\":[\"id\",\"uuid\"]}");
}

NOINLINE void cost_scan(nanostore *store, int number)
{
    nanostore_error *error = NULL;
    nanostore_cursor *cursor = NULL;
    char *document = NULL;
    (void)number;
    need(nanostore_cursor_open(store, NULL, &cursor, &error), &error, "cursor_open");
    do {
        nanostore_string_free(document);
        need(nanostore_cursor_next(cursor, &document, &error), &error, "cursor_next");
    } while (document != NULL);
    nanostore_cursor_close(cursor);
}

NOINLINE void cost_add(nanostore *store, int number)
{
    nanostore_error *error = NULL;
    char *document = NULL;
    need(nanostore_add(store, documents[number], NULL, &document, &error), &error, "add");
    nanostore_string_free(document);
}

NOINLINE void cost_update(nanostore *store, int number)
{
    static const char *const patches[] = {"{\"dimensions\":{\"status\":\"active\"}}",
                                          "{\"dimensions\":{\"status\":\"done\"}}",
                                          "{\"dimensions\":{\"status\":\"pending\"}}"};
    update(store, uuids[number], patches[number % 3]);
}

/* The latest go first: nobody is below them. */
NOINLINE void cost_delete(nanostore *store, int number)
{
    nanostore_error *error = NULL;
    char *deleted = NULL;
    need(nanostore_delete(store, latest[number], NULL, &deleted, &error), &error,
         "delete");
    nanostore_string_free(deleted);
}

NOINLINE void cost_apply(nanostore *store, int number)
{
    apply(store, batches[number]);
}

NOINLINE void cost_open(nanostore *store, int number)
{
    (void)store;
    (void)number;
    close_store(open_store(FILE_PATH, INDEXED));
}

/* The first query by an index makes it. */
NOINLINE void cost_make_index(nanostore *store, int number)
{
    list(store, titles[number]);
}

/* The first count of documents by their values makes what they are counted by. */
NOINLINE void cost_make_facets(nanostore *store, int number)
{
    (void)number;
    count_urgent(store);
}

/* There must be a change that is not yet in the file. */
NOINLINE void cost_checkpoint(nanostore *store, int number)
{
    nanostore_error *error = NULL;
    update(store, uuids[number], "{\"title\":\"Changed\"}");
    need(nanostore_checkpoint(store, &error), &error, "checkpoint");
}

/* Prepares the calls: new documents, and documents of all ages by UUID, by short ID and so on. */
static void prepare(nanostore *store, uint32_t count, int has_key)
{
    int i;
    for (i = 0; i < CALLS; i++) {
        nanostore_error *error = NULL;
        char *document = NULL;
        uint32_t number;
        write_document(documents[i], count + (uint32_t)i, has_key);
        number = next_number(count);
        write_uuid(uuids[i], number);
        sprintf(keys[i], "key:task:%u", number);
        sprintf(titles[i], "{\"index\":\"by_title\",\"key\":\"Task number %u\"}", number);
        need(nanostore_get(store, uuids[i], NULL, &document, &error), &error, "get");
        need(nanostore_json_get(document, "/id", &ids[i], &error), &error, "json_get");
        nanostore_string_free(document);
    }
}

/* Asks for what is made when it is first used, so that the calls of a store in use are counted. */
static void warm_up(nanostore *store)
{
    cost_look_up(store, 0);
    cost_range(store, 0);
    cost_list_by_creation(store, 0);
    cost_count(store, 0);
}

/* Makes calls of one kind, and has their instructions written down. */
static void measure(const char *kind, void (*call)(nanostore *, int), nanostore *store, int calls)
{
    char label[64];
    int i;
    for (i = 0; i < calls; i++) {
        call(store, i);
    }
    sprintf(label, "%s %d", kind, calls);
    CALLGRIND_DUMP_STATS_AT(label);
}

static void free_ids(void)
{
    int i;
    for (i = 0; i < CALLS; i++) {
        nanostore_string_free(ids[i]);
    }
}

static void calls(uint32_t count)
{
    nanostore *store = open_store(":memory:", PLAIN);
    fill(store, count, 0);
    prepare(store, count, 0);
    /* Filling the store is not counted, and goes faster so. */
    CALLGRIND_START_INSTRUMENTATION;
    MEASURE(resolve, store, CALLS);
    MEASURE(get, store, CALLS);
    MEASURE(list, store, CALLS);
    MEASURE(add, store, CALLS);
    MEASURE(update, store, CALLS);
    CALLGRIND_STOP_INSTRUMENTATION;
    free_ids();
    close_store(store);
}

static void operations(uint32_t count)
{
    nanostore *store = open_store(":memory:", INDEXED), *file = open_store(FILE_PATH, INDEXED);
    uint32_t next = count + CALLS;
    size_t bytes = 0;
    int i;
    fill(file, count, 1);
    fill(store, count, 1);
    prepare(store, count, 1);
    for (i = 0; i < LONG_CALLS; i++) {
        batches[i] = new_batch(next, next + BATCH, 1, &bytes);
        next += BATCH;
    }
    for (i = 0; i < CALLS; i++) {
        write_uuid(latest[i], --next);
    }
    warm_up(store);
    CALLGRIND_START_INSTRUMENTATION;
    MEASURE(resolve, store, CALLS);
    MEASURE(get, store, CALLS);
    MEASURE(get_by_key, store, CALLS);
    MEASURE(look_up, store, CALLS);
    MEASURE(range, store, CALLS);
    MEASURE(list, store, CALLS);
    MEASURE(list_by_creation, store, CALLS);
    MEASURE(count, store, CALLS);
    MEASURE(all_ids, store, LONG_CALLS);
    MEASURE(scan, store, LONG_CALLS);
    MEASURE(add, store, CALLS);
    MEASURE(update, store, CALLS);
    MEASURE(apply, store, LONG_CALLS);
    MEASURE(delete, store, CALLS);
    MEASURE(checkpoint, file, 1);
    close_store(file);
    MEASURE(open, NULL, 1);
    file = open_store(FILE_PATH, INDEXED);
    MEASURE(make_index, file, 1);
    MEASURE(make_facets, file, 1);
    CALLGRIND_STOP_INSTRUMENTATION;
    for (i = 0; i < LONG_CALLS; i++) {
        free(batches[i]);
    }
    free_ids();
    close_store(file);
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
    nanostore *store = open_store(":memory:", PLAIN);
    uint64_t before;
    size_t text;
    fill(store, 1, 0); /* what the first call sets up belongs to no document */
    close_store(store);
    store = open_store(":memory:", PLAIN);
    before = resident_bytes();
    text = fill(store, count, 0);
    printf("%" PRIu64 " %zu\n", (resident_bytes() - before) / count, text / count);
    close_store(store);
}

/* All work is done by the thread that calls then: what others do is not counted. */
static void use_one_processor(void)
{
    cpu_set_t all, one;
    int number = 0;
    if (sched_getaffinity(0, sizeof all, &all) != 0) {
        fputs("cannot tell the processors\n", stderr);
        exit(1);
    }
    while (!CPU_ISSET(number, &all)) {
        number++;
    }
    CPU_ZERO(&one);
    CPU_SET(number, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) {
        fputs("cannot choose a processor\n", stderr);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    uint32_t count = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    use_one_processor();
    if (count > 0 && strcmp(argv[1], "calls") == 0) {
        calls(count);
    } else if (count > 0 && strcmp(argv[1], "operations") == 0) {
        operations(count);
    } else if (count > 0 && strcmp(argv[1], "memory") == 0) {
        memory(count);
    } else {
        fputs("usage: cost calls|operations|memory N\n", stderr);
        return 2;
    }
    return 0;
}
