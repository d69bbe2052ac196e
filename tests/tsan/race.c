/*
 * race: a program that is wrong. One thread changes a text while another one hands it to the
 * library. ThreadSanitizer must say so; it can only if it sees what the library reads.
 */
#define _XOPEN_SOURCE 700

#include <pthread.h>

#include "nanostore.h"

static char text[] = "{\"a\":0}";

static void *write_on(void *argument)
{
    int i;
    (void)argument;
    for (i = 0; i < 20000; i++) {
        text[5] = (char)('0' + i % 10);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread;
    int i;
    if (pthread_create(&thread, NULL, write_on, NULL) != 0) {
        return 2;
    }
    for (i = 0; i < 20000; i++) {
        char *found = NULL;
        if (nanostore_json_get(text, "/a", &found, NULL) != NANOSTORE_OK) {
            return 3;
        }
        nanostore_string_free(found);
    }
    pthread_join(thread, NULL);
    return 0;
}
