/*
 * tasks.h - the documents of a task list, and stores that hold them: 60/15/25 % pending, active,
 * done; 20/60/20 % low, medium, high; 30 % below another one. All of it follows from fixed seeds.
 */
#ifndef TASKS_H
#define TASKS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nanostore.h"

#define BATCH 1000
#define TEXT_BYTES_MAX 1024

#define OPTIONS_WITH(INDEXES)                                                                      \
    "{\"clock\":{\"start\":\"2026-01-01T00:00:00Z\",\"step_ms\":1000},\"uuid_seed\":1,"            \
    "\"schema\":{\"dimensions\":["                                                                 \
    "{\"name\":\"status\",\"type\":\"enumerated\",\"values\":[\"pending\",\"active\",\"done\"],"   \
    "\"prefixes\":{\"active\":\"a\",\"done\":\"d\"},\"default_value\":\"pending\"},"               \
    "{\"name\":\"priority\",\"type\":\"enumerated\",\"values\":[\"low\",\"medium\",\"high\"],"     \
    "\"prefixes\":{\"low\":\"l\",\"high\":\"h\"},\"default_value\":\"medium\"},"                   \
    "{\"name\":\"parent\",\"type\":\"hierarchical\",\"ref_field\":\"parent_id\"}]" INDEXES "}}"

static const char PLAIN[] = OPTIONS_WITH("");
static const char INDEXED[] =
    OPTIONS_WITH(",\"indexes\":[{\"name\":\"by_due\",\"fields\":[\"data.due\"]},"
                 "{\"name\":\"by_title\",\"fields\":[\"title\"]},"
                 "{\"name\":\"by_state\",\"fields\":[\"status\",\"priority\",\"created_at\"]}]");

static const char BODY[] =
    "Two lines of what is to be done, by whom, and until when; long enough to be like a real one.";

static uint64_t state;

/* Numbers that look random: a 64-bit linear congruence, its upper half. */
static uint32_t next_number(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

/* Takes the error by its place: C does not say whether the call or `error` is evaluated first. */
static void need(nanostore_status status, nanostore_error **error, const char *what)
{
    if (status != NANOSTORE_OK) {
        fprintf(stderr, "%s: %s\n", what, nanostore_error_message(*error));
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
static size_t write_document(char *out, uint32_t number, int has_key)
{
    uint32_t of_status = next_number(100), of_priority = next_number(100);
    const char *status = of_status < 60 ? "pending" : of_status < 75 ? "active" : "done";
    const char *priority = of_priority < 20 ? "low" : of_priority < 80 ? "medium" : "high";
    char uuid[40], key[32] = "", parent[64] = "";
    write_uuid(uuid, number);
    if (has_key) {
        sprintf(key, ",\"key\":\"task:%u\"", number);
    }
    if (number > 0 && next_number(100) < 30) {
        strcpy(parent, ",\"parent_id\":\"");
        write_uuid(parent + strlen(parent), next_number(number));
        strcat(parent, "\"");
    }
    return (size_t)sprintf(out,
                           "{\"uuid\":\"%s\"%s,\"title\":\"Task number %u\",\"body\":\"%s\","
                           "\"dimensions\":{\"status\":\"%s\",\"priority\":\"%s\"%s},"
                           "\"data\":{\"due\":\"2027-%02u-%02u\",\"tags\":[\"a\"]}}",
                           uuid, key, number, BODY, status, priority, parent, 1 + number % 12,
                           1 + number % 28);
}

/* Makes the operations that add the documents from `first` up to `end`, and counts the bytes of
   their texts. */
static char *new_batch(uint32_t first, uint32_t end, int has_key, size_t *bytes)
{
    char *operations = malloc((size_t)(end - first) * TEXT_BYTES_MAX), *at = operations;
    uint32_t number;
    for (number = first; number < end; number++) {
        size_t length;
        at += sprintf(at, "%s{\"op\":\"add\",\"document\":", number == first ? "[" : ",");
        length = write_document(at, number, has_key);
        *bytes += length;
        at += length;
        *at++ = '}';
    }
    strcpy(at, "]");
    return operations;
}

static nanostore *open_store(const char *path, const char *options)
{
    nanostore *store = NULL;
    nanostore_error *error = NULL;
    need(nanostore_open(path, options, &store, &error), &error, "open");
    return store;
}

static void close_store(nanostore *store)
{
    nanostore_error *error = NULL;
    need(nanostore_close(&store, &error), &error, "close");
}

static void apply(nanostore *store, const char *operations)
{
    nanostore_error *error = NULL;
    need(nanostore_apply(store, operations, NULL, NULL, &error), &error, "apply");
}

/* Adds `count` documents, in batches. Returns the bytes of their texts. */
static size_t fill(nanostore *store, uint32_t count, int has_key)
{
    size_t bytes = 0;
    uint32_t first, end;
    state = 1;
    for (first = 0; first < count; first = end) {
        char *operations;
        end = count - first < BATCH ? count : first + BATCH;
        operations = new_batch(first, end, has_key, &bytes);
        apply(store, operations);
        free(operations);
    }
    return bytes;
}

#endif
