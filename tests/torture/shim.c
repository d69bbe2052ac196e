/*
 * shim: stands between the library and the C library (LD_PRELOAD), counts the system calls that
 * concern one folder, and at the n-th of them makes something happen.
 *
 *     TORTURE_FOLDER   the folder, absolute and without links; calls elsewhere are not touched
 *     TORTURE_CALL     the calls that count: a name of `names` below, "any", or "change" for those
 *                      that change a file or a folder
 *     TORTURE_AT       which of them, from 1; 0: none
 *     TORTURE_DO       kill: the process dies before the call
 *                      tear: half of a write is done, then the process dies
 *                      short: a read or a write does half of what it should
 *                      a number: the call is not made and fails with that errno
 *     TORTURE_TIMES    how many calls, from the n-th on (1)
 *     TORTURE_WARM     1: counting begins when the program calls torture_arm()
 *     TORTURE_LIE      what is only pretended, for the negative controls:
 *                      files, log, folders: syncs of files, fdatasyncs, syncs of folders
 *                      all: all of these
 *                      late: files are synced only after their folder
 *                      lock: locks are never taken
 *                      lossy: writes of more than 200 bytes lose their second half
 *
 * When it acts it writes a line "FAULT name number path" to the standard output.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096
#define LATE_MAX 64
#define CHANGES 1000

enum call {
    OPEN, READ, WRITE, FSYNC, FDATASYNC, FOLDERSYNC, RENAME, UNLINK, TRUNCATE, ALLOCATE, LOCK, STAT,
    RIGHTS, LIST, CALLS
};

static const char *const names[CALLS] = {
    "open", "read", "write", "fsync", "fdatasync", "foldersync", "rename", "unlink", "truncate",
    "allocate", "lock", "stat", "rights", "list"
};

/* What becomes of a call. */
enum fate { MAKE, FAIL, SHORTEN, TEAR, PRETEND, LOSE };

static char folder[PATH_BYTES_MAX];
static size_t folder_length;
static int wanted = -1; /* a call, CALLS for any, CHANGES for those that change something */
static long at, times = 1, reached;
static int armed = 1, failure;
static enum fate fate;
static int is_kill;
static char lie[16];
static int late[LATE_MAX], late_count;
static long tally[CALLS];

void torture_arm(void);

