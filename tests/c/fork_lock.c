/*
 * fork_lock: a program forks while another of its threads writes, and dies; its child lives on.
 * The lock must not live on with the child: the next program writes at once.
 *
 * Here the first process starts a writer, which starts a thread that writes and forks a sleeper.
 * When the writer has been killed, the first process demands that it can write.
 */
#define _XOPEN_SOURCE 700

#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define ROUNDS 15

static char folder[] = "/tmp/nanostore-fork-lock-XXXXXX";

static void *write_on(void *store)
{
    /* Until it is killed. */
    while (nanostore_add(store, "{\"title\":\"more\"}", NULL, NULL, NULL) == NANOSTORE_OK) {
    }
    return NULL;
}

/* Writes, forks a sleeper that has the handles of its parent, and tells its number. */
static void be_writer(int out)
{
    struct timespec moment = {0, 3 * 1000 * 1000};
    nanostore *store = NULL;
    pthread_t thread;
    pid_t sleeper;
    if (nanostore_open("store.json", NULL, &store, NULL) != NANOSTORE_OK
        || pthread_create(&thread, NULL, write_on, store) != 0) {
        _exit(2);
    }
    nanosleep(&moment, NULL);
    sleeper = fork();
    if (sleeper == 0) {
        nanostore_status status = nanostore_add(store, "{}", NULL, NULL, NULL);
        close(out);
        pause();
        _exit(status == NANOSTORE_FORKED ? 0 : 1);
    }
    if (write(out, &sleeper, sizeof sleeper) != (ssize_t)sizeof sleeper) {
        _exit(2);
    }
    nanosleep(&moment, NULL);
    kill(getpid(), SIGKILL);
}

static void play_round(int round)
{
    nanostore_error *error = NULL;
    nanostore *store = NULL;
    nanostore_status status;
    pid_t writer, sleeper = 0;
    int ends[2];
    if (pipe(ends) != 0) {
        exit(2);
    }
    writer = fork();
    if (writer == 0) {
        close(ends[0]);
        be_writer(ends[1]);
    }
    close(ends[1]);
    check(read(ends[0], &sleeper, sizeof sleeper) == (ssize_t)sizeof sleeper,
          "round %d: the writer could not start", round);
    close(ends[0]);
    waitpid(writer, NULL, 0);

    status = nanostore_open("store.json", NULL, &store, &error);
    check_ok(status, &error, "open");
    if (status == NANOSTORE_OK) {
        error = NULL;
        status = nanostore_add(store, "{\"title\":\"after\"}", NULL, NULL, &error);
        check_ok(status, &error, "add");
        nanostore_close(&store, NULL);
    }
    if (sleeper > 0) {
        kill(sleeper, SIGKILL);
    }
}

int main(void)
{
    int round;
    nanostore_error *error = NULL;
    start_listening();
    check_failed(nanostore_open("store.json", "{", NULL, &error), NANOSTORE_INVALID, &error, "{");
    if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
        return 2;
    }
    for (round = 0; round < ROUNDS; round++) {
        play_round(round);
    }
    return finish("fork_lock");
}
