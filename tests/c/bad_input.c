/*
 * bad_input: hands every function of the C interface what is not right, and demands a specific
 * status, a message, an error that is JSON, and a store that has not changed.
 *
 *     bad_input [megabytes]     the size of the hugest text, 300 unless given
 */
#define _POSIX_C_SOURCE 200809L

#include "check.h"

static nanostore *store;
static char *before; /* the listing that nothing may change */

/* What a text input is, which decides what can be wrong with it. */
enum kind { NONE, ID, JSON, OPTIONS, QUERY, TEXT, POINTER };

enum function { OPEN, DEFINE, ADD, GET, UPDATE, REPLACE, DELETE, APPLY, RESOLVE_ID, RESOLVE_IDS,
                LIST, COUNT, EXPLAIN, CURSOR_OPEN, CHANGES, JSON_QUOTE, JSON_GET, FUNCTIONS };

/* The functions with their text inputs, and for each input something that would be right. */
static const struct {
    const char *name;
    enum kind kinds[3];
    const char *right[3];
} functions[FUNCTIONS] = {
    { "open", { OPTIONS }, { "{}" } },
    { "define", { JSON, OPTIONS }, { "{}", "{}" } },
    { "add", { JSON, OPTIONS }, { "{}", "{}" } },
    { "get", { ID, OPTIONS }, { "1", "{}" } },
    { "update", { ID, JSON, OPTIONS }, { "1", "{}", "{}" } },
    { "replace", { ID, JSON, OPTIONS }, { "1", "{}", "{}" } },
    { "delete", { ID, OPTIONS }, { "1", "{}" } },
    { "apply", { JSON, OPTIONS }, { "[]", "{}" } },
    { "resolve_id", { ID }, { "1" } },
    { "resolve_ids", { JSON }, { "[]" } },
    { "list", { QUERY }, { "{}" } },
    { "count", { QUERY }, { "{}" } },
    { "explain", { QUERY }, { "{}" } },
    { "cursor_open", { QUERY }, { "{}" } },
    { "changes", { OPTIONS }, { "{}" } },
    { "json_quote", { TEXT }, { "x" } },
    { "json_get", { JSON, POINTER }, { "{}", "/a" } }
};

#define SCHEMA                                                                                    \
    "{\"dimensions\":[{\"name\":\"status\",\"type\":\"enumerated\",\"values\":[\"pending\","      \
    "\"done\"],\"prefixes\":{\"done\":\"d\"},\"default_value\":\"pending\"},"                     \
    "{\"name\":\"parent\",\"type\":\"hierarchical\",\"ref_field\":\"parent_id\"}]}"

/* Calls `function` with these texts; an output that is a pointer is in `out` afterwards. */
static nanostore_status call(enum function function, const char *const t[3], void **out,
                             nanostore_error **error)
{
    char **text = (char **)out;
    int64_t count = -1;
    switch (function) {
    case OPEN: return nanostore_open(":memory:", t[0], (nanostore **)out, error);
    case DEFINE: return nanostore_define(store, t[0], t[1], text, error);
    case ADD: return nanostore_add(store, t[0], t[1], text, error);
    case GET: return nanostore_get(store, t[0], t[1], text, error);
    case UPDATE: return nanostore_update(store, t[0], t[1], t[2], text, error);
    case REPLACE: return nanostore_replace(store, t[0], t[1], t[2], text, error);
    case DELETE: return nanostore_delete(store, t[0], t[1], text, error);
    case APPLY: return nanostore_apply(store, t[0], t[1], text, error);
    case RESOLVE_ID: return nanostore_resolve_id(store, t[0], text, error);
    case RESOLVE_IDS: return nanostore_resolve_ids(store, t[0], text, error);
    case LIST: return nanostore_list(store, t[0], text, error);
    case EXPLAIN: return nanostore_explain(store, t[0], text, error);
    case CURSOR_OPEN: return nanostore_cursor_open(store, t[0], (nanostore_cursor **)out, error);
    case CHANGES: return nanostore_changes(store, t[0], text, error);
    case JSON_QUOTE: return nanostore_json_quote(t[0], text, error);
    case JSON_GET: return nanostore_json_get(t[0], t[1], text, error);
    default:
        *out = NULL;
        return nanostore_count(store, t[0], &count, error);
    }
}

