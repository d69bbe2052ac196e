/*
 * rival: one of several processes that act on the same documents, and tells when it asked what,
 * and what it was answered.
 *
 *     rival path=P [options=JSON] mode=begin|act|end [worker=N] [ops=N] [seed=N] [limit=SECONDS]
 *
 * `begin` makes the counters 0.1 to 0.4, `end` reads them. Times are of the monotonic clock, in
 * nanoseconds: when the call began and when it returned.
 *
 *     READ 2 T T 17 5 3.4         counter 2 is at revision 17, count 5, last marked by 3.4
 *     STEP 2 T T 17 OK 18 6       from revision 17 on: now at revision 18, count 6
 *     STEP 2 T T 17 CONFLICT 19   from revision 17 on: refused, for it is at 19
 *     MARK 2 T T 20 6 1.9         marked without a condition: at revision 20, count 6
 *     PAIR 2 3 T T 20 11 OK 21    counters 2 and 3 in one batch, from revisions 20 and 11
 *     PAIR 2 3 T T 20 11 CONFLICT 0
 *     ADD T T 22                  another document, at revision 22
 *     COUNT T T 9                 so many documents
 *     FAIL what STATUS ...        anything else
 *     DONE
 */
#define _GNU_SOURCE
#include <time.h>

#include "protocol.h"

#define COUNTERS 4

struct counter {
    char uuid[40];
    uint64_t revision, count;
};

static nanostore *store;
static struct counter counters[COUNTERS];
static uint64_t randomness;
static uint64_t begun;
static uint32_t worker, operation;

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

static uint64_t random_below(uint64_t limit)
{
    randomness = mixed(randomness);
    return randomness % limit;
}

/* Did the call do what was asked? Anything but OK and a conflict is told. */
static int is_ok(const char *what, nanostore_status status, nanostore_error *error)
{
    char line[NAME_BYTES_MAX];
    if (status != NANOSTORE_OK && status != NANOSTORE_CONFLICT) {
        snprintf(line, sizeof line, "FAIL %s", what);
        say_outcome(line, status, error);
        return 0;
    }
    return status == NANOSTORE_OK;
}

static void read_counter(uint32_t place)
{
    struct counter *counter = &counters[place];
    nanostore_error *error = NULL;
    char *document = NULL, *mark;
    begun = now();
    if (is_ok("get", nanostore_get(store, counter->uuid, NULL, &document, &error), error)) {
        uint64_t ended = now();
        counter->revision = member_number(document, "/rev");
        counter->count = member_number(document, "/data/count");
        mark = member(document, "/data/mark");
        say("READ %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s", place + 1,
            begun, ended, counter->revision, counter->count, mark[0] == '\0' ? "-" : mark);
        free_member(mark);
    }
    nanostore_string_free(document);
}

/* Counts one on from the revision that this process saw last, however long ago. */
static void step(uint32_t place)
{
    struct counter *counter = &counters[place];
    nanostore_error *error = NULL;
    nanostore_status status;
    char patch[100], options[60], start_of_line[200], *document = NULL;
    uint64_t ended;
    sprintf(patch, "{\"data\":{\"count\":%" PRIu64 "}}", counter->count + 1);
    sprintf(options, "{\"if_rev\":%" PRIu64 "}", counter->revision);
    begun = now();
    status = nanostore_update(store, counter->uuid, patch, options, &document, &error);
    ended = now();
    sprintf(start_of_line, "STEP %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64, place + 1, begun,
            ended, counter->revision);
    if (is_ok("update", status, error)) {
        counter->revision = member_number(document, "/rev");
        counter->count = member_number(document, "/data/count");
        say("%s OK %" PRIu64 " %" PRIu64, start_of_line, counter->revision, counter->count);
    } else if (status == NANOSTORE_CONFLICT) {
        say("%s CONFLICT %" PRIu64, start_of_line,
            member_number(nanostore_error_json(error), "/actual"));
        nanostore_error_free(error);
    }
    nanostore_string_free(document);
}

/* Marks a counter, which must leave its count as it is. */
static void mark(uint32_t place)
{
    struct counter *counter = &counters[place];
    nanostore_error *error = NULL;
    nanostore_status status;
    char patch[100], *document = NULL, *marked;
    uint64_t ended;
    sprintf(patch, "{\"data\":{\"mark\":\"%" PRIu32 ".%" PRIu32 "\"}}", worker, operation);
    begun = now();
    status = nanostore_update(store, counter->uuid, patch, NULL, &document, &error);
    ended = now();
    if (is_ok("update", status, error)) {
        counter->revision = member_number(document, "/rev");
        counter->count = member_number(document, "/data/count");
        marked = member(document, "/data/mark");
        say("MARK %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s", place + 1,
            begun, ended, counter->revision, counter->count, marked);
        free_member(marked);
    }
    nanostore_string_free(document);
}

