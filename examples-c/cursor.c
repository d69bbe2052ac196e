/* cursor - a long listing, pulled document by document, left early and taken up again.
 *
 * A cursor stands on the state it was opened on, whatever is written meanwhile. Its token names
 * the place after the last document it gave; a later query goes on there, in another process too.
 */
#include <nanostore_easy.h>

enum { DOCUMENT_COUNT = 1000, TAKEN = 3 };

#define FROST "\"where\":{\"data.celsius\":{\"$lt\":0}}"

/* Temperatures of -10 to 39 degrees, 200 of them below zero. */
static void add_readings(nanostore *store)
{
    int i;

    for (i = 1; i <= DOCUMENT_COUNT; i++) {
        char *document = nanostore_easy_json("{\"title\":\"reading\",\"data\":{\"celsius\":%d}}",
                                             i * 37 % 50 - 10);

        NANOSTORE_MUST(nanostore_add, store, document, NULL, NULL);
        nanostore_string_free(document);
    }
}

static void print_reading(const char *document)
{
    char *id = nanostore_easy_member(document, "/id");
    char *celsius = nanostore_easy_member(document, "/data/celsius");

    printf("  %-4s %s degrees\n", id, celsius);
    nanostore_string_free(celsius);
    nanostore_string_free(id);
}

/* Prints the first few and returns the token of the place after them. */
static char *print_first(nanostore *store)
{
    nanostore_cursor *cursor = NULL;
    char *document = NULL;
    char *token = NULL;
    int i;

    NANOSTORE_MUST(nanostore_cursor_open, store, "{" FROST "}", &cursor);
    for (i = 0; i < TAKEN; i++) {
        NANOSTORE_MUST(nanostore_cursor_next, cursor, &document);
        if (document == NULL) {
            break; /* the end */
        }
        print_reading(document);
        nanostore_string_free(document);
    }
    NANOSTORE_MUST(nanostore_cursor_token, cursor, &token);
    nanostore_cursor_close(cursor); /* at any time: a cursor holds nothing that could be lost */
    return token;
}

int main(void)
{
    nanostore *store = NULL;
    nanostore_easy_each each;
    char *token;
    char *query;
    int printed = 0;
    int left = 0;
    int64_t count = 0;

    NANOSTORE_MUST(nanostore_open, ":memory:", NULL, &store);
    add_readings(store);

    printf("the first %d readings below zero\n", TAKEN);
    token = print_first(store);

    printf("and the next, by the token\n");
    query = nanostore_easy_json("{" FROST ",\"after\":%s}", token); /* a token is JSON already */
    nanostore_string_free(token);
    NANOSTORE_EACH(each, store, query) {
        if (printed < TAKEN) {
            print_reading(each.document);
            printed++;
        } else if (left++ == 0) {
            /* The walk goes on over the state it began with. */
            NANOSTORE_MUST(nanostore_apply, store,
                           "[{\"op\":\"delete\",\"where\":{},\"all\":true}]", NULL, NULL);
        }
    }
    nanostore_string_free(query);
    NANOSTORE_MUST(nanostore_count, store, NULL, &count);
    printf("%d more came, though the store had %d documents by then\n", left, (int)count);

    NANOSTORE_MUST(nanostore_close, &store);
    return EXIT_SUCCESS;
}