static void check_unchanged(const char *what)
{
    char *now = NULL;
    nanostore_error *error = NULL;
    check_ok(nanostore_list(store, "{\"view\":\"all\"}", &now, &error), &error, what);
    check(now != NULL && strcmp(now, before) == 0, "%s: the store has changed", what);
    nanostore_string_free(now);
}

/* Calls the function with these texts and demands the failure. */
static void refuse_texts(enum function function, const char *const texts[3],
                         nanostore_status wanted, const char *about)
{
    char what[200];
    void *out = &out; /* must not stay */
    nanostore_error *error = NULL;
    nanostore_status status = call(function, texts, &out, &error);
    snprintf(what, sizeof what, "%s: %.120s", functions[function].name, about);
    check(out == NULL, "%s: the output is not NULL", what);
    check_failed(status, wanted, &error, what);
    out = NULL;
    check(call(function, texts, &out, NULL) == status, "%s: another status without error_out",
          what);
    check_unchanged(what);
}

/* The same with one text wrong and the others right. */
static void refuse(enum function function, int input, const char *text, nanostore_status wanted,
                   const char *about)
{
    const char *texts[3];
    char what[150];
    memcpy(texts, functions[function].right, sizeof texts);
    texts[input] = text;
    snprintf(what, sizeof what, "input %d: %s", input, about);
    refuse_texts(function, texts, wanted, what);
}

static int is_json(enum kind kind)
{
    return kind == JSON || kind == OPTIONS || kind == QUERY;
}

/* Does `with` for each text input of each function. */
static void for_each_input(void (*with)(enum function, int, enum kind))
{
    int function, input;
    for (function = 0; function < FUNCTIONS; function++) {
        for (input = 0; input < 3 && functions[function].kinds[input] != NONE; input++) {
            with((enum function)function, input, functions[function].kinds[input]);
        }
    }
}

static void refuse_null(enum function function, int input, enum kind kind)
{
    if (kind != OPTIONS && kind != QUERY) {
        refuse(function, input, NULL, NANOSTORE_INVALID, "NULL");
    }
}

static void refuse_bytes_that_are_no_text(enum function function, int input, enum kind kind)
{
    static const char *const bytes[] = {
        "\xff", "\x80", "\xc3\x28", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82", "\xf5\x80\x80\x80",
        "{\"title\":\"\xc3\x28\"}", "{\"\xff\":1}", "[\"\xe2\x82\"]"
    };
    size_t i;
    (void)kind;
    for (i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        refuse(function, input, bytes[i], NANOSTORE_INVALID, "not UTF-8");
    }
}

static void refuse_text_that_is_no_json(enum function function, int input, enum kind kind)
{
    static const char *const texts[] = {
        "", " ", "{", "[", "}", "]", "{]", "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]",
        "[1 2]", "{\"a\":1 \"b\":2}", "{a:1}", "{'a':1}", "\"a", "\"\\x\"", "\"\\u12\"",
        "\"a\nb\"", "tru", "nul", "NaN", "Infinity", "-", "+1", "01", "1.", ".5", "1e", "0x10",
        "1 2", "{} {}", "[]]", "// {}", "{}/**/", "{\"a\":1,\"a\":2}", "[{\"a\":1,\"\\u0061\":2}]",
        "{\"data\":{\"x\":{\"y\":1,\"z\":2,\"y\":3}}}", "\"\\ud800\"", "[\"\\udc00\\ud800\"]",
        "{\"title\":\"\\ud83d\"}", "{\"title\":\"\\ud83dx\"}", "\xef\xbb\xbf\xef\xbb\xbf{}"
    };
    size_t i;
    for (i = 0; is_json(kind) && i < sizeof texts / sizeof *texts; i++) {
        refuse(function, input, texts[i], NANOSTORE_INVALID, texts[i]);
    }
}

