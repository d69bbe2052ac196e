/* merge - merges two versions of a store's file, document by document: a merge driver for git.
 *
 *     merge BASE OURS THEIRS [NAME]
 *
 * OURS becomes the merged version. NAME is what the file is called in messages. To have git call
 * it, put it into the search path as nanostore-merge, and say once in each clone
 *
 *     git config merge.nanostore.driver "nanostore-merge %O %A %B %P"
 *
 * and in .gitattributes, which is committed,
 *
 *     *.todos.json merge=nanostore
 *
 * It ends with 0, with 1 when a person has to decide (OURS holds conflict markers), and with 129,
 * by which git gives up the merge, when a version cannot be read. See docs/git.md.
 */
#include <nanostore_easy.h>

enum { CONFLICTS = 1, USAGE = 2, FAILED = 129 };

/* Prints what a person has to decide. */
static void print_conflicts(const char *name, const char *report)
{
    char pointer[64];
    char *message;
    int place = 0;

    for (;; place++) {
        snprintf(pointer, sizeof pointer, "/conflicts/%d/message", place);
        message = nanostore_easy_member(report, pointer);
        if (message == NULL) {
            return;
        }
        fprintf(stderr, "%s: %s\n", name, message);
        nanostore_string_free(message);
    }
}

int main(int argc, char **argv)
{
    const char *name;
    char *report = NULL;
    nanostore_error *error = NULL;
    int is_clean;

    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: merge BASE OURS THEIRS [NAME]\n");
        return USAGE;
    }
    name = argc == 5 ? argv[4] : argv[2];
    if (nanostore_merge(argv[1], argv[2], argv[3], NULL, &report, &error) != NANOSTORE_OK) {
        nanostore_easy_report(stderr, name, error);
        nanostore_error_free(error);
        return FAILED;
    }
    is_clean = nanostore_easy_is(report, "/clean", "true");
    print_conflicts(name, report);
    nanostore_string_free(report);
    return is_clean ? EXIT_SUCCESS : CONFLICTS;
}
