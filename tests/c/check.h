/*
 * check.h: what the C tests share. They say nothing but what is wrong, and they show that the
 * library says nothing at all: its standard output and error go to a file that must stay empty.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nanostore.h"

static FILE *report;     /* the real standard output */
static int listening_fd; /* where everything else goes that is printed */
static int checks, failures;

static void check(int holds, const char *what, ...)
{
    va_list arguments;
    checks++;
    if (holds || ++failures > 50) {
        return;
    }
    va_start(arguments, what);
    vfprintf(report, what, arguments);
    va_end(arguments);
    fputc('\n', report);
    fflush(report);
}

/* From here on, what is printed is caught. */
static void start_listening(void)
{
    FILE *caught = tmpfile();
    report = fdopen(dup(STDOUT_FILENO), "w");
    if (caught == NULL || report == NULL) {
        exit(2);
    }
    fflush(stdout);
    listening_fd = dup(fileno(caught));
    dup2(listening_fd, STDOUT_FILENO);
    dup2(listening_fd, STDERR_FILENO);
    fclose(caught);
}

/* Tells what was found; gives the exit status. */
static int finish(const char *program)
{
    char text[4096];
    long length;
    fflush(stdout);
    length = (long)lseek(listening_fd, 0, SEEK_END);
    check(length == 0, "the library printed %ld bytes:", length);
    lseek(listening_fd, 0, SEEK_SET);
    while ((length = (long)read(listening_fd, text, sizeof text)) > 0) {
        fwrite(text, 1, (size_t)length, report);
    }
    close(listening_fd);
    fprintf(report, "%s: %d checks, %d failures\n", program, checks, failures);
    fclose(report);
    return failures == 0 ? 0 : 1;
}

/* The error has every member that each error has, and is JSON. */
static void check_error_json(const nanostore_error *error, const char *what)
{
    static const char *const members[] = { "/status", "/name", "/message", "/op" };
    size_t i;
    for (i = 0; i < sizeof members / sizeof *members; i++) {
        char *text = NULL;
        nanostore_status status =
            nanostore_json_get(nanostore_error_json(error), members[i], &text, NULL);
        check(status == NANOSTORE_OK && text != NULL && text[0] != '\0', "%s: no %s in %s", what,
              members[i], nanostore_error_json(error));
        nanostore_string_free(text);
    }
}

/*
 * The call failed as it should: with this status (-1: any but the internal ones) and an error
 * that says the same; frees the error. Takes its address, as C may look at the arguments before
 * it makes the call that is one of them.
 */
static void check_failed(nanostore_status status, nanostore_status wanted,
                         nanostore_error **error_at, const char *what)
{
    nanostore_error *error = *error_at;
    int specific = status != NANOSTORE_OK && status != NANOSTORE_INTERNAL
        && status != NANOSTORE_PANIC;
    check(wanted < 0 ? specific : status == wanted, "%s: expected %s, got %s: %s", what,
          wanted < 0 ? "an error" : nanostore_status_name(wanted), nanostore_status_name(status),
          nanostore_error_message(error));
    if (status != NANOSTORE_OK) {
        check(error != NULL, "%s: no error object", what);
        check(nanostore_error_status(error) == status, "%s: two statuses", what);
        check(nanostore_error_message(error)[0] != '\0', "%s: no message", what);
        check_error_json(error, what);
    }
    nanostore_error_free(error);
}

static void check_ok(nanostore_status status, nanostore_error **error_at, const char *what)
{
    nanostore_error *error = *error_at;
    check(status == NANOSTORE_OK, "%s: %s: %s", what, nanostore_status_name(status),
          nanostore_error_message(error));
    check((status == NANOSTORE_OK) == (error == NULL), "%s: an error without a failure", what);
    nanostore_error_free(error);
}

#endif