/* A text of about `length` bytes made of repetitions of `unit` between `first` and `last`. */
static char *repeated(const char *first, const char *unit, size_t length, const char *last)
{
    size_t start = strlen(first), done = strlen(unit), whole = length / done * done;
    char *text = malloc(start + whole + strlen(last) + 1);
    if (text == NULL) {
        exit(2);
    }
    memcpy(text, first, start);
    memcpy(text + start, unit, done);
    while (done < whole) { /* twice as much each time */
        size_t more = done < whole - done ? done : whole - done;
        memcpy(text + start + done, text + start, more);
        done += more;
    }
    strcpy(text + start + whole, last);
    return text;
}

/* Texts that are dangerous rather than wrong, made once. */
static struct {
    char *text;
    const char *about;
    nanostore_status wanted;
} hostile[8];

static void make_hostile_texts(void)
{
    int i = 0;
#define HOSTILE(first, unit, length, last, status, what)                                         \
    hostile[i].text = repeated(first, unit, length, last);                                       \
    hostile[i].about = what;                                                                     \
    hostile[i++].wanted = status;
    HOSTILE("", "[", 1000000, "", NANOSTORE_LIMIT, "1,000,000 arrays deep")
    HOSTILE("", "{\"a\":", 5000000, "", NANOSTORE_LIMIT, "1,000,000 objects deep")
    HOSTILE("{\"data\":", "[{\"a\":", 600000, "", NANOSTORE_LIMIT, "200,000 deep, mixed")
    HOSTILE("[1e", "9", 1000000, "]", NANOSTORE_LIMIT, "an exponent of a million digits")
    HOSTILE("[1e-", "9", 1000000, "]", NANOSTORE_LIMIT, "a negative one")
    HOSTILE("{\"data\":{\"x\":1E+", "9", 12, "}}", NANOSTORE_LIMIT, "an exponent of 12 digits")
    HOSTILE("{", "\"a\":1,", 6000000, "\"b\":2}", NANOSTORE_INVALID, "a million times one member")
    HOSTILE("[\"\\ud800", "\\ud800", 6000000, "\"]", NANOSTORE_INVALID, "a million half letters")
#undef HOSTILE
}

static void refuse_hostile_json(enum function function, int input, enum kind kind)
{
    size_t i;
    for (i = 0; is_json(kind) && i < sizeof hostile / sizeof *hostile; i++) {
        refuse(function, input, hostile[i].text, hostile[i].wanted, hostile[i].about);
    }
}

static char *huge; /* more than one call takes */

/* Reading 300 MB byte by byte takes valgrind seconds each time, so that it sees a few of them. */
static int is_under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

static void refuse_a_huge_text(enum function function, int input, enum kind kind)
{
    (void)kind;
    if (!is_under_valgrind() || function == ADD || function == RESOLVE_ID || function == LIST) {
        refuse(function, input, huge, -1, "a huge text");
    }
}

/* Twelve million small values: little text that would take much memory. */
static void refuse_many_values(void)
{
    char *values = repeated("{\"data\":{\"x\":[0", ",1", 24000000, "]}}");
    char *alternatives = repeated("{\"where\":{\"rev\":{\"$in\":[0", ",1", 24000000, "]}}}");
    refuse(ADD, 0, values, NANOSTORE_LIMIT, "twelve million values");
    if (!is_under_valgrind()) {
        refuse(JSON_GET, 0, values, NANOSTORE_LIMIT, "twelve million values");
        refuse(LIST, 0, alternatives, NANOSTORE_LIMIT, "twelve million alternatives");
    }
    free(values);
    free(alternatives);
}

/* Wrong in what it says, not in how it is written. */
static void refuse_wrong_content(void)
{
    static const struct {
        enum function function;
        const char *texts[3];
        nanostore_status wanted;
    } cases[] = {
#include "bad_content.h"
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const *t = cases[i].texts;
        char about[150];
        snprintf(about, sizeof about, "%.70s %.70s", t[0], t[1] != NULL ? t[1] : "");
        refuse_texts(cases[i].function, t, cases[i].wanted, about);
    }
}

