/*
 * protocol.h: what the programs of the torture share: their arguments (name=value), the documents
 * that they write and know again, and the lines that they print.
 *
 * A document is named by who made it and when: "3.17" is what worker 3 made in its operation 17,
 * and its UUID says so. Its title is the name of the operation that wrote it last; the body follows
 * from the title, so that whoever reads a document can tell whether it is whole. Each line is one
 * write to the standard output, so that it is there whole when the process is killed.
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nanostore.h"

#define LINE_BYTES_MAX 4096
#define BODY_BYTES_MAX 65536
#define NAME_BYTES_MAX 64

static int argument_count;
static char **argument_words;

static inline const char *argument(const char *name, const char *otherwise)
{
    size_t length = strlen(name);
    int i;
    for (i = 1; i < argument_count; i++) {
        if (strncmp(argument_words[i], name, length) == 0 && argument_words[i][length] == '=') {
            return argument_words[i] + length + 1;
        }
    }
    return otherwise;
}

static inline long argument_number(const char *name, long otherwise)
{
    const char *text = argument(name, NULL);
    return text == NULL ? otherwise : strtol(text, NULL, 10);
}

/* Writes one line. */
static inline void say(const char *format, ...)
{
    char line[LINE_BYTES_MAX];
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof line - 2) {
        length = (int)sizeof line - 2;
    }
    line[length] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)length + 1) != length + 1) {
        _exit(70);
    }
}

/* Numbers that look random and follow from their argument. */
static inline uint64_t mixed(uint64_t number)
{
    number += UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

/* The operation that wrote a document, or made it. */
struct name {
    uint32_t worker, number;
};

static inline uint64_t mixed_name(struct name name)
{
    return mixed(((uint64_t)name.worker << 32) | name.number);
}

static inline void write_uuid(char *out, struct name name)
{
    sprintf(out, "%08" PRIx32 "-0000-7000-8000-0000%08" PRIx32, name.worker, name.number);
}

/* False for a UUID that is not one of ours. */
static inline int read_uuid(const char *uuid, struct name *out)
{
    char rebuilt[40];
    if (sscanf(uuid, "%8" SCNx32 "-0000-7000-8000-0000%8" SCNx32, &out->worker, &out->number)
        != 2) {
        return 0;
    }
    write_uuid(rebuilt, *out);
    return strcmp(rebuilt, uuid) == 0;
}

static inline void write_body(char *out, struct name writer, uint32_t length)
{
    static const char letters[] = "etaoin shrdlu cmfwyp vbgkqj xz";
    uint64_t state = mixed_name(writer);
    uint32_t i;
    for (i = 0; i < length; i++) {
        state = mixed(state);
        out[i] = letters[state % (sizeof letters - 1)];
    }
    out[length] = '\0';
}

static inline const char *status_of(struct name writer)
{
    static const char *const statuses[] = { "pending", "active", "done" };
    return statuses[mixed_name(writer) / 7 % 3];
}

/* A member of a JSON text, or "" ; yours to free with nanostore_string_free unless it is "". */
static inline char *member(const char *json, const char *pointer)
{
    static char nothing[] = "";
    char *text = NULL;
    if (json == NULL || nanostore_json_get(json, pointer, &text, NULL) != NANOSTORE_OK
        || text == NULL) {
        return nothing;
    }
    return text;
}

static inline void free_member(char *text)
{
    if (text[0] != '\0') {
        nanostore_string_free(text);
    }
}

static inline uint64_t member_number(const char *json, const char *pointer)
{
    char *text = member(json, pointer);
    uint64_t number = strtoull(text, NULL, 10);
    free_member(text);
    return number;
}

/* Says how a call ended: its status, and for a failure its cause, errno and path; frees it. */
static inline void say_outcome(const char *what, nanostore_status status, nanostore_error *error)
{
    char *path, *cause;
    if (status == NANOSTORE_OK) {
        say("%s OK", what);
        return;
    }
    cause = member(nanostore_error_json(error), "/name");
    path = member(nanostore_error_json(error), "/path");
    say("%s %s %s %" PRIu64 " %s", what, nanostore_status_name(status), cause,
        member_number(nanostore_error_json(error), "/sys_errno"), path);
    if (argument_number("loud", 0) != 0) {
        fprintf(stderr, "%s\n", nanostore_error_json(error));
    }
    free_member(cause);
    free_member(path);
    nanostore_error_free(error);
}

static inline int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    if (folder == NULL) {
        return -1;
    }
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

static inline void start(int count, char **words)
{
    /* What the library opens once a process and keeps does not count: /dev/null, for forks. */
    nanostore *store = NULL;
    if (nanostore_open(":memory:", NULL, &store, NULL) == NANOSTORE_OK) {
        (void)nanostore_close(&store, NULL);
    }
    argument_count = count;
    argument_words = words;
    alarm((unsigned)argument_number("limit", 60));
}

#endif
