/*
 * readers_beside_writer: four threads read while one writes, on one handle. Every answer must be
 * one that a single commit explains: documents are whole, hits fulfil what was asked for, two
 * documents that are always changed together are never seen apart, no ID is given twice, an index
 * holds what its documents say, in order, and a snapshot answers twice the same.
 *
 * NANOSTORE_SECONDS says how long this goes on in each kind of store; one second otherwise. Under
 * ThreadSanitizer (`cargo xtask tsan`) the same program shows that nothing races.
 */
#define _XOPEN_SOURCE 700

#include "check.h"

#include <pthread.h>
#include <time.h>

#define READERS 4
#define PAGE 20
#define DOCUMENTS_MAX 300

static const char schema[] =
    "\"schema\":{\"dimensions\":[{\"name\":\"status\",\"type\":\"enumerated\","
    "\"values\":[\"open\",\"done\"],\"prefixes\":{\"done\":\"d\"},\"default_value\":\"open\"},"
    "{\"name\":\"parent\",\"type\":\"hierarchical\",\"ref_field\":\"parent_id\"}],"
    "\"indexes\":[{\"name\":\"by_number\",\"fields\":[\"status\",\"data.n\"]},"
    "{\"name\":\"titles\",\"fields\":[\"title\"],\"where\":{\"status\":\"done\"}},"
    "{\"name\":\"per_status\",\"fields\":[\"status\"],\"reduce\":{\"sum\":\"data.n\"}}]}";

static char folder[] = "/tmp/nanostore-readers-XXXXXX";
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER; /* for check() and the flag */
static int is_over;
static long operations[READERS + 1];

/* check() is for one thread. */
static void demand(int holds, const char *what, const char *text)
{
    pthread_mutex_lock(&turn);
    check(holds, "%s: %s", what, text == NULL ? "" : text);
    pthread_mutex_unlock(&turn);
}

static int goes_on(void)
{
    int on;
    pthread_mutex_lock(&turn);
    on = !is_over;
    pthread_mutex_unlock(&turn);
    return on;
}

static void demand_ok(nanostore_status status, nanostore_error **error, const char *what)
{
    demand(status == NANOSTORE_OK, what, nanostore_error_message(*error));
    nanostore_error_free(*error);
    *error = NULL;
}

/* The text of a member of a document, for the caller to free; NULL where there is none. */
static char *member(const char *json, const char *document, const char *name)
{
    char pointer[64], *text = NULL;
    snprintf(pointer, sizeof pointer, "%s/%s", document, name);
    return nanostore_json_get(json, pointer, &text, NULL) == NANOSTORE_OK ? text : NULL;
}

/* The number that the writer gave to a document, which is in its title, its body and its data. */
static long whole(const char *json, const char *document)
{
    char *title = member(json, document, "title");
    char *body = member(json, document, "body");
    char *data = member(json, document, "data/n");
    long of_title = -1, of_body = -2, of_data = -3;
    if (title != NULL && body != NULL && data != NULL) {
        of_title = strtol(title + 2, NULL, 10);
        of_body = strtol(body + 2, NULL, 10);
        of_data = strtol(data, NULL, 10);
    }
    demand(of_title == of_body && of_body == of_data, "a document is not whole", json);
    nanostore_string_free(title);
    nanostore_string_free(body);
    nanostore_string_free(data);
    return of_title;
}

static void write_pair(nanostore *store, long number)
{
    char operations_json[1024];
    nanostore_error *error = NULL;
    snprintf(operations_json, sizeof operations_json,
             "[{\"op\":\"update\",\"ids\":[\"key:left\"],\"patch\":"
             "{\"title\":\"T %ld\",\"body\":\"B %ld\",\"data\":{\"n\":%ld}}},"
             "{\"op\":\"update\",\"ids\":[\"key:right\"],\"patch\":"
             "{\"title\":\"T %ld\",\"body\":\"B %ld\",\"data\":{\"n\":%ld}}}]",
             number, number, number, number, number, number);
    demand_ok(nanostore_apply(store, operations_json, NULL, NULL, &error), &error, "a batch");
}

static void write_once(nanostore *store, long number)
{
    char document[512];
    nanostore_error *error = NULL;
    const char *status = number % 2 == 0 ? "open" : "done";
    snprintf(document, sizeof document,
             "{\"title\":\"T %ld\",\"body\":\"B %ld\",\"data\":{\"n\":%ld},"
             "\"dimensions\":{\"status\":\"%s\"%s}}",
             number, number, number, status,
             number % 3 == 0 ? ",\"parent_id\":\"key:left\"" : "");
    if (number % DOCUMENTS_MAX == 0) {
        demand_ok(nanostore_apply(store,
                                  "[{\"op\":\"delete\",\"where\":{\"key\":{\"$exists\":false}},"
                                  "\"cascade\":true}]",
                                  NULL, NULL, &error),
                  &error, "delete");
        return;
    }
    switch (number % 5) {
    case 0:
        demand_ok(nanostore_update(store, "key:r", document, NULL, NULL, &error), &error, "update");
        break;
    case 1:
        demand_ok(nanostore_replace(store, "key:r", document, NULL, NULL, &error), &error,
                  "replace");
        break;
    case 2:
        write_pair(store, number);
        break;
    default:
        demand_ok(nanostore_add(store, document, NULL, NULL, &error), &error, "add");
    }
}

