/* open_and_add - the smallest useful program: open a store, add documents, read them back.
 *
 *     open_and_add FILE        (default: notes.json; it is made when it is not there)
 */
#include <nanostore_easy.h>

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "notes.json";
    nanostore *store = NULL;
    nanostore_easy_each each;
    char *document = NULL;
    char *title;
    char *id;
    int64_t count = 0;

    /* The schema says which fields shape the short IDs. It is kept in the file. */
    NANOSTORE_MUST(nanostore_open, path,
                   "{\"schema\":{\"dimensions\":["
                   "{\"name\":\"state\",\"type\":\"enumerated\",\"values\":[\"kept\",\"archived\"],"
                   "\"prefixes\":{\"archived\":\"x\"},\"default_value\":\"kept\"}]}}",
                   &store);

    /* What a call hands back is the caller's, and freed with nanostore_string_free. */
    NANOSTORE_MUST(nanostore_add, store, "{\"title\":\"Bread, the long way\"}", NULL, &document);
    title = nanostore_easy_member(document, "/title");
    printf("added: %s\n", title);
    nanostore_string_free(title);
    nanostore_string_free(document);

    /* An output that is not wanted may be NULL; the result is then not even built. */
    NANOSTORE_MUST(nanostore_add, store, "{\"title\":\"Soup\",\"data\":{\"serves\":4}}", NULL,
                   NULL);
    NANOSTORE_MUST(nanostore_add, store,
                   "{\"title\":\"Pancakes\",\"key\":\"pancakes\",\"body\":\"Rest the batter.\"}",
                   NULL, NULL);

    /* Three ways to name a document: the short ID, the key, the UUID. */
    document = NULL;
    NANOSTORE_MUST(nanostore_get, store, "key:pancakes", NULL, &document);
    id = nanostore_easy_member(document, "/id");
    printf("key:pancakes is document %s\n", id);
    nanostore_string_free(id);
    nanostore_string_free(document);

    /* Put one away: it gets the prefix of its state, and the others close up. */
    NANOSTORE_MUST(nanostore_update, store, "2", "{\"dimensions\":{\"state\":\"archived\"}}", NULL,
                   NULL);
    NANOSTORE_EACH(each, store, NULL) {
        id = nanostore_easy_member(each.document, "/id");
        title = nanostore_easy_member(each.document, "/title");
        printf("  %-3s %s\n", id, title);
        nanostore_string_free(title);
        nanostore_string_free(id);
    }
    NANOSTORE_MUST(nanostore_count, store, "{\"where\":{\"state\":\"kept\"}}", &count);
    printf("%d kept\n", (int)count);

    NANOSTORE_MUST(nanostore_close, &store);
    return EXIT_SUCCESS;
}
