/*
 * easy: what nanostore_easy.h has, in a program that every dialect from C99 and C++98 on takes
 * without a warning, linked to the shared library and to the static one.
 */
#include <nanostore_easy.h>

int main(void)
{
    nanostore *store = NULL;
    nanostore_easy_each each;
    char *document = nanostore_easy_json("{\"title\":%q,\"data\":{\"litres\":%d}}", "Paint", 3);
    char *added = NULL;
    int seen = 0;

    NANOSTORE_MUST(nanostore_open, ":memory:", NULL, &store);
    NANOSTORE_MUST(nanostore_add, store, document, NULL, &added);
    if (!nanostore_easy_is(added, "/title", "Paint")
        || nanostore_easy_number(added, "/data/litres", 0) != 3) {
        return EXIT_FAILURE;
    }
    NANOSTORE_EACH(each, store, NULL) {
        seen++;
    }
    nanostore_string_free(added);
    nanostore_string_free(document);
    NANOSTORE_MUST(nanostore_close, &store);
    return seen == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