static void *write_on(void *store)
{
    long number = 1;
    while (goes_on()) {
        write_once(store, ++number);
        operations[READERS]++;
    }
    return NULL;
}

static void read_pair(nanostore *store)
{
    static const char both[] =
        "{\"where\":{\"key\":{\"$in\":[\"left\",\"right\"]}},\"order_by\":[\"key\"]}";
    char *page = NULL;
    nanostore_error *error = NULL;
    nanostore_status status = nanostore_list(store, both, &page, &error);
    demand_ok(status, &error, "list the pair");
    if (page != NULL) {
        demand(whole(page, "/documents/0") == whole(page, "/documents/1"),
               "a pair is seen apart", page);
    }
    nanostore_string_free(page);
}

static void read_done(nanostore *store)
{
    static const char done[] = "{\"where\":{\"status\":\"done\"},\"limit\":20}";
    char *page = NULL, *status, *id, *last = NULL;
    nanostore_error *error = NULL;
    int number;
    demand_ok(nanostore_list(store, done, &page, &error), &error, "list what is done");
    for (number = 0; page != NULL && number < PAGE; number++) {
        char document[32];
        snprintf(document, sizeof document, "/documents/%d", number);
        status = member(page, document, "dimensions/status");
        if (status == NULL) {
            break;
        }
        whole(page, document);
        demand(strcmp(status, "done") == 0, "a hit is not what was asked for", page);
        nanostore_string_free(status);
        id = member(page, document, "id");
        demand(id != NULL && (last == NULL || strcmp(id, last) != 0), "an ID twice", page);
        nanostore_string_free(last);
        last = id;
    }
    nanostore_string_free(last);
    nanostore_string_free(page);
}

static void read_by_cursor(nanostore *store)
{
    static const char kept[] = "{\"where\":{\"key\":{\"$in\":[\"left\",\"right\",\"r\"]}}}";
    nanostore_cursor *cursor = NULL;
    nanostore_error *error = NULL;
    char *document = NULL;
    int64_t count = 0;
    long found = 0;
    demand_ok(nanostore_cursor_open(store, "{\"view\":\"all\"}", &cursor, &error), &error,
              "cursor");
    demand_ok(nanostore_count(store, kept, &count, &error), &error, "count");
    demand(count == 3, "a count is wrong", NULL);
    while (cursor != NULL && nanostore_cursor_next(cursor, &document, NULL) == NANOSTORE_OK
           && document != NULL) {
        found++;
        whole(document, "");
        nanostore_string_free(document);
    }
    demand(found >= 3, "a cursor lost documents", NULL);
    nanostore_cursor_close(cursor);
}

static void read_one(nanostore *store)
{
    char *document = NULL, *uuid = NULL;
    nanostore_error *error = NULL;
    demand_ok(nanostore_get(store, "key:left", NULL, &document, &error), &error, "get");
    if (document != NULL) {
        whole(document, "");
    }
    nanostore_string_free(document);
    demand_ok(nanostore_resolve_id(store, "1", &uuid, &error), &error, "resolve");
    demand(uuid != NULL && strlen(uuid) == 36, "an ID resolves to no UUID", uuid);
    nanostore_string_free(uuid);
}

/* A range of an index: every document lies in it, and they come in its order. */
static void read_by_index(nanostore *store)
{
    static const char range[] = "{\"index\":\"by_number\",\"key\":[\"open\"],"
                                "\"range\":{\"gte\":2,\"lt\":4000000},\"desc\":true,\"limit\":20}";
    char *page = NULL, *status;
    nanostore_error *error = NULL;
    long last = 4000000;
    int i;
    demand_ok(nanostore_list(store, range, &page, &error), &error, "list by an index");
    for (i = 0; page != NULL && i < PAGE; i++) {
        char document[32];
        long number;
        snprintf(document, sizeof document, "/documents/%d", i);
        status = member(page, document, "dimensions/status");
        if (status == NULL) {
            break;
        }
        number = whole(page, document);
        demand(strcmp(status, "open") == 0 && number >= 2 && number <= last,
               "an entry does not fit its document or its place", page);
        last = number;
        nanostore_string_free(status);
    }
    nanostore_string_free(page);
}

static char *list(nanostore *store, const char *query)
{
    char *page = NULL;
    nanostore_error *error = NULL;
    demand_ok(nanostore_list(store, query, &page, &error), &error, query);
    return page;
}