static void refuse_long_names(void)
{
    char *key = repeated("{\"key\":\"", "k", 513, "\"}");
    char *dimension = repeated("{\"dimensions\":{\"", "d", 100000, "\":1}}");
    char *member = repeated("{\"", "m", 100000, "\":1}");
    char *id = repeated("", "1.", 100000, "1");
    char *named = repeated("key:", "k", 100000, "");
    refuse(ADD, 0, key, NANOSTORE_LIMIT, "a key of 513 bytes");
    refuse(ADD, 0, dimension, NANOSTORE_INVALID, "a dimension of 100,000 letters");
    refuse(ADD, 0, member, NANOSTORE_INVALID, "a member of 100,000 letters");
    refuse(LIST, 0, member, NANOSTORE_INVALID, "a query member of 100,000 letters");
    refuse(GET, 0, id, -1, "a short ID of 50,000 levels");
    refuse(GET, 0, named, -1, "a key of 100,000 letters");
    free(key);
    free(dimension);
    free(member);
    free(id);
    free(named);
}

/* NULL where a handle belongs, and where an output belongs. */
static void refuse_null_handles(void)
{
    nanostore *kept = store, *none = NULL;
    nanostore_error *e = NULL;
    char *out = NULL;
    int function;
    store = NULL;
    for (function = DEFINE; function <= CURSOR_OPEN; function++) {
        void *result = &result;
        nanostore_status status =
            call((enum function)function, functions[function].right, &result, &e);
        check(result == NULL, "%s without a store: an output", functions[function].name);
        check_failed(status, NANOSTORE_INVALID, &e, functions[function].name);
    }
    store = kept;
    check_failed(nanostore_info(NULL, &out, &e), NANOSTORE_INVALID, &e, "info without a store");
    check_failed(nanostore_verify(NULL, &out, &e), NANOSTORE_INVALID, &e, "verify without a store");
    check_failed(nanostore_sync(NULL, &e), NANOSTORE_INVALID, &e, "sync without a store");
    check_failed(nanostore_checkpoint(NULL, &e), NANOSTORE_INVALID, &e, "checkpoint of nothing");
    check_failed(nanostore_cursor_next(NULL, &out, &e), NANOSTORE_INVALID, &e, "next of nothing");
    check_failed(nanostore_cursor_token(NULL, &out, &e), NANOSTORE_INVALID, &e, "token of nothing");
    check_failed(nanostore_open(NULL, NULL, &none, &e), NANOSTORE_INVALID, &e, "open NULL");
    check_failed(nanostore_open(":memory:", NULL, NULL, &e), NANOSTORE_INVALID, &e, "no store_out");
    check_failed(nanostore_cursor_open(store, NULL, NULL, &e), NANOSTORE_INVALID, &e,
                 "no cursor_out");
    check_failed(nanostore_snapshot(NULL, &none, &e), NANOSTORE_INVALID, &e, "snapshot of nothing");
    check_failed(nanostore_snapshot(store, NULL, &e), NANOSTORE_INVALID, &e, "no snapshot_out");
    check_ok(nanostore_close(NULL, &e), &e, "close NULL");
    check_ok(nanostore_close(&none, &e), &e, "close a handle that is NULL");
    nanostore_cursor_close(NULL);
    nanostore_string_free(NULL);
    nanostore_error_free(NULL);
    check(nanostore_error_status(NULL) == NANOSTORE_OK, "the status of no error");
    check(strcmp(nanostore_error_message(NULL), "") == 0, "the message of no error");
    check(strcmp(nanostore_error_json(NULL), "{}") == 0, "the JSON of no error");
    check(strcmp(nanostore_status_name(12345), "UNKNOWN") == 0, "the name of no status");
    check(strcmp(nanostore_status_name(-1), "UNKNOWN") == 0, "the name of no status");
    check_unchanged("NULL handles");
}