static void *real_function(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        _exit(71);
    }
    return found;
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (real == NULL) { \
        void *found = real_function(#name); \
        memcpy(&real, &found, sizeof real); \
    }

static const char *variable(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? "" : text;
}

static void print(const char *line)
{
    /* Past all wrappers; a line that cannot be written shows in the transcript. */
    if (syscall(SYS_write, STDOUT_FILENO, line, strlen(line)) < 0) {
        _exit(72);
    }
}

__attribute__((constructor)) static void begin(void)
{
    const char *action = variable("TORTURE_DO"), *call = variable("TORTURE_CALL");
    int i;
    snprintf(folder, sizeof folder, "%s", variable("TORTURE_FOLDER"));
    folder_length = strlen(folder);
    snprintf(lie, sizeof lie, "%s", variable("TORTURE_LIE"));
    at = strtol(variable("TORTURE_AT"), NULL, 10);
    armed = variable("TORTURE_WARM")[0] != '1';
    if (variable("TORTURE_TIMES")[0] != '\0') {
        times = strtol(variable("TORTURE_TIMES"), NULL, 10);
    }
    for (i = 0; i < CALLS; i++) {
        if (strcmp(call, names[i]) == 0) {
            wanted = i;
        }
    }
    if (strcmp(call, "any") == 0) {
        wanted = CALLS;
    } else if (strcmp(call, "change") == 0) {
        wanted = CHANGES;
    }
    is_kill = strcmp(action, "kill") == 0;
    failure = atoi(action);
    fate = strcmp(action, "short") == 0 ? SHORTEN : strcmp(action, "tear") == 0 ? TEAR : FAIL;
}

__attribute__((destructor)) static void end(void)
{
    char line[512];
    int i, length = sprintf(line, "TALLY");
    for (i = 0; i < CALLS && variable("TORTURE_TALLY")[0] == '1'; i++) {
        length += sprintf(line + length, " %s=%ld", names[i], tally[i]);
    }
    if (length > 5) {
        strcpy(line + length, "\n");
        print(line);
    }
}

void torture_arm(void)
{
    armed = 1;
}

static int is_below(const char *path)
{
    return strncmp(path, folder, folder_length) == 0
        && (path[folder_length] == '\0' || path[folder_length] == '/');
}

/* Does a path, read from a descriptor of a folder, lie in the folder? Fills `shown`. */
static int concerns(int fd, const char *path, char *shown)
{
    char link[64], base[PATH_BYTES_MAX];
    ssize_t length;
    if (folder_length == 0) {
        return 0;
    }
    if (path[0] == '/') {
        snprintf(shown, PATH_BYTES_MAX, "%s", path);
        return is_below(path);
    }
    snprintf(link, sizeof link, fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", fd);
    length = syscall(SYS_readlink, link, base, sizeof base - 1);
    if (length < 0) {
        return 0;
    }
    base[length] = '\0';
    snprintf(shown, PATH_BYTES_MAX, path[0] == '\0' ? "%.2000s" : "%.2000s/%.1000s", base, path);
    return is_below(base);
}

static enum fate lied_to(enum call call)
{
    int all = strcmp(lie, "all") == 0;
    switch (call) {
    case FSYNC:
        return all || strcmp(lie, "files") == 0 ? PRETEND : MAKE;
    case FDATASYNC:
        return all || strcmp(lie, "log") == 0 || strcmp(lie, "files") == 0 ? PRETEND : MAKE;
    case FOLDERSYNC:
        return all || strcmp(lie, "folders") == 0 ? PRETEND : MAKE;
    case LOCK:
        return strcmp(lie, "lock") == 0 ? PRETEND : MAKE;
    case WRITE:
        return strcmp(lie, "lossy") == 0 ? LOSE : MAKE;
    default:
        return MAKE;
    }
}

static int counts(enum call call)
{
    int changes = call == WRITE || call == RENAME || call == UNLINK || call == TRUNCATE;
    return wanted == CALLS || wanted == (int)call || (wanted == CHANGES && changes);
}

static enum fate decide(enum call call, int fd, const char *path)
{
    char shown[PATH_BYTES_MAX], line[PATH_BYTES_MAX + 100];
    int saved = errno;
    long number;
    int inside = concerns(fd, path, shown);
    errno = saved;
    if (!inside) {
        return MAKE;
    }
    __sync_add_and_fetch(&tally[call], 1);
    if (!armed || at == 0 || !counts(call)) {
        return lied_to(call);
    }
    number = __sync_add_and_fetch(&reached, 1);
    if (number < at || number >= at + times) {
        return lied_to(call);
    }
    snprintf(line, sizeof line, "FAULT %s %ld %s\n", names[call], number, shown);
    print(line);
    if (is_kill || (fate == TEAR && call != WRITE)) {
        kill(getpid(), SIGKILL);
    }
    if (fate == FAIL) {
        errno = failure;
    } else if (fate == SHORTEN && call != WRITE && call != READ) {
        return MAKE;
    }
    return fate;
}

static size_t halved(size_t count)
{
    return count > 1 ? count / 2 : count;
}

#define ON(call, fd, path, arguments) \
    switch (decide(call, fd, path)) { \
    case FAIL: return -1; \
    case PRETEND: return 0; \
    default: return real arguments; \
    }

#define READS(name, call, type, parameters, whole, half) \
    type name parameters \
    { \
        REAL(name) \
        switch (decide(call, fd, "")) { \
        case FAIL: return -1; \
        case SHORTEN: return real half; \
        case LOSE: \
            if (count > 200) { \
                type lost = real half; \
                return lost < 0 ? lost : (type)count; \
            } \
            return real whole; \
        case TEAR: \
            (void)!real half; \
            kill(getpid(), SIGKILL); \
            return -1; \
        default: return real whole; \
        } \
    }

READS(read, READ, ssize_t, (int fd, void *bytes, size_t count), (fd, bytes, count),
      (fd, bytes, halved(count)))
READS(write, WRITE, ssize_t, (int fd, const void *bytes, size_t count), (fd, bytes, count),
      (fd, bytes, halved(count)))
READS(pread, READ, ssize_t, (int fd, void *bytes, size_t count, off_t offset),
      (fd, bytes, count, offset), (fd, bytes, halved(count), offset))
READS(pread64, READ, ssize_t, (int fd, void *bytes, size_t count, off64_t offset),
      (fd, bytes, count, offset), (fd, bytes, halved(count), offset))
READS(pwrite, WRITE, ssize_t, (int fd, const void *bytes, size_t count, off_t offset),
      (fd, bytes, count, offset), (fd, bytes, halved(count), offset))
READS(pwrite64, WRITE, ssize_t, (int fd, const void *bytes, size_t count, off64_t offset),
      (fd, bytes, count, offset), (fd, bytes, halved(count), offset))

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    REAL(writev)
    switch (decide(WRITE, fd, "")) {
    case FAIL: return -1;
    case SHORTEN: return real(fd, pieces, count > 1 ? 1 : count);
    case TEAR:
        (void)!real(fd, pieces, count > 1 ? 1 : count);
        kill(getpid(), SIGKILL);
        return -1;
    default: return real(fd, pieces, count);
    }
}

/* The mode that open takes when it creates. */
#define MODE(last) \
    va_list more; \
    mode_t mode; \
    va_start(more, last); \
    mode = last & O_CREAT ? va_arg(more, mode_t) : 0; \
    va_end(more);

int open(const char *path, int flags, ...)
{
    REAL(open)
    MODE(flags)
    ON(OPEN, AT_FDCWD, path, (path, flags, mode))
}

int open64(const char *path, int flags, ...)
{
    REAL(open64)
    MODE(flags)
    ON(OPEN, AT_FDCWD, path, (path, flags, mode))
}

int openat(int fd, const char *path, int flags, ...)
{
    REAL(openat)
    MODE(flags)
    ON(OPEN, fd, path, (fd, path, flags, mode))
}

int openat64(int fd, const char *path, int flags, ...)
{
    REAL(openat64)
    MODE(flags)
    ON(OPEN, fd, path, (fd, path, flags, mode))
}

/* Syncs of a folder first do what was put off until then. */
static void sync_late(int (*sync)(int))
{
    while (late_count > 0) {
        int fd = late[--late_count];
        if (decide(FSYNC, fd, "") == MAKE) {
            (void)sync(fd);
        }
        close(fd);
    }
}

static int is_folder(int fd)
{
    struct stat status;
    /* Past the wrapper, so that it does not count. */
    return syscall(SYS_fstat, fd, &status) == 0 && S_ISDIR(status.st_mode);
}

int fsync(int fd)
{
    REAL(fsync)
    char shown[PATH_BYTES_MAX];
    if (is_folder(fd)) {
        enum fate now = decide(FOLDERSYNC, fd, "");
        int result = now == FAIL ? -1 : now == PRETEND ? 0 : real(fd);
        sync_late(real);
        return result;
    }
    if (strcmp(lie, "late") == 0 && late_count < LATE_MAX && concerns(fd, "", shown)) {
        late[late_count++] = dup(fd);
        return 0;
    }
    ON(FSYNC, fd, "", (fd))
}

#define ON_FD(name, call, parameters, arguments) \
    int name parameters \
    { \
        REAL(name) \
        ON(call, fd, "", arguments) \
    }

#define ON_PATH(name, call, fd, path, parameters, arguments) \
    int name parameters \
    { \
        REAL(name) \
        ON(call, fd, path, arguments) \
    }

ON_FD(fdatasync, FDATASYNC, (int fd), (fd))
ON_FD(ftruncate, TRUNCATE, (int fd, off_t length), (fd, length))
ON_FD(ftruncate64, TRUNCATE, (int fd, off64_t length), (fd, length))
ON_FD(fallocate, ALLOCATE, (int fd, int mode, off_t from, off_t length), (fd, mode, from, length))
ON_FD(fallocate64, ALLOCATE, (int fd, int mode, off64_t from, off64_t length),
      (fd, mode, from, length))
ON_FD(flock, LOCK, (int fd, int how), (fd, how))
ON_FD(fstat, STAT, (int fd, struct stat *out), (fd, out))
ON_FD(fstat64, STAT, (int fd, struct stat64 *out), (fd, out))
ON_FD(fstatfs, STAT, (int fd, struct statfs *out), (fd, out))
ON_FD(fstatfs64, STAT, (int fd, struct statfs64 *out), (fd, out))
ON_FD(fchmod, RIGHTS, (int fd, mode_t mode), (fd, mode))
ON_FD(fchown, RIGHTS, (int fd, uid_t user, gid_t group), (fd, user, group))
ON_PATH(faccessat, RIGHTS, fd, path, (int fd, const char *path, int mode, int flags),
        (fd, path, mode, flags))
ON_PATH(stat64, STAT, AT_FDCWD, path, (const char *path, struct stat64 *out), (path, out))
ON_PATH(lstat64, STAT, AT_FDCWD, path, (const char *path, struct stat64 *out), (path, out))
ON_PATH(fstatat, STAT, fd, path, (int fd, const char *path, struct stat *out, int flags),
        (fd, path, out, flags))
ON_PATH(fstatat64, STAT, fd, path, (int fd, const char *path, struct stat64 *out, int flags),
        (fd, path, out, flags))
ON_PATH(rename, RENAME, AT_FDCWD, from, (const char *from, const char *to), (from, to))
ON_PATH(renameat, RENAME, fd, from, (int fd, const char *from, int to_fd, const char *to),
        (fd, from, to_fd, to))
ON_PATH(renameat2, RENAME, fd, from,
        (int fd, const char *from, int to_fd, const char *to, unsigned flags),
        (fd, from, to_fd, to, flags))
ON_PATH(unlink, UNLINK, AT_FDCWD, path, (const char *path), (path))
ON_PATH(unlinkat, UNLINK, fd, path, (int fd, const char *path, int flags), (fd, path, flags))

int statx(int fd, const char *path, int flags, unsigned mask, struct statx *out)
{
    REAL(statx)
    /* Who asks for nothing of no file wants to know whether the system has the call. */
    if (mask == 0) {
        return real(fd, path, flags, mask, out);
    }
    ON(STAT, fd, path, (fd, path, flags, mask, out))
}

ssize_t readlink(const char *path, char *out, size_t count)
{
    REAL(readlink)
    ON(STAT, AT_FDCWD, path, (path, out, count))
}

DIR *opendir(const char *path)
{
    REAL(opendir)
    return decide(LIST, AT_FDCWD, path) == FAIL ? NULL : real(path);
}

struct dirent64 *readdir64(DIR *stream)
{
    REAL(readdir64)
    return decide(LIST, dirfd(stream), "") == FAIL ? NULL : real(stream);
}

#define LOCKS(name) \
    int name(int fd, int command, ...) \
    { \
        REAL(name) \
        va_list more; \
        void *argument; \
        va_start(more, command); \
        argument = va_arg(more, void *); \
        va_end(more); \
        if (command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK \
            || command == F_OFD_SETLKW) { \
            ON(LOCK, fd, "", (fd, command, argument)) \
        } \
        return real(fd, command, argument); \
    }

LOCKS(fcntl)
LOCKS(fcntl64)
