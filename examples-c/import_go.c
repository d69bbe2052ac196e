/* import_go - opens a file that the Go original wrote, and prints the tree in it.
 *
 *     import_go GO_FILE COPY
 *
 * Nothing has to be converted first: a file with Go-style keys (UUID, Title, CreatedAt, ...) opens
 * as it is, and becomes canonical at the first write. So that GO_FILE stays as it is, this works
 * on a copy of it.
 */
#include <nanostore_easy.h>

enum { HEAD_LINES = 40 };

#define OPTIONS                                                                                    \
    "{\"create\":false,\"schema\":{\"dimensions\":["                                               \
    "{\"name\":\"status\",\"type\":\"enumerated\",\"values\":[\"pending\",\"active\",\"done\"],"   \
    "\"prefixes\":{\"active\":\"a\",\"done\":\"d\"},\"default_value\":\"pending\"},"               \
    "{\"name\":\"priority\",\"type\":\"enumerated\",\"values\":[\"low\",\"medium\",\"high\"],"     \
    "\"prefixes\":{\"low\":\"l\",\"high\":\"h\"},\"default_value\":\"medium\"},"                   \
    "{\"name\":\"parent\",\"type\":\"hierarchical\",\"ref_field\":\"parent_id\"}]}}"

static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    char block[4096];
    size_t size;

    if (in == NULL || out == NULL) {
        fprintf(stderr, "import_go: cannot copy %s to %s\n", from, to);
        exit(EXIT_FAILURE);
    }
    while ((size = fread(block, 1, sizeof block, in)) > 0) {
        fwrite(block, 1, size, out);
    }
    if (ferror(in) || fclose(out) != 0) {
        fprintf(stderr, "import_go: cannot copy %s to %s\n", from, to);
        exit(EXIT_FAILURE);
    }
    fclose(in);
}

/* Prints the first bytes of a file, up to and with its `lines`th line. */
static void print_lines(const char *path, int lines)
{
    FILE *file = fopen(path, "r");
    int byte;

    while (file != NULL && lines > 0 && (byte = getc(file)) != EOF) {
        putchar(byte);
        lines -= byte == '\n';
    }
    if (file != NULL) {
        fclose(file);
    }
}

static void print_count(nanostore *store, const char *what, const char *query)
{
    int64_t count = 0;

    NANOSTORE_MUST(nanostore_count, store, query, &count);
    printf("  %-28s %4d\n", what, (int)count);
}

static void print_document(const char *document)
{
    const int indent = (int)(2 * nanostore_easy_number(document, "/level", 1));
    char *id = nanostore_easy_member(document, "/id");
    char *title = nanostore_easy_member(document, "/title");
    char *assignee = nanostore_easy_member(document, "/data/Assignee");

    printf("%*s%-13s %s", indent, "", id, title);
    if (assignee != NULL) {
        printf("  (%s)", assignee);
    }
    putchar('\n');
    nanostore_string_free(assignee);
    nanostore_string_free(title);
    nanostore_string_free(id);
}

static void print_tree(nanostore *store)
{
    nanostore_easy_each each;
    int printed = 0;
    long deepest = 0;
    long level;

    NANOSTORE_EACH(each, store, "{\"fields\":[\"id\",\"title\",\"level\",\"data.Assignee\"]}") {
        if (printed < HEAD_LINES) {
            print_document(each.document);
        }
        printed++;
        level = nanostore_easy_number(each.document, "/level", 0);
        deepest = level > deepest ? level : deepest;
    }
    printf("  ... %d more, the deepest on level %ld\n", printed - HEAD_LINES, deepest);
}

static void print_summary(nanostore *store)
{
    char *report = NULL;

    printf("\nSummary\n");
    print_count(store, "documents", NULL);
    print_count(store, "roots", "{\"where\":{\"parent\":null}}");
    print_count(store, "pending", "{\"where\":{\"status\":\"pending\"}}");
    print_count(store, "active", "{\"where\":{\"status\":\"active\"}}");
    print_count(store, "done", "{\"where\":{\"status\":\"done\"}}");
    print_count(store, "open and high", "{\"where\":{\"status\":{\"$ne\":\"done\"},"
                                        "\"priority\":\"high\"}}");
    print_count(store, "under 1", "{\"where\":{\"$under\":\"1\"}}");
    print_count(store, "open, more than 8 hours", "{\"where\":{\"status\":{\"$ne\":\"done\"},"
                                                  "\"data.Estimate\":{\"$gt\":8}}}");
    NANOSTORE_MUST(nanostore_verify, store, &report);
    printf("  verify: %s\n", nanostore_easy_is(report, "/ok", "true") ? "ok" : report);
    nanostore_string_free(report);
}

int main(int argc, char **argv)
{
    nanostore *store = NULL;

    if (argc != 3) {
        fprintf(stderr, "usage: import_go GO_FILE COPY\n");
        return 2;
    }
    copy_file(argv[1], argv[2]);

    printf("The file as Go wrote it\n");
    print_lines(argv[2], 19);

    NANOSTORE_MUST(nanostore_open, argv[2], OPTIONS, &store);
    printf("\nIts tree\n");
    print_tree(store);
    print_summary(store);
    NANOSTORE_MUST(nanostore_close, &store);

    printf("\nThe same document in canonical form\n");
    print_lines(argv[2], 16);
    return EXIT_SUCCESS;
}
