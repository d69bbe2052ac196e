/* nanostore_easy.h - conveniences over nanostore.h for programs in C.
 *
 * What it is for: short programs whose answer to a failed call is to say why and stop, and the
 * three things a C program does all day with JSON text: build it, look into it, walk a listing.
 * What it must not do: decide anything. Each function here is one or a few calls of nanostore.h;
 * whoever wants to handle errors differently calls those.
 *
 * Header only, C99, also C++98 with a compiler whose macros take any number of arguments. All of it
 * is static, so it may be included in several files of one program; threads may use it as they may
 * use nanostore.h.
 *
 * One rule of ownership: every `char *` that a function here returns, or a call of nanostore.h
 * fills in, is the caller's and is freed with nanostore_string_free (NULL allowed).
 *
 *     nanostore *store = NULL;
 *     char *wanted = nanostore_easy_json("{\"where\":{\"title\":%q}}", argv[1]);
 *     nanostore_easy_each each;
 *
 *     NANOSTORE_MUST(nanostore_open, "notes.json", NULL, &store);
 *     NANOSTORE_EACH(each, store, wanted) {
 *         puts(each.document);
 *     }
 *     nanostore_string_free(wanted);
 *     NANOSTORE_MUST(nanostore_close, &store);
 */
#ifndef NANOSTORE_EASY_H
#define NANOSTORE_EASY_H

/* Macros with any number of arguments came to C++ in 2011. Compilers have long known them, and warn
 * of them in older dialects unless it is in a header that is none of the program's own. */
#if defined(__GNUC__) && defined(__cplusplus) && __cplusplus < 201103L
#pragma GCC system_header
#endif

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nanostore.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors -------------------------------------------------------------------------------- */

/* Prints one member of the error's JSON between `before` and `after`, if it is there. */
static inline void nanostore_easy_detail(FILE *out, const nanostore_error *error,
                                         const char *pointer, const char *before,
                                         const char *after)
{
    char *text = NULL;

    if (nanostore_json_get(nanostore_error_json(error), pointer, &text, NULL) == NANOSTORE_OK
        && text != NULL) {
        fprintf(out, "%s%s%s", before, text, after);
    }
    nanostore_string_free(text);
}

/* Prints `what: message` to `out`, with the place where the error has one, and the hint on a line
 * of its own. `what` may be NULL (nothing is put before the message). The error stays the
 * caller's. */
static inline void nanostore_easy_report(FILE *out, const char *what, const nanostore_error *error)
{
    if (what != NULL) {
        fprintf(out, "%s: ", what);
    }
    fputs(error != NULL ? nanostore_error_message(error) : "failed, and gave no error", out);
    nanostore_easy_detail(out, error, "/line", " (line ", "");
    nanostore_easy_detail(out, error, "/column", ", column ", ")");
    nanostore_easy_detail(out, error, "/hint", "\n  hint: ", "");
    fputc('\n', out);
}

/* Reports `error` to stderr, frees it and ends the program with EXIT_FAILURE. What calls before it
 * wrote is on disk: a commit does not wait for nanostore_close. */
static inline void nanostore_easy_fail(const char *what, nanostore_error *error)
{
    nanostore_easy_report(stderr, what, error);
    nanostore_error_free(error);
    exit(EXIT_FAILURE);
}

/* Calls a function of nanostore.h, given by its name and all its arguments but the last (the
 * `error_out`), and ends the program through nanostore_easy_fail when it fails:
 *
 *     NANOSTORE_MUST(nanostore_add, store, "{\"title\":\"Bread\"}", NULL, &document);
 */
