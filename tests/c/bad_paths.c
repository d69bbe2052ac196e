/*
 * bad_paths: opens what is no store and what must not be touched, and demands a specific status,
 * a message, and files that are afterwards what they were before.
 *
 * It works in a folder of its own below /tmp, and gives up the rights of root, for whom no file
 * is unreadable.
 */
#define _XOPEN_SOURCE 700

#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

static char folder[] = "/tmp/nanostore-bad-paths-XXXXXX";
static struct timespec an_hour_ago[2];

static void write_file(const char *name, const char *content, mode_t mode)
{
    FILE *file = fopen(name, "wb");
    if (file == NULL) {
        exit(2);
    }
    fwrite(content, 1, strlen(content), file);
    fclose(file);
    /* A file that has just been changed may be half written: the library would wait for more. */
    utimensat(AT_FDCWD, name, an_hour_ago, 0);
    chmod(name, mode);
}

/* The content of a file, up to 64 KiB; to be freed. */
static char *content_of(const char *name)
{
    char *text = calloc(1, 65536);
    FILE *file = fopen(name, "rb");
    if (text == NULL) {
        exit(2);
    }
    if (file != NULL) {
        size_t length = fread(text, 1, 65535, file);
        text[length] = '\0';
        fclose(file);
    }
    return text;
}

/* How many files there are, lock files not counted. */
static int files_here(void)
{
    int count = 0;
    struct dirent *entry;
    DIR *here = opendir(".");
    while (here != NULL && (entry = readdir(here)) != NULL) {
        size_t length = strlen(entry->d_name);
        count += length < 5 || strcmp(entry->d_name + length - 5, ".lock") != 0;
    }
    if (here != NULL) {
        closedir(here);
    }
    return count;
}

/* Opening this path with these options fails, and leaves everything as it is. */
static void refuse(const char *path, const char *options, nanostore_status wanted)
{
    char what[200];
    struct stat before, after;
    nanostore *store = (nanostore *)&store; /* must not stay */
    nanostore_error *error = NULL;
    char *content = NULL, *now = NULL;
    int there = lstat(path, &before) == 0, regular = there && S_ISREG(before.st_mode);
    int files = files_here();
    if (regular) {
        content = content_of(path);
    }
    snprintf(what, sizeof what, "open %.100s %.60s", path, options != NULL ? options : "");
    check_failed(nanostore_open(path, options, &store, &error), wanted, &error, what);
    check(store == NULL, "%s: a handle", what);
    check((lstat(path, &after) == 0) == there, "%s: it came or went", what);
    check(!there || (before.st_ino == after.st_ino && before.st_mode == after.st_mode
                     && before.st_size == after.st_size), "%s: it is another file", what);
    check(files_here() == files, "%s: something else came or went", what);
    if (regular) {
        now = content_of(path);
        check(strcmp(content, now) == 0, "%s: its content has changed", what);
    }
    free(content);
    free(now);
}

