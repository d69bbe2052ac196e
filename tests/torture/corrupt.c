/*
 * corrupt: opens a store whose files were damaged in one place, for many places, in one process.
 *
 *     corrupt reference=FOLDER work=FOLDER target=data|log|lock [options=JSON]
 *             [from=N] [count=N] [seed=N]
 *
 * The reference is s.json with its lock file and, perhaps, its log. Damage number 0 and on: the
 * target cut to each length; then each of its bits flipped; then, without end, damage of other
 * kinds that follows from the seed. Each time all files are put back first. Then:
 *
 * - a store that does not open says why, with the path, and its files are left as they are;
 * - a damaged log or lock file never changes in silence what the store holds: it is all there, or
 *   refused, or, where nothing tells that it was on disk, the end of the log is kept aside (or
 *   missing, if it was cut off between two commits that nobody had synced);
 * - a data file that was cut short is refused, unless nothing but the last line's end is missing;
 * - other damage to the data file may give another text that is well-formed, which is legal.
 *
 *     WRONG flip 17 ...            a rule is broken; the damaged files are kept as they were
 *     UNCLEAR flip 17 ...          the reason does not tell enough
 *     DIED flip 17 signal 11       it crashed, or hung
 *     ALL 1234                     how many numbers the first two kinds take
 *     SUM files 1000 refused 800 legal 200 harmless 0 torn 0
 *     DONE
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include "protocol.h"

#define FILE_BYTES_MAX (1 << 20)
#define PATIENCE_S 10
#define KEPT_MAX 5
/* Files changed a moment ago are read again, in case somebody is writing them: not here. */
#define AHEAD_S 3600

enum target { DATA, LOG, LOCK, TARGETS };

struct file {
    const char *ending;
    unsigned char *bytes; /* as they should be */
    unsigned char *damaged;
    size_t length, damaged_length;
    int exists;
};

static struct file files[TARGETS] = { { "", NULL, NULL, 0, 0, 0 },
                                      { ".wal", NULL, NULL, 0, 0, 0 },
                                      { ".lock", NULL, NULL, 0, 0, 0 } };
static enum target target;
static char description[200];
static uint64_t expected;
static long refused, legal, harmless, torn, kept;
static int set_aside; /* how many files the store put aside this time */
static uint64_t randomness;

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int result = (int)syscall(SYS_clock_gettime, clock, out);
    if (clock == CLOCK_REALTIME) {
        out->tv_sec += AHEAD_S;
    }
    return result;
}

static void die(int number)
{
    char line[300];
    int length = snprintf(line, sizeof line, "DIED %s signal %d\n", description, number);
    _exit(write(STDOUT_FILENO, line, (size_t)length) == length ? 70 : 71);
}

static size_t random_below(size_t limit)
{
    randomness = mixed(randomness);
    return limit == 0 ? 0 : (size_t)(randomness % limit);
}

static void path_of(char *out, const char *folder, enum target which)
{
    snprintf(out, 4096, "%s/s.json%s", folder, files[which].ending);
}

static void read_reference(enum target which)
{
    struct file *file = &files[which];
    char path[4096];
    FILE *stream;
    path_of(path, argument("reference", "."), which);
    file->bytes = malloc(FILE_BYTES_MAX);
    file->damaged = malloc(FILE_BYTES_MAX);
    stream = fopen(path, "rb");
    file->exists = stream != NULL;
    if (stream != NULL) {
        file->length = fread(file->bytes, 1, FILE_BYTES_MAX, stream);
        fclose(stream);
    }
}

static void put_back(const char *folder, enum target which)
{
    const struct file *file = &files[which];
    const unsigned char *bytes = which == target ? file->damaged : file->bytes;
    size_t length = which == target ? file->damaged_length : file->length;
    char path[4096];
    int fd;
    path_of(path, folder, which);
    if (!file->exists) {
        unlink(path);
        return;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length || close(fd) != 0) {
        perror(path);
        exit(2);
    }
}

static void keep(const char *what, const char *why)
{
    char folder[4096];
    int which;
    say("%s %s %s", what, description, why);
    if (kept++ >= KEPT_MAX) {
        return;
    }
    for (which = 0; which < TARGETS; which++) {
        snprintf(folder, sizeof folder, "%.3000s/kept-%ld", argument("work", "."), kept);
        /* A file, not a folder, for each: "kept-1.s.json.wal". */
        if (files[which].exists) {
            int fd;
            snprintf(folder + strlen(folder), 100, ".s.json%s", files[which].ending);
            fd = open(folder, O_WRONLY | O_CREAT | O_TRUNC, 0600);
            (void)!write(fd, which == (int)target ? files[which].damaged : files[which].bytes,
                         which == (int)target ? files[which].damaged_length
                                              : files[which].length);
            close(fd);
        }
    }
}