/* A snapshot is of one commit, so its counts agree, and it says everything twice the same. */
static void read_by_snapshot(nanostore *store)
{
    static const char *const queries[] = {"{\"view\":\"all\"}", "{\"index\":\"titles\"}",
                                          "{\"index\":\"per_status\",\"group\":1}"};
    static const char *const done[] = {"{\"where\":{\"status\":\"done\"}}",
                                       "{\"index\":\"titles\"}",
                                       "{\"index\":\"by_number\",\"key\":[\"done\"]}"};
    enum { QUERIES = sizeof queries / sizeof *queries, COUNTS = sizeof done / sizeof *done };
    char *first[QUERIES];
    int64_t counts[COUNTS];
    nanostore *snapshot = NULL;
    nanostore_error *error = NULL;
    int i;
    demand_ok(nanostore_snapshot(store, &snapshot, &error), &error, "snapshot");
    for (i = 0; i < QUERIES; i++) {
        first[i] = list(snapshot, queries[i]);
    }
    for (i = 0; i < COUNTS; i++) {
        demand_ok(nanostore_count(snapshot, done[i], &counts[i], &error), &error, done[i]);
        demand(counts[i] == counts[0], "an index has other entries than there are documents",
               done[i]);
    }
    for (i = 0; i < QUERIES; i++) {
        char *again = list(snapshot, queries[i]);
        demand(first[i] != NULL && again != NULL && strcmp(first[i], again) == 0,
               "a snapshot changed", queries[i]);
        nanostore_string_free(again);
        nanostore_string_free(first[i]);
    }
    demand_ok(nanostore_close(&snapshot, &error), &error, "close a snapshot");
}

struct reader {
    nanostore *store;
    int number;
};

static void *read_on(void *argument)
{
    struct reader *reader = argument;
    long step = reader->number;
    while (goes_on()) {
        switch (step++ % 6) {
        case 0:
            read_pair(reader->store);
            break;
        case 1:
            read_done(reader->store);
            break;
        case 2:
            read_by_cursor(reader->store);
            break;
        case 3:
            read_by_index(reader->store);
            break;
        case 4:
            read_by_snapshot(reader->store);
            break;
        default:
            read_one(reader->store);
        }
        operations[reader->number]++;
    }
    return NULL;
}

static void fill(nanostore *store)
{
    static const char *const keys[] = {"left", "right", "r"};
    char document[256];
    size_t i;
    for (i = 0; i < sizeof keys / sizeof *keys; i++) {
        nanostore_error *error = NULL;
        snprintf(document, sizeof document,
                 "{\"key\":\"%s\",\"title\":\"T 1\",\"body\":\"B 1\",\"data\":{\"n\":1}}", keys[i]);
        demand_ok(nanostore_add(store, document, NULL, NULL, &error), &error, "fill");
    }
}

static void play(const char *path, const char *policy, int seconds)
{
    struct timespec time = {0, 0};
    struct reader readers[READERS];
    pthread_t threads[READERS + 1];
    nanostore *store = NULL;
    nanostore_error *error = NULL;
    char options[1024];
    int i;
    snprintf(options, sizeof options, "{%s%s}", schema, policy);
    check_ok(nanostore_open(path, options, &store, &error), &error, "open");
    if (store == NULL) {
        return;
    }
    fill(store);
    is_over = 0;
    for (i = 0; i < READERS; i++) {
        readers[i].store = store;
        readers[i].number = i;
        demand(pthread_create(&threads[i], NULL, read_on, &readers[i]) == 0, "a thread", NULL);
    }
    demand(pthread_create(&threads[READERS], NULL, write_on, store) == 0, "a thread", NULL);
    time.tv_sec = seconds;
    nanosleep(&time, NULL);
    pthread_mutex_lock(&turn);
    is_over = 1;
    pthread_mutex_unlock(&turn);
    for (i = 0; i <= READERS; i++) {
        pthread_join(threads[i], NULL);
    }
    error = NULL;
    check_failed(nanostore_get(store, "key:nobody", NULL, NULL, &error), NANOSTORE_NOTFOUND, &error,
                 "get nobody");
    error = NULL;
    check_ok(nanostore_close(&store, &error), &error, "close");
}

static void clean_up(void)
{
    static const char *const names[] = {"sync.json", "sync.json.lock", "batched.json",
                                        "batched.json.lock"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        unlink(names[i]);
    }
    check(chdir("/") == 0 && rmdir(folder) == 0, "something was left in %s", folder);
}

int main(void)
{
    const char *given = getenv("NANOSTORE_SECONDS");
    int seconds = given == NULL ? 1 : atoi(given);
    long reads = 0;
    int i;
    start_listening();
    if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
        return 2;
    }
    play(":memory:", "", seconds);
    play("sync.json", ",\"durability\":\"sync\"", seconds);
    play("batched.json", ",\"durability\":\"batched\",\"interval_ms\":20", seconds);
    for (i = 0; i < READERS; i++) {
        reads += operations[i];
    }
    fprintf(report, "%d seconds: %ld reads, %ld writes\n", 3 * seconds, reads, operations[READERS]);
    clean_up();
    check(reads > 0 && operations[READERS] > 0, "nothing was done");
    return finish("readers_beside_writer");
}
