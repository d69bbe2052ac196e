/* batch - several writes as one: all happen, or none does, in one commit.
 *
 * Short IDs in a batch mean the state before it, and an operation may name what an earlier one
 * adds ("as", then "$name").
 */
#include <nanostore_easy.h>

#define OPTIONS                                                                                    \
    "{\"schema\":{\"dimensions\":["                                                                \
    "{\"name\":\"status\",\"type\":\"enumerated\",\"values\":[\"open\",\"done\"],"                 \
    "\"prefixes\":{\"done\":\"d\"},\"default_value\":\"open\"},"                                   \
    "{\"name\":\"parent\",\"type\":\"hierarchical\",\"ref_field\":\"parent_id\"}]}}"

static void print_all(nanostore *store, const char *what)
{
    nanostore_easy_each each;

    printf("%s\n", what);
    NANOSTORE_EACH(each, store, NULL) {
        char *id = nanostore_easy_member(each.document, "/id");
        char *title = nanostore_easy_member(each.document, "/title");

        printf("  %-5s %s\n", id, title);
        nanostore_string_free(title);
        nanostore_string_free(id);
    }
}

int main(void)
{
    nanostore *store = NULL;
    nanostore_error *error = NULL;
    char *results = NULL;
    char *commit;

    NANOSTORE_MUST(nanostore_open, ":memory:", OPTIONS, &store);

    /* A tree in one call: the children name their parent by the name it got in this batch. */
    NANOSTORE_MUST(nanostore_apply, store,
                   "[{\"op\":\"add\",\"as\":\"move\",\"document\":{\"title\":\"Move house\"}},"
                   "{\"op\":\"add\",\"document\":{\"title\":\"Boxes\","
                   "\"dimensions\":{\"parent_id\":\"$move\"}}},"
                   "{\"op\":\"add\",\"document\":{\"title\":\"Van\","
                   "\"dimensions\":{\"parent_id\":\"$move\"}}},"
                   "{\"op\":\"add\",\"document\":{\"title\":\"Keys\","
                   "\"dimensions\":{\"parent_id\":\"$move\"}}}]",
                   NULL, &results);
    commit = nanostore_easy_member(results, "/commit");
    printf("four documents, commit %s\n", commit);
    nanostore_string_free(commit);
    nanostore_string_free(results);
    print_all(store, "added");

    /* Both IDs mean the state before the batch, where 1.2 is not 1.1 yet. */
    NANOSTORE_MUST(nanostore_apply, store,
                   "[{\"op\":\"update\",\"ids\":[\"1.1\",\"1.2\"],"
                   "\"patch\":{\"dimensions\":{\"status\":\"done\"}}}]",
                   NULL, NULL);
    print_all(store, "done 1.1 1.2");

    /* The second operation fails, so the first does not happen either. */
    if (nanostore_apply(store,
                        "[{\"op\":\"update\",\"id\":\"1\",\"patch\":{\"title\":\"Stay\"}},"
                        "{\"op\":\"delete\",\"id\":\"7\"}]",
                        NULL, NULL, &error)
        != NANOSTORE_OK) {
        nanostore_easy_report(stdout, "refused", error);
    }
    nanostore_error_free(error);
    print_all(store, "as before");

    /* Operations by query: whatever matches when their turn comes. */
    NANOSTORE_MUST(nanostore_apply, store,
                   "[{\"op\":\"delete\",\"where\":{\"status\":\"done\"}},"
                   "{\"op\":\"update\",\"where\":{\"parent\":\"1\"},"
                   "\"patch\":{\"title\":\"Keys, all four\"}}]",
                   NULL, NULL);
    print_all(store, "cleared");

    NANOSTORE_MUST(nanostore_close, &store);
    return EXIT_SUCCESS;
}