/* Some other damage: a byte, a run of zeros, a piece that is copied or taken out. */
static void damage_somehow(struct file *file)
{
    size_t length = file->length, place = random_below(length), other = random_below(length);
    size_t count = 1 + random_below(length - (place > other ? place : other));
    switch (random_below(5)) {
    case 0:
        file->damaged[place] = (unsigned char)random_below(256);
        file->damaged[other] = (unsigned char)random_below(256);
        sprintf(description, "bytes %zu %zu", place, other);
        break;
    case 1:
        memset(file->damaged + place, random_below(2) ? 0 : '\n', count);
        sprintf(description, "blank %zu %zu", place, count);
        break;
    case 2:
        memmove(file->damaged + place, file->damaged + other, count);
        sprintf(description, "copy %zu %zu %zu", place, other, count);
        break;
    case 3:
        memmove(file->damaged + place, file->damaged + place + count, length - place - count);
        file->damaged_length = length - count;
        sprintf(description, "remove %zu %zu", place, count);
        break;
    default:
        file->damaged[place] ^= (unsigned char)(1 << random_below(8));
        file->damaged[other] ^= (unsigned char)(1 << random_below(8));
        sprintf(description, "flips %zu %zu", place, other);
    }
}

static void damage(size_t number)
{
    struct file *file = &files[target];
    memcpy(file->damaged, file->bytes, file->length);
    file->damaged_length = file->length;
    if (number < file->length) {
        file->damaged_length = number;
        sprintf(description, "cut %zu", number);
    } else if (number < 9 * file->length) {
        size_t bit = number - file->length;
        file->damaged[bit / 8] ^= (unsigned char)(1 << bit % 8);
        sprintf(description, "flip %zu.%zu", bit / 8, bit % 8);
    } else {
        randomness = mixed((uint64_t)argument_number("seed", 1) * UINT64_C(1000003) + number);
        damage_somehow(file);
    }
}

/* What the store holds, but for revisions and times, as one number; 0: it cannot be read. */
static uint64_t content(nanostore *store)
{
    static const char query[] =
        "{\"view\":\"all\",\"fields\":[\"uuid\",\"id\",\"title\",\"body\",\"dimensions\","
        "\"data\"]}";
    nanostore_cursor *cursor = NULL;
    char *json = NULL;
    uint64_t sum = 1;
    const char *c;
    if (nanostore_cursor_open(store, query, &cursor, NULL) != NANOSTORE_OK) {
        return 0;
    }
    while (nanostore_cursor_next(cursor, &json, NULL) == NANOSTORE_OK && json != NULL) {
        for (c = json; *c != '\0'; c++) {
            sum = (sum ^ (unsigned char)*c) * UINT64_C(1099511628211);
        }
        nanostore_string_free(json);
    }
    nanostore_cursor_close(cursor);
    return sum;
}

static int is_untouched(const char *folder, enum target which)
{
    static unsigned char found[FILE_BYTES_MAX];
    const struct file *file = &files[which];
    const unsigned char *bytes = which == target ? file->damaged : file->bytes;
    size_t length = which == target ? file->damaged_length : file->length;
    char path[4096];
    FILE *stream;
    size_t count;
    path_of(path, folder, which);
    stream = fopen(path, "rb");
    if (stream == NULL) {
        return !file->exists;
    }
    count = fread(found, 1, sizeof found, stream);
    fclose(stream);
    return file->exists && count == length && memcmp(found, bytes, length) == 0;
}

static void judge_refusal(const char *folder, nanostore_status status, nanostore_error *error)
{
    const char *json = nanostore_error_json(error);
    char *path = member(json, "/path");
    refused++;
    if (status == NANOSTORE_INTERNAL || status == NANOSTORE_PANIC) {
        keep("WRONG", json);
    } else if (path[0] == '\0' || status == NANOSTORE_IO || status == NANOSTORE_TIMEOUT) {
        keep("UNCLEAR", json);
    } else if (!is_untouched(folder, DATA) || !is_untouched(folder, LOG)) {
        keep("WRONG", "it was refused, and yet a file was changed");
    }
    free_member(path);
    nanostore_error_free(error);
}

