/*
 * durable: what durable work costs, beside what the disk asks for the same bytes. It makes its
 * stores in the current folder, which should be on a disk, and prints a table.
 */
#define _XOPEN_SOURCE 700

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nanostore.h"

#define ADDS 400
#define THREADS 8
#define LARGE 100000
#define SMALL 100 /* documents in a store of 40 kB */
#define ROUNDS 31

static double now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void must(int holds, const char *what)
{
    if (!holds) {
        perror(what);
        exit(1);
    }
}

static void ok(nanostore_status status, const char *what)
{
    if (status != NANOSTORE_OK) {
        fprintf(stderr, "%s: %s\n", what, nanostore_status_name(status));
        exit(1);
    }
}

static int by_size(const void *left, const void *right)
{
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

/* The value that so many percent lie below. */
static double percentile(double *values, int count, int percent)
{
    qsort(values, (size_t)count, sizeof *values, by_size);
    return values[(count - 1) * percent / 100];
}

static nanostore *open_store(const char *path, const char *options)
{
    nanostore *store = NULL;
    ok(nanostore_open(path, options, &store, NULL), path);
    return store;
}

static void add(nanostore *store, int number)
{
    char document[256];
    snprintf(document, sizeof document,
             "{\"title\":\"Document %d\",\"body\":\"Some sixty characters, so that it is like what "
             "people write down\",\"data\":{\"n\":%d}}",
             number, number);
    ok(nanostore_add(store, document, NULL, NULL, NULL), "add");
}

static void fill(nanostore *store, int from, int count)
{
    int i;
    for (i = 0; i < count; i++) {
        add(store, from + i);
    }
}

static long log_bytes(nanostore *store)
{
    char *info = NULL, *text = NULL;
    long bytes;
    ok(nanostore_info(store, &info, NULL), "info");
    ok(nanostore_json_get(info, "/log_bytes", &text, NULL), "log_bytes");
    must(text != NULL, "log_bytes");
    bytes = strtol(text, NULL, 10);
    nanostore_string_free(text);
    nanostore_string_free(info);
    return bytes;
}

/* Adds, each beside the bare writing and syncing of as many bytes to a file that has its blocks. */
static void durable_adds(void)
{
    static double ours[ADDS], bare[ADDS];
    static char block[1 << 20];
    nanostore *store = open_store("durable.json", "{\"durability\":\"sync\"}");
    int file = open("bare", O_CREAT | O_TRUNC | O_RDWR, 0600);
    long before, bytes;
    int i;
    must(file >= 0 && write(file, block, sizeof block) == (ssize_t)sizeof block, "bare");
    must(fsync(file) == 0, "fsync");
    fill(store, 0, 20); /* the first few replace the file */
    before = log_bytes(store);
    add(store, 0);
    bytes = log_bytes(store) - before;
    must(bytes > 0 && bytes * ADDS < (long)sizeof block, "the size of a record");
    for (i = 0; i < ADDS; i++) {
        double start = now_us();
        add(store, i);
        ours[i] = now_us() - start;
        start = now_us();
        must(pwrite(file, block, (size_t)bytes, (off_t)i * bytes) == bytes, "pwrite");
        must(fdatasync(file) == 0, "fdatasync");
        bare[i] = now_us() - start;
    }
    ok(nanostore_close(&store, NULL), "close");
    close(file);
    printf("a durable add writes %ld bytes\n", bytes);
    for (i = 10; i <= 90; i += 40) {
        double add_us = percentile(ours, ADDS, i), bare_us = percentile(bare, ADDS, i);
        printf("p%d: durable add %.0f us, bare fdatasync %.0f us, ratio %.2f\n", i, add_us, bare_us,
               add_us / bare_us);
    }
}

static void *add_some(void *store)
{
    fill(store, 0, ADDS);
    return NULL;
}

static void threads(void)
{
    pthread_t running[THREADS];
    nanostore *store = open_store("threads.json", "{\"durability\":\"sync\"}");
    double start, one, all;
    int i;
    fill(store, 0, 20);
    start = now_us();
    fill(store, 0, ADDS);
    one = ADDS / (now_us() - start);
    start = now_us();
    for (i = 0; i < THREADS; i++) {
        must(pthread_create(&running[i], NULL, add_some, store) == 0, "thread");
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(running[i], NULL);
    }
    all = THREADS * ADDS / (now_us() - start);
    ok(nanostore_close(&store, NULL), "close");
    printf("adds a second: 1 thread %.0f, %d threads %.0f, ratio %.2f\n", one * 1e6, THREADS,
           all * 1e6, all / one);
}

/* Reads, writes, syncs and renames a file as whoever replaces it must. */
static double replace_bare(const char *path)
{
    static char bytes[1 << 20];
    double start = now_us();
    int file = open(path, O_RDONLY), folder = open(".", O_RDONLY);
    ssize_t length = read(file, bytes, sizeof bytes);
    close(file);
    file = open("bare.new", O_CREAT | O_TRUNC | O_WRONLY, 0600);
    must(length > 0 && write(file, bytes, (size_t)length) == length, "bare.new");
    must(fsync(file) == 0, "fsync");
    close(file);
    must(rename("bare.new", "bare") == 0 && fsync(folder) == 0, "rename");
    close(folder);
    return now_us() - start;
}

static void one_add(void)
{
    static double ours[ROUNDS], bare[ROUNDS];
    nanostore *store = open_store("small.json", NULL);
    double add_us, bare_us;
    struct stat file;
    int i;
    fill(store, 0, SMALL);
    ok(nanostore_close(&store, NULL), "close");
    for (i = 0; i < ROUNDS; i++) {
        double start = now_us();
        store = open_store("small.json", NULL);
        add(store, i);
        ok(nanostore_close(&store, NULL), "close");
        ours[i] = now_us() - start;
        bare[i] = replace_bare("small.json");
    }
    add_us = percentile(ours, ROUNDS, 50);
    bare_us = percentile(bare, ROUNDS, 50);
    must(stat("small.json", &file) == 0, "stat");
    printf("open, add, close on %ld bytes: %.0f us, bare %.0f us, ratio %.2f\n",
           (long)file.st_size, add_us, bare_us, add_us / bare_us);
}

/* Another process adds `count` documents; gives what the next read of this one takes. */
static double catch_up(nanostore *store, int command, int answer, int count)
{
    char done;
    double start;
    must(write(command, &count, sizeof count) == (ssize_t)sizeof count, "command");
    must(read(answer, &done, 1) == 1, "answer");
    start = now_us();
    ok(nanostore_count(store, NULL, NULL, NULL), "count");
    return now_us() - start;
}

/* Fills a store on its own, then adds as many documents as it is told. */
static void be_other(int command, int answer)
{
    nanostore *store = open_store("large.json", "{\"durability\":\"batched\"}");
    int count = 0;
    fill(store, 0, LARGE);
    ok(nanostore_checkpoint(store, NULL), "checkpoint");
    do {
        must(write(answer, "", 1) == 1, "answer");
        must(read(command, &count, sizeof count) == (ssize_t)sizeof count, "command");
        fill(store, LARGE, count);
    } while (count > 0);
    ok(nanostore_close(&store, NULL), "close");
    _exit(0);
}

static void catching_up(void)
{
    static const int counts[] = {1, 100, 10000};
    nanostore *store;
    int command[2], answer[2];
    size_t i;
    int round, stop = 0;
    char ready;
    must(pipe(command) == 0 && pipe(answer) == 0, "pipe");
    if (fork() == 0) {
        be_other(command[0], answer[1]);
    }
    must(read(answer[0], &ready, 1) == 1, "answer");
    store = open_store("large.json", NULL);
    for (i = 0; i < sizeof counts / sizeof *counts; i++) {
        double times[3];
        for (round = 0; round < 3; round++) {
            times[round] = catch_up(store, command[1], answer[0], counts[i]);
        }
        printf("catching up with %d of another process in a store of %d: %.0f us\n", counts[i],
               LARGE, percentile(times, 3, 50));
    }
    must(write(command[1], &stop, sizeof stop) == (ssize_t)sizeof stop, "command");
    wait(NULL);
    ok(nanostore_close(&store, NULL), "close");
}

int main(void)
{
    catching_up(); /* before there are threads */
    durable_adds();
    threads();
    one_add();
    return 0;
}