/* Every output may be NULL. */
static void accept_null_outputs(void)
{
    nanostore_error *e = NULL;
    nanostore_cursor *cursor = NULL;
    check_ok(nanostore_info(store, NULL, &e), &e, "info without an output");
    check_ok(nanostore_verify(store, NULL, &e), &e, "verify without an output");
    check_ok(nanostore_get(store, "1", NULL, NULL, &e), &e, "get without an output");
    check_ok(nanostore_update(store, "1", "{}", NULL, NULL, &e), &e, "update without an output");
    check_ok(nanostore_apply(store, "[]", NULL, NULL, &e), &e, "apply without an output");
    check_ok(nanostore_define(store, SCHEMA, NULL, NULL, &e), &e, "define without an output");
    check_ok(nanostore_resolve_id(store, "1", NULL, &e), &e, "resolve_id without an output");
    check_ok(nanostore_resolve_ids(store, "[]", NULL, &e), &e, "resolve_ids without an output");
    check_ok(nanostore_list(store, NULL, NULL, &e), &e, "list without an output");
    check_ok(nanostore_count(store, NULL, NULL, &e), &e, "count without an output");
    check_ok(nanostore_explain(store, NULL, NULL, &e), &e, "explain without an output");
    check_ok(nanostore_changes(store, NULL, NULL, &e), &e, "changes without an output");
    check_ok(nanostore_json_quote("x", NULL, &e), &e, "json_quote without an output");
    check_ok(nanostore_json_get("{}", "", NULL, &e), &e, "json_get without an output");
    check_ok(nanostore_cursor_open(store, NULL, &cursor, &e), &e, "cursor_open");
    check_ok(nanostore_cursor_next(cursor, NULL, &e), &e, "cursor_next without an output");
    check_ok(nanostore_cursor_token(cursor, NULL, &e), &e, "cursor_token without an output");
    nanostore_cursor_close(cursor);
    check_unchanged("NULL outputs");
}

/* A tree of three documents, one of them with a key, two with UUIDs that begin alike. */
static void set_up(void)
{
    static const char operations[] =
        "[{\"op\":\"add\",\"document\":{\"title\":\"A\",\"key\":\"a\","
        "\"uuid\":\"aaaaaaaa-0000-7000-8000-000000000001\"},\"as\":\"a\"},"
        "{\"op\":\"add\",\"document\":{\"title\":\"B\",\"dimensions\":{\"parent\":\"$a\"},"
        "\"uuid\":\"aaaaaaaa-0000-7000-8000-000000000002\"}},"
        "{\"op\":\"add\",\"document\":{\"title\":\"C\",\"dimensions\":{\"status\":\"done\"}}}]";
    nanostore_error *e = NULL;
    check_ok(nanostore_open(":memory:", "{\"schema\":" SCHEMA "}", &store, &e), &e, "open");
    check_ok(nanostore_apply(store, operations, NULL, NULL, &e), &e, "three documents");
    check_ok(nanostore_list(store, "{\"view\":\"all\"}", &before, &e), &e, "list");
}

int main(int argc, char **argv)
{
    size_t megabytes = argc > 1 ? (size_t)atoi(argv[1]) : 300, i;
    nanostore_error *e = NULL;
    start_listening();
    set_up();
    refuse_null_handles();
    accept_null_outputs();
    for_each_input(refuse_null);
    for_each_input(refuse_bytes_that_are_no_text);
    for_each_input(refuse_text_that_is_no_json);
    make_hostile_texts();
    for_each_input(refuse_hostile_json);
    huge = repeated("[\"", "x", megabytes << 20, "\"]");
    for_each_input(refuse_a_huge_text);
    refuse_many_values();
    refuse_wrong_content();
    refuse_long_names();
    check_ok(nanostore_close(&store, &e), &e, "close");
    check(store == NULL, "a closed handle is NULL");
    for (i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        free(hostile[i].text);
    }
    free(huge);
    nanostore_string_free(before);
    return finish("bad_input");
}