#define NANOSTORE_MUST(function, ...)                                                              \
    do {                                                                                           \
        nanostore_error *nanostore_easy_error = NULL;                                              \
        if (function(__VA_ARGS__, &nanostore_easy_error) != NANOSTORE_OK) {                        \
            nanostore_easy_fail(#function, nanostore_easy_error);                                  \
        }                                                                                          \
    } while (0)

/* ---- looking into JSON --------------------------------------------------------------------- */

/* The member of `json` that the JSON pointer names ("/title", "/dimensions/status",
 * "/documents/0/id"): text without its quotes, any other value as JSON. NULL when there is none. */
static inline char *nanostore_easy_member(const char *json, const char *pointer)
{
    char *text = NULL;

    NANOSTORE_MUST(nanostore_json_get, json, pointer, &text);
    return text;
}

/* Whether that member is there and reads `expected` ("done", "true", "42"). */
static inline int nanostore_easy_is(const char *json, const char *pointer, const char *expected)
{
    char *text = nanostore_easy_member(json, pointer);
    const int same = text != NULL && strcmp(text, expected) == 0;

    nanostore_string_free(text);
    return same;
}

/* That member as a whole number; `otherwise` when it is absent or anything else. */
static inline long nanostore_easy_number(const char *json, const char *pointer, long otherwise)
{
    char *text = nanostore_easy_member(json, pointer);
    char *end = text;
    long number = 0;

    if (text != NULL) {
        number = strtol(text, &end, 10);
    }
    if (text == NULL || end == text || *end != '\0' || number == LONG_MIN || number == LONG_MAX) {
        number = otherwise;
    }
    nanostore_string_free(text);
    return number;
}

/* ---- building JSON ------------------------------------------------------------------------- */

/* The length of `piece` added to `*length`, and its bytes put at `place` unless that is NULL: the
 * builder below goes over its format twice, once to measure and once to write. */
static inline char *nanostore_easy_put(char *place, size_t *length, const char *piece)
{
    const size_t size = strlen(piece);

    *length += size;
    if (place == NULL) {
        return NULL;
    }
    memcpy(place, piece, size);
    return place + size;
}

/* One pass of nanostore_easy_json over its format; returns the length, without the final NUL. */
static inline size_t nanostore_easy_fill(char *place, const char *format, va_list values)
{
    size_t length = 0;
    const char *at;

    for (at = format; *at != '\0'; at++) {
        char plain[2] = { *at, '\0' };
        char number[32];

        if (*at != '%' || *++at == '%') {
            place = nanostore_easy_put(place, &length, plain);
        } else if (*at == 's') {
            place = nanostore_easy_put(place, &length, va_arg(values, const char *));
        } else if (*at == 'd') {
            snprintf(number, sizeof number, "%d", va_arg(values, int));
            place = nanostore_easy_put(place, &length, number);
        } else if (*at == 'q') {
            const char *text = va_arg(values, const char *);
            char *quoted = NULL;

            if (text != NULL) {
                NANOSTORE_MUST(nanostore_json_quote, text, &quoted);
            }
            place = nanostore_easy_put(place, &length, quoted != NULL ? quoted : "null");
            nanostore_string_free(quoted);
        } else {
            fprintf(stderr, "nanostore_easy_json: %%q, %%s, %%d or %%%% expected in %s\n", format);
            exit(EXIT_FAILURE);
        }
    }
    return length;
}

/* Builds JSON text from a format and its values:
 *
 *     %q   const char *: a text, quoted and escaped; NULL gives null
 *     %s   const char *: JSON, put in as it is
 *     %d   int
 *     %%   a per cent sign
 *
 * The result has been read by the library, so what comes back is well-formed; a format that builds
 * anything else ends the program with line and column of the mistake. */
static inline char *nanostore_easy_json(const char *format, ...)
{
    va_list values;
    size_t length;
    char *built;
    char *json;

    va_start(values, format);
    length = nanostore_easy_fill(NULL, format, values);
    va_end(values);

    built = (char *)malloc(length + 1);
    if (built == NULL) {
        fprintf(stderr, "nanostore_easy_json: out of memory\n");
        exit(EXIT_FAILURE);
    }
    va_start(values, format);
    nanostore_easy_fill(built, format, values);
    va_end(values);
    built[length] = '\0';

    json = nanostore_easy_member(built, "");
    free(built);
    return json;
}

/* ---- walking a listing --------------------------------------------------------------------- */

/* A listing under way. `document` is the document of this turn, as JSON; it belongs to the listing
 * and lives until the next turn. */
typedef struct nanostore_easy_each {
    nanostore_cursor *cursor;
    char *document;
} nanostore_easy_each;

/* Frees what a listing holds. Needed only after leaving one early; allowed at any time. */
static inline void nanostore_easy_each_close(nanostore_easy_each *each)
{
    nanostore_string_free(each->document);
    nanostore_cursor_close(each->cursor);
    each->document = NULL;
    each->cursor = NULL;
}

/* Starts a listing; `query_json` as for nanostore_list (NULL: everything). */
static inline nanostore_easy_each nanostore_easy_each_open(nanostore *store, const char *query_json)
{
    nanostore_easy_each each = { NULL, NULL };

    NANOSTORE_MUST(nanostore_cursor_open, store, query_json, &each.cursor);
    return each;
}

/* Goes on to the next document: 1, or 0 at the end, where the listing has closed itself. */
static inline int nanostore_easy_each_next(nanostore_easy_each *each)
{
    nanostore_string_free(each->document);
    each->document = NULL;
    NANOSTORE_MUST(nanostore_cursor_next, each->cursor, &each->document);
    if (each->document != NULL) {
        return 1;
    }
    nanostore_easy_each_close(each);
    return 0;
}

/* Runs the statement after it once for each document of a query, pulled one by one from a cursor:
 * the state is that of the first turn, and memory does not grow with the listing.
 *
 *     nanostore_easy_each each;
 *     NANOSTORE_EACH(each, store, "{\"where\":{\"status\":\"done\"}}") {
 *         puts(each.document);
 *     }
 *
 * After `break`, call nanostore_easy_each_close(&each). */
#define NANOSTORE_EACH(each, store, query_json)                                                    \
    for ((each) = nanostore_easy_each_open((store), (query_json));                                 \
         nanostore_easy_each_next(&(each));)

#ifdef __cplusplus
}
#endif

#endif