/* Counts on in two counters together. */
static void pair(uint32_t place)
{
    struct counter *one = &counters[place], *two = &counters[(place + 1) % COUNTERS];
    nanostore_error *error = NULL;
    nanostore_status status;
    char operations[600], start_of_line[200], *results = NULL;
    uint64_t ended;
    sprintf(operations,
            "[{\"op\":\"update\",\"id\":\"%s\",\"patch\":{\"data\":{\"count\":%" PRIu64
            "}},\"if_rev\":%" PRIu64 "},{\"op\":\"update\",\"id\":\"%s\",\"patch\":{\"data\":{"
            "\"count\":%" PRIu64 "}},\"if_rev\":%" PRIu64 "}]",
            one->uuid, one->count + 1, one->revision, two->uuid, two->count + 1, two->revision);
    begun = now();
    status = nanostore_apply(store, operations, NULL, &results, &error);
    ended = now();
    sprintf(start_of_line,
            "PAIR %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, place + 1,
            (place + 1) % COUNTERS + 1, begun, ended, one->revision, two->revision);
    if (is_ok("apply", status, error)) {
        one->revision = two->revision = member_number(results, "/commit");
        one->count++;
        two->count++;
        say("%s OK %" PRIu64, start_of_line, one->revision);
    } else if (status == NANOSTORE_CONFLICT) {
        say("%s CONFLICT 0", start_of_line);
        nanostore_error_free(error);
    }
    nanostore_string_free(results);
}

static void add_or_count(int is_count)
{
    nanostore_error *error = NULL;
    nanostore_status status;
    int64_t count = 0;
    char *document = NULL;
    begun = now();
    if (is_count) {
        status = nanostore_count(store, NULL, &count, &error);
        if (is_ok("count", status, error)) {
            say("COUNT %" PRIu64 " %" PRIu64 " %" PRId64, begun, now(), count);
        }
        return;
    }
    status = nanostore_add(store, "{\"title\":\"another\"}", NULL, &document, &error);
    if (is_ok("add", status, error)) {
        uint64_t ended = now();
        say("ADD %" PRIu64 " %" PRIu64 " %" PRIu64, begun, ended, member_number(document, "/rev"));
    }
    nanostore_string_free(document);
}

static void act(void)
{
    uint32_t place = (uint32_t)random_below(COUNTERS);
    switch (random_below(10)) {
    case 0:
    case 1: read_counter(place); break;
    case 2: mark(place); break;
    case 3:
        read_counter(place);
        read_counter((place + 1) % COUNTERS);
        pair(place);
        break;
    case 4: add_or_count(0); break;
    case 5: add_or_count(1); break;
    case 6: step(place); break;
    default:
        read_counter(place);
        step(place);
    }
}

static void begin_or_end(int is_begin)
{
    uint32_t i;
    for (i = 0; i < COUNTERS; i++) {
        if (is_begin) {
            nanostore_error *error = NULL;
            char document[200];
            sprintf(document, "{\"uuid\":\"%s\",\"data\":{\"count\":0}}", counters[i].uuid);
            (void)is_ok("add", nanostore_add(store, document, NULL, NULL, &error), error);
        }
        read_counter(i);
    }
    add_or_count(1);
}

int main(int count, char **words)
{
    const char *mode;
    nanostore_error *error = NULL;
    long ops;
    uint32_t i;
    start(count, words);
    mode = argument("mode", "act");
    worker = (uint32_t)argument_number("worker", 1);
    ops = argument_number("ops", 100);
    randomness = mixed((uint64_t)argument_number("seed", 1) * 1000 + worker);
    for (i = 0; i < COUNTERS; i++) {
        struct name name = { 0, 0 };
        name.number = i + 1;
        write_uuid(counters[i].uuid, name);
    }
    if (!is_ok("open",
               nanostore_open(argument("path", NULL), argument("options", NULL), &store, &error),
               error)) {
        return 3;
    }
    if (strcmp(mode, "act") == 0) {
        for (operation = 1; operation <= (uint32_t)ops; operation++) {
            act();
        }
    } else {
        begin_or_end(strcmp(mode, "begin") == 0);
    }
    if (!is_ok("close", nanostore_close(&store, &error), error)) {
        return 3;
    }
    say("DONE");
    return 0;
}