static int is_only_cut_space(void)
{
    const struct file *file = &files[DATA];
    size_t i;
    for (i = file->damaged_length; i < file->length; i++) {
        if (file->bytes[i] != '\n' && file->bytes[i] != ' ') {
            return 0;
        }
    }
    return file->damaged_length < file->length;
}

/* Removes what the store put aside, "s.json.torn-...", and counts it. */
static int sweep(const char *folder)
{
    DIR *stream = opendir(folder);
    struct dirent *entry;
    char path[4096];
    int count = 0;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        if (strncmp(entry->d_name, "s.json.torn-", 12) == 0) {
            snprintf(path, sizeof path, "%.2000s/%.1000s", folder, entry->d_name);
            count += unlink(path) == 0;
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
    return count;
}

/* Under `batched` a power cut may take whole commits from the end of the log, and tells nobody: the
 * log is shorter and ends with a record, or the newlines of preallocated space stand in their
 * place. */
static int is_unsynced_end(void)
{
    const struct file *file = &files[LOG];
    size_t common = 0, end = file->damaged_length;
    if (strstr(argument("options", ""), "batched") == NULL) {
        return 0;
    }
    if (end < file->length) {
        return end > 0 && file->damaged[end - 1] == '\n';
    }
    while (common < end && file->damaged[common] == file->bytes[common]) {
        common++;
    }
    while (end > common && file->damaged[end - 1] == '\n') {
        end--;
    }
    return end == common && common > 0 && file->damaged[common - 1] == '\n';
}

static void judge_opening(nanostore *store)
{
    char *report = NULL;
    uint64_t found = content(store);
    int is_cut = strncmp(description, "cut ", 4) == 0;
    if (nanostore_verify(store, &report, NULL) != NANOSTORE_OK || found == 0) {
        keep("WRONG", "it opens and cannot be read");
    } else if (found == expected) {
        harmless++;
    } else if (target == LOG && (set_aside > 0 || is_unsynced_end())) {
        torn++;
    } else if (target != DATA || is_cut) {
        keep("WRONG", "it opens and holds something else");
    } else {
        legal++;
    }
    if (is_cut && target == DATA && found == expected && !is_only_cut_space()) {
        keep("WRONG", "it was cut and opens as if whole");
    }
    nanostore_string_free(report);
}

static void try_it(const char *folder, const char *path)
{
    nanostore *store = NULL;
    nanostore_error *error = NULL;
    nanostore_status status;
    int which;
    for (which = 0; which < TARGETS; which++) {
        put_back(folder, which);
    }
    alarm(PATIENCE_S);
    status = nanostore_open(path, argument("options", NULL), &store, &error);
    if (status != NANOSTORE_OK) {
        judge_refusal(folder, status, error);
        return;
    }
    set_aside = sweep(folder);
    judge_opening(store);
    status = nanostore_close(&store, &error);
    if (status == NANOSTORE_INTERNAL || status == NANOSTORE_PANIC) {
        keep("WRONG", nanostore_error_json(error));
    }
    nanostore_error_free(error);
    (void)sweep(folder);
}

/* Without damage: what the store should hold. */
static int measure(const char *folder, const char *path)
{
    struct file *file = &files[target];
    nanostore *store = NULL;
    int which;
    memcpy(file->damaged, file->bytes, file->length);
    file->damaged_length = file->length;
    for (which = 0; which < TARGETS; which++) {
        put_back(folder, (enum target)which);
    }
    if (nanostore_open(path, argument("options", NULL), &store, NULL) != NANOSTORE_OK) {
        return 0;
    }
    expected = content(store);
    return nanostore_close(&store, NULL) == NANOSTORE_OK;
}

int main(int count, char **words)
{
    static const int deadly[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGALRM };
    const char *folder, *which;
    char path[4096];
    long from, number;
    size_t i;
    start(count, words);
    for (i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        signal(deadly[i], die);
    }
    folder = argument("work", ".");
    which = argument("target", "data");
    for (i = 0; i < TARGETS; i++) {
        read_reference((enum target)i);
    }
    path_of(path, folder, DATA);
    target = strcmp(which, "log") == 0 ? LOG : strcmp(which, "lock") == 0 ? LOCK : DATA;
    if (!measure(folder, path)) {
        return 2;
    }
    say("ALL %zu", 9 * files[target].length);
    from = argument_number("from", 0);
    for (number = from; number < from + argument_number("count", 1000); number++) {
        damage((size_t)number);
        try_it(folder, path);
    }
    say("SUM files %ld refused %ld legal %ld harmless %ld torn %ld", number - from, refused, legal,
        harmless, torn);
    say("DONE");
    return 0;
}
