/*
 * no_statx: on a system without the call statx, as Linux before 4.11 is, or that forbids it, as old
 * containers do, a store works as it does elsewhere.
 *
 * A filter in the kernel takes the call from a process of its own for each kind of refusal.
 */
#define _DEFAULT_SOURCE

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static char folder[] = "/tmp/nanostore-no-statx-XXXXXX";

/* From here on the call fails with this error. */
static void forbid_statx(int with)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (__u32)offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (__u32)with),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    struct stat unused;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
        || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0
        || syscall(SYS_statx, AT_FDCWD, ".", 0, 0, &unused) != -1 || errno != with) {
        exit(2);
    }
}

static void use_store(void)
{
    nanostore_error *error = NULL;
    nanostore *store = NULL;
    char *text = NULL;
    int i;
    check_ok(nanostore_open("store.json", NULL, &store, &error), &error, "open");
    for (i = 0; i < 20; i++) {
        check_ok(nanostore_add(store, "{\"title\":\"x\"}", NULL, NULL, &error), &error, "add");
    }
    /* Who removes the lock file is noticed. */
    check(unlink("store.json.lock") == 0, "no lock file");
    check_ok(nanostore_add(store, "{}", NULL, NULL, &error), &error, "add without a lock file");
    check(access("store.json.lock", F_OK) == 0, "the lock file was not made anew");
    check_ok(nanostore_get(store, "21", NULL, &text, &error), &error, "get");
    nanostore_string_free(text);
    check_failed(nanostore_get(store, "22", NULL, &text, &error), NANOSTORE_NOTFOUND, &error, "22");
    error = NULL;
    check_ok(nanostore_close(&store, &error), &error, "close");
}

/* What the process does that has no statx; its status tells whether all was well. */
static int play(int with)
{
    pid_t child = fork();
    int status = 0;
    if (child == 0) {
        forbid_statx(with);
        use_store();
        exit(finish("no_statx"));
    }
    waitpid(child, &status, 0);
    unlink("store.json");
    unlink("store.json.lock");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
    static const int refusals[] = {ENOSYS, EPERM, EOPNOTSUPP};
    size_t i;
    start_listening();
    if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
        return 2;
    }
    for (i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        int status = play(refusals[i]);
        check(status == 0, "with %s: status %d", strerror(refusals[i]), status);
    }
    rmdir(folder);
    return finish("no_statx");
}