static void refuse_what_is_no_file(void)
{
    struct sockaddr_un address;
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    strcpy(address.sun_path, "socket");
    check(bind(s, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    check(mkdir("folder", 0700) == 0 && mkfifo("pipe", 0600) == 0, "mkdir and mkfifo");
    check(symlink("pipe", "link-to-pipe") == 0 && symlink("loop", "loop") == 0
              && symlink("nowhere/at/all", "dangling") == 0, "symlink");
    refuse("folder", NULL, NANOSTORE_INVALID);
    refuse("folder", "{\"read_only\":true}", NANOSTORE_INVALID);
    refuse("folder/", NULL, -1);
    refuse(".", NULL, NANOSTORE_INVALID);
    refuse("/", NULL, NANOSTORE_INVALID);
    refuse("pipe", NULL, NANOSTORE_INVALID);
    refuse("pipe", "{\"read_only\":true}", NANOSTORE_INVALID);
    refuse("link-to-pipe", NULL, NANOSTORE_INVALID);
    refuse("socket", NULL, NANOSTORE_INVALID);
    refuse("/dev/zero", NULL, NANOSTORE_INVALID);
    refuse("/dev/zero", "{\"read_only\":true}", NANOSTORE_INVALID);
    refuse("/dev/null", NULL, NANOSTORE_INVALID);
    refuse("/dev/stdin", NULL, -1);
    refuse("loop", NULL, NANOSTORE_INVALID);
    refuse("dangling", NULL, NANOSTORE_NOTFOUND);
    close(s);
}

static void refuse_what_is_not_there(void)
{
    static char longest[6000];
    refuse("", NULL, -1);
    refuse("new.json", "{\"create\":false}", NANOSTORE_NOTFOUND);
    refuse("new.json", "{\"read_only\":true}", NANOSTORE_NOTFOUND);
    refuse("no/such/folder.json", NULL, NANOSTORE_NOTFOUND);
    write_file("file", "{\"documents\":[]}", 0600);
    refuse("file/below.json", NULL, NANOSTORE_INVALID);
    memset(longest, 'x', sizeof longest - 1);
    refuse(longest, NULL, NANOSTORE_INVALID);
    longest[300] = '\0';
    refuse(longest, NULL, NANOSTORE_INVALID);
}

static void refuse_without_rights(void)
{
    static const char content[] = "{\"documents\":[{\"uuid\":\"0194aaaa-0000-7000-8000-"
                                  "000000000001\",\"title\":\"A\"}]}";
    nanostore *store = NULL;
    nanostore_error *e = NULL;
    char *document = NULL, *now;
    struct stat data;
    write_file("unreadable", content, 0000);
    write_file("read-only", content, 0400);
    refuse("unreadable", NULL, NANOSTORE_PERMISSION);
    refuse("unreadable", "{\"read_only\":true}", NANOSTORE_PERMISSION);
    check(chmod("unreadable", 0600) == 0, "chmod");
    now = content_of("unreadable");
    check(strcmp(now, content) == 0, "an unreadable file has changed");
    free(now);
    refuse("read-only", NULL, -1);
    check(mkdir("locked", 0700) == 0, "mkdir");
    write_file("locked/store.json", content, 0600);
    check(chmod("locked", 0500) == 0, "chmod");
    refuse("locked/store.json", NULL, -1);
    refuse("locked/new.json", NULL, -1);
    check_ok(nanostore_open("locked/store.json", "{\"read_only\":true}", &store, &e), &e,
             "reading in a folder that cannot be written to");
    check_ok(nanostore_get(store, "1", NULL, &document, &e), &e, "get from it");
    nanostore_string_free(document);
    check_failed(nanostore_add(store, "{}", NULL, &document, &e), NANOSTORE_READONLY, &e, "add");
    check_ok(nanostore_close(&store, &e), &e, "close it");
    check(lstat("locked/store.json.lock", &data) != 0, "a reader left a lock file");
    chmod("locked", 0700);
    check_ok(nanostore_open("read-only", "{\"read_only\":true}", &store, &e), &e, "read-only");
    check_failed(nanostore_delete(store, "1", NULL, NULL, &e), NANOSTORE_READONLY, &e, "delete");
    check_failed(nanostore_apply(store, "[{\"op\":\"delete\",\"id\":\"1\"}]", NULL, NULL, &e),
                 NANOSTORE_READONLY, &e, "apply");
    check_failed(nanostore_define(store, "{\"schema_version\":7}", NULL, NULL, &e),
                 NANOSTORE_READONLY, &e, "define");
    check_ok(nanostore_close(&store, &e), &e, "close it");
}

static void refuse_content(const char *name, const char *content, nanostore_status wanted)
{
    write_file(name, content, 0640);
    refuse(name, NULL, wanted);
    refuse(name, "{\"read_only\":true}", wanted);
}

static void refuse_what_is_no_store(void)
{
    char *deep = malloc(2000001);
    refuse_content("empty", "", NANOSTORE_CORRUPT);
    refuse_content("space", "  \n", NANOSTORE_CORRUPT);
    refuse_content("half", "{\n  \"documents\": [\n    {\"uuid\": \"0194a", NANOSTORE_CORRUPT);
    refuse_content("three-quarters", "{\"documents\":[{\"uuid\":\"0194aaaa-0000-7000-8000-"
                                     "000000000001\",\"title\":\"A\"}", NANOSTORE_CORRUPT);
    refuse_content("text", "Dear diary,\n", NANOSTORE_CORRUPT);
    refuse_content("array", "[]", NANOSTORE_CORRUPT);
    refuse_content("number", "5", NANOSTORE_CORRUPT);
    refuse_content("other", "{\"documents\":{}}", NANOSTORE_CORRUPT);
    refuse_content("bytes", "{\"documents\":[{\"title\":\"\xff\xfe\"}]}", NANOSTORE_CORRUPT);
    refuse_content("twice", "{\"documents\":[],\"documents\":[]}", NANOSTORE_CORRUPT);
    refuse_content("markers",
                   "{\"documents\":[\n<<<<<<< HEAD\n"
                   "{\"uuid\":\"00000000-0000-4000-8000-000000000001\",\"title\":\"a\"}\n"
                   "=======\n"
                   "{\"uuid\":\"00000000-0000-4000-8000-000000000001\",\"title\":\"b\"}\n"
                   ">>>>>>> other\n]}\n",
                   NANOSTORE_CORRUPT);
    refuse_content("newer", "{\"documents\":[],\"metadata\":{\"version\":\"77.0\"}}",
                   NANOSTORE_TOONEW);
    if (deep != NULL) {
        memset(deep, '[', 2000000);
        deep[2000000] = '\0';
        refuse_content("deep", deep, -1);
        free(deep);
    }
}

/* A file that goes wrong while it is open: reported at the next call, and never overwritten. */
static void refuse_a_file_that_goes_wrong(void)
{
    static const char half[] = "{\"documents\":[{\"uu";
    nanostore *store = NULL;
    nanostore_error *e = NULL;
    char *good = NULL, *now = NULL, *page = NULL;
    check_ok(nanostore_open("goes-wrong", NULL, &store, &e), &e, "a new store");
    check_ok(nanostore_add(store, "{\"title\":\"A\"}", NULL, NULL, &e), &e, "add");
    good = content_of("goes-wrong");
    write_file("goes-wrong", half, 0600);
    check_failed(nanostore_list(store, NULL, &page, &e), NANOSTORE_CORRUPT, &e, "half a file");
    check_failed(nanostore_add(store, "{}", NULL, NULL, &e), NANOSTORE_CORRUPT, &e, "half a file");
    now = content_of("goes-wrong");
    check(strcmp(now, half) == 0, "half a file was overwritten");
    free(now);
    write_file("goes-wrong", good, 0600);
    check_ok(nanostore_list(store, "{\"fields\":[\"title\"]}", &page, &e), &e, "mended");
    check(page != NULL && strstr(page, "\"A\"") != NULL, "mended, but not read");
    check_ok(nanostore_close(&store, &e), &e, "close it");
    nanostore_string_free(page);
    free(good);
}

static void give_up_rights(void)
{
    if (geteuid() == 0) {
        if (chown(folder, 65534, 65534) != 0 || setgid(65534) != 0 || setuid(65534) != 0) {
            exit(2);
        }
    }
}

static void remove_all(const char *path)
{
    char below[600];
    struct dirent *entry;
    DIR *here = opendir(path);
    while (here != NULL && (entry = readdir(here)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            snprintf(below, sizeof below, "%.250s/%.250s", path, entry->d_name);
            if (unlink(below) != 0) {
                remove_all(below);
            }
        }
    }
    if (here != NULL) {
        closedir(here);
    }
    rmdir(path);
}

int main(void)
{
    alarm(300); /* a pipe must not hold it for ever */
    an_hour_ago[0].tv_sec = an_hour_ago[1].tv_sec = time(NULL) - 3600;
    start_listening();
    if (mkdtemp(folder) == NULL || chmod(folder, 0700) != 0) {
        exit(2);
    }
    give_up_rights();
    if (chdir(folder) != 0) {
        exit(2);
    }
    refuse_what_is_no_file();
    refuse_what_is_not_there();
    refuse_without_rights();
    refuse_what_is_no_store();
    refuse_a_file_that_goes_wrong();
    if (chdir("/") == 0) {
        remove_all(folder);
    }
    return finish("bad_paths");
}
