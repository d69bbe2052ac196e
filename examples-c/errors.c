/* errors - what a failed call gives: a status, and an error that says what was wrong and the way
 * out. A call that failed has changed nothing.
 *
 * The status is for the program (`if (status == NANOSTORE_CONFLICT)`), the message and the hint
 * for the person, the JSON for whoever wants the details: field, line, column, expected, actual,
 * candidates.
 */
#include <nanostore_easy.h>

/* With a clock and a seed of its own the program prints the same UUIDs each time. */
#define OPTIONS                                                                                    \
    "{\"clock\":{\"start\":\"2026-01-01T00:00:00Z\",\"step_ms\":1000},\"uuid_seed\":1,"            \
    "\"schema\":{\"dimensions\":["                                                                 \
    "{\"name\":\"status\",\"type\":\"enumerated\",\"values\":[\"open\",\"done\"],"                 \
    "\"prefixes\":{\"done\":\"d\"},\"default_value\":\"open\"},"                                   \
    "{\"name\":\"parent\",\"type\":\"hierarchical\",\"ref_field\":\"parent_id\"}]}}"

/* Prints the details of an error that are there, and frees it. */
static void explain(const char *what, nanostore_status status, nanostore_error *error)
{
    static const char *const detail[] = { "message", "id", "field", "line", "column", "expected",
                                          "actual", "candidates", "hint" };
    const char *json = nanostore_error_json(error);
    size_t i;

    printf("%s\n  %s\n", what, nanostore_status_name(status));
    for (i = 0; json != NULL && i < sizeof detail / sizeof detail[0]; i++) {
        char pointer[32];
        char *text;

        snprintf(pointer, sizeof pointer, "/%s", detail[i]);
        text = nanostore_easy_member(json, pointer);
        if (text != NULL) {
            printf("  %-10s %s\n", detail[i], text);
        }
        nanostore_string_free(text);
    }
    nanostore_error_free(error);
}

/* Tries to add a document that is not right. */
static void try_add(nanostore *store, const char *what, const char *document)
{
    nanostore_error *error = NULL;
    const nanostore_status status = nanostore_add(store, document, NULL, NULL, &error);

    explain(what, status, error);
}

/* Tries to make a change that must not happen. */
static void try_update(nanostore *store, const char *what, const char *id, const char *patch,
                       const char *options)
{
    nanostore_error *error = NULL;
    const nanostore_status status = nanostore_update(store, id, patch, options, NULL, &error);

    explain(what, status, error);
}

int main(void)
{
    nanostore *store = NULL;
    nanostore_error *error = NULL;
    nanostore_status status;
    int64_t count = 0;

    status = nanostore_open(":memory:", "{\"creat\":true}", &store, &error);
    explain("An option that does not exist", status, error);

    NANOSTORE_MUST(nanostore_open, ":memory:", OPTIONS, &store);
    NANOSTORE_MUST(nanostore_add, store, "{\"title\":\"House\",\"key\":\"house\"}", NULL, NULL);
    NANOSTORE_MUST(nanostore_add, store,
                   "{\"title\":\"Roof\",\"dimensions\":{\"parent_id\":\"key:house\"}}", NULL, NULL);

    try_add(store, "A document that is not JSON", "{\"title\":\"Door\",\n \"body\":}");
    try_add(store, "A value outside its dimension", "{\"dimensions\":{\"status\":\"dnoe\"}}");
    try_add(store, "A key that is taken", "{\"key\":\"house\"}");
    try_update(store, "An ID that leads nowhere", "1.4", "{\"title\":\"Wall\"}", NULL);
    try_update(store, "An ID that is none", "1..4", "{\"title\":\"Wall\"}", NULL);
    try_update(store, "A task below itself", "1", "{\"dimensions\":{\"parent_id\":\"1.1\"}}", NULL);
    try_update(store, "Someone else was faster", "1.1", "{\"title\":\"Attic\"}", "{\"if_rev\":1}");

    error = NULL;
    status = nanostore_delete(store, "1", NULL, NULL, &error);
    explain("A document with something below it", status, error);

    error = NULL;
    status = nanostore_list(store, "{\"where\":{\"staus\":\"open\"}}", NULL, &error);
    explain("A field that does not exist", status, error);

    error = NULL;
    status = nanostore_get(NULL, "1", NULL, NULL, &error);
    explain("No store", status, error);

    NANOSTORE_MUST(nanostore_count, store, NULL, &count);
    printf("Documents before and after all this: 2 and %d\n", (int)count);
    NANOSTORE_MUST(nanostore_close, &store);
    return EXIT_SUCCESS;
}
