/*
 * reader: reads a store again and again, until a file is there.
 *
 *     reader path=P until=P [options=JSON] [limit=SECONDS]
 *
 *     FAIL list STATUS ...     a read failed
 *     READ 812                 so many listings were read
 *     DONE
 */
#define _GNU_SOURCE
#include "protocol.h"

int main(int count, char **words)
{
    nanostore *store = NULL;
    nanostore_error *error = NULL;
    nanostore_status status;
    long reads = 0;
    start(count, words);
    status = nanostore_open(argument("path", NULL), argument("options", NULL), &store, &error);
    if (status != NANOSTORE_OK) {
        say_outcome("FAIL open", status, error);
        return 3;
    }
    while (access(argument("until", "/"), F_OK) != 0) {
        char *page = NULL;
        status = nanostore_list(store, "{\"limit\":20}", &page, &error);
        if (status != NANOSTORE_OK) {
            say_outcome("FAIL list", status, error);
            error = NULL;
        }
        nanostore_string_free(page);
        reads++;
        usleep(500);
    }
    status = nanostore_close(&store, &error);
    if (status != NANOSTORE_OK) {
        say_outcome("FAIL close", status, error);
    }
    say("READ %ld", reads);
    say("DONE");
    return 0;
}
