/*
 * worker: makes operations on a store through the C interface and says, before each, what it is
 * about to do, and after each, how it ended.
 *
 *     worker path=P [options=JSON] [mode=add|update|replace|delete|batch|mixed] [ops=N] [seed=N]
 *            [worker=N] [base=N] [adopt=0|1] [warm=N] [reopen=N] [sync=N] [checkpoint=N]
 *            [scale=BYTES] [pause=MS] [retry=0|1] [end=close|leave|wait] [limit=SECONDS] [loud=1]
 *            [until=PATH]
 *
 * ops=0 goes on for ever, or until the file `until` is there. It writes to its own documents and
 * to 0.1 to 0.BASE, or with adopt=1 to all that it finds. After `warm` operations the shim, if
 * there is one, begins to count. `reopen`, `sync` and `checkpoint` say after how many operations
 * each happens; after each operation it pauses. The lines:
 *
 *     ATTEMPT 17 3.4=3.17 0.2=-          operation 17 writes document 3.4 and deletes 0.2
 *     ACK 17 42                          it is done, with revision 42 (0: the call gives none)
 *     FAIL 17 NOSPACE QUOTA 122 /a/b     it is not (UNKNOWN_OUTCOME: perhaps it is)
 *     WRONG 17 ...                       it says OK and gives something else
 *     DID sync OK                        any other call, in the same form
 *     FDS 4 4                            open descriptors before the first open and after the end
 *     DONE
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

#include "protocol.h"

#define LIVE_MAX 100000
#define EFFECTS_MAX 4

struct effect {
    struct name document;
    int is_deletion;
};

struct operation {
    struct name self;
    const char *kind;
    struct effect effects[EFFECTS_MAX];
    int effect_count;
};

static nanostore *store;
static uint64_t randomness;
static struct name live[LIVE_MAX];
static long live_count;
static uint32_t scale;
static char document[4 * BODY_BYTES_MAX + 8192];

static uint64_t random_below(uint64_t limit)
{
    randomness = mixed(randomness);
    return randomness % limit;
}

static int open_store(void)
{
    nanostore_error *error = NULL;
    nanostore_status status =
        nanostore_open(argument("path", NULL), argument("options", NULL), &store, &error);
    say_outcome("DID open", status, error);
    return status == NANOSTORE_OK;
}

static void close_store(void)
{
    nanostore_error *error = NULL;
    nanostore_status status = nanostore_close(&store, &error);
    say_outcome("DID close", status, error);
}

/* Takes a document out of those that are there; an operation that acts on none adds one. */
static int take_live(struct name *out)
{
    long place;
    if (live_count == 0) {
        return 0;
    }
    place = (long)random_below((uint64_t)live_count);
    *out = live[place];
    live[place] = live[--live_count];
    return 1;
}

static void keep_live(struct name name)
{
    if (live_count < LIVE_MAX) {
        live[live_count++] = name;
    }
}

/* Takes all documents of the store for its own. */
static void adopt_all(void)
{
    nanostore_error *error = NULL;
    nanostore_cursor *cursor = NULL;
    char *json = NULL;
    nanostore_status status =
        nanostore_cursor_open(store, "{\"view\":\"all\"}", &cursor, &error);
    while (status == NANOSTORE_OK) {
        struct name name = { 0, 0 };
        char *uuid;
        status = nanostore_cursor_next(cursor, &json, &error);
        if (json == NULL) {
            break;
        }
        uuid = member(json, "/uuid");
        if (read_uuid(uuid, &name)) {
            keep_live(name);
        }
        free_member(uuid);
        nanostore_string_free(json);
    }
    nanostore_cursor_close(cursor);
    say_outcome("DID list", status, error);
}

static void affect(struct operation *operation, struct name document_name, int is_deletion)
{
    struct effect *effect = &operation->effects[operation->effect_count++];
    effect->document = document_name;
    effect->is_deletion = is_deletion;
}

static const char *pick_kind(const char *mode)
{
    static const char *const kinds[] = { "add", "update", "replace", "delete", "batch" };
    if (strcmp(mode, "mixed") != 0) {
        return mode;
    }
    return kinds[live_count > 40 ? 3 : random_below(5)];
}

static void plan(struct operation *operation, uint32_t worker, uint32_t number)
{
    struct name target;
    operation->self.worker = worker;
    operation->self.number = number;
    operation->effect_count = 0;
    operation->kind = pick_kind(argument("mode", "mixed"));
    if (strcmp(operation->kind, "batch") == 0) {
        affect(operation, operation->self, 0);
        if (take_live(&target)) {
            affect(operation, target, 0);
        }
        if (live_count > 1 && take_live(&target)) {
            affect(operation, target, 1);
        }
    } else if (strcmp(operation->kind, "add") != 0 && take_live(&target)) {
        affect(operation, target, strcmp(operation->kind, "delete") == 0);
    } else {
        if (strcmp(operation->kind, "replace") != 0) {
            operation->kind = "add";
        }
        affect(operation, operation->self, 0);
    }
}

static void announce(const struct operation *operation)
{
    char line[LINE_BYTES_MAX];
    int length = sprintf(line, "ATTEMPT %" PRIu32, operation->self.number), i;
    for (i = 0; i < operation->effect_count; i++) {
        const struct effect *effect = &operation->effects[i];
        length += sprintf(line + length, " %" PRIu32 ".%" PRIu32 "=", effect->document.worker,
                          effect->document.number);
        if (effect->is_deletion) {
            length += sprintf(line + length, "-");
        } else {
            length += sprintf(line + length, "%" PRIu32 ".%" PRIu32, operation->self.worker,
                              operation->self.number);
        }
    }
    say("%s", line);
}

static uint32_t length_of(struct name writer, uint32_t scale)
{
    return (uint32_t)(mixed_name(writer) / 64 % (scale == 0 ? 1 : scale));
}

/* Writes what a document holds once `writer` wrote it; `made` (or NULL) gives it a UUID. */
static void write_document(char *out, const struct name *made, struct name writer, uint32_t scale)
{
    char uuid[40] = "";
    uint32_t length = length_of(writer, scale);
    *out++ = '{';
    if (made != NULL) {
        write_uuid(uuid, *made);
        out += sprintf(out, "\"uuid\":\"%s\",", uuid);
    }
    out += sprintf(out, "\"title\":\"%" PRIu32 ".%" PRIu32 "\",\"body\":\"", writer.worker,
                   writer.number);
    write_body(out, writer, length);
    sprintf(out + length,
            "\",\"dimensions\":{\"status\":\"%s\"},\"data\":{\"length\":%" PRIu32 "}}",
            status_of(writer), length);
}

static void write_batch(char *out, const struct operation *operation)
{
    char uuid[40];
    int i;
    for (i = 0; i < operation->effect_count; i++) {
        const struct effect *effect = &operation->effects[i];
        write_uuid(uuid, effect->document);
        *out++ = i == 0 ? '[' : ',';
        if (i == 0) {
            out += sprintf(out, "{\"op\":\"add\",\"document\":");
            write_document(out, &effect->document, operation->self, scale);
        } else if (effect->is_deletion) {
            out += sprintf(out, "{\"op\":\"delete\",\"id\":\"%s\"", uuid);
        } else {
            out += sprintf(out, "{\"op\":\"update\",\"id\":\"%s\",\"patch\":", uuid);
            write_document(out, NULL, operation->self, scale);
        }
        out += strlen(out);
        *out++ = '}';
    }
    strcpy(out, "]");
}

static nanostore_status make_call(const struct operation *operation, char **result,
                                  nanostore_error **error)
{
    const char *kind = operation->kind;
    char uuid[40];
    write_uuid(uuid, operation->effects[0].document);
    if (strcmp(kind, "batch") == 0) {
        write_batch(document, operation);
        return nanostore_apply(store, document, NULL, result, error);
    }
    if (strcmp(kind, "delete") == 0) {
        return nanostore_delete(store, uuid, NULL, result, error);
    }
    write_document(document, strcmp(kind, "add") == 0 ? &operation->effects[0].document : NULL,
                   operation->self, scale);
    if (strcmp(kind, "add") == 0) {
        return nanostore_add(store, document, NULL, result, error);
    }
    return strcmp(kind, "update") == 0
        ? nanostore_update(store, uuid, document, NULL, result, error)
        : nanostore_replace(store, uuid, document, NULL, result, error);
}

/* What came back is what was written; gives the revision. */
static uint64_t examine(const struct operation *operation, const char *result)
{
    char *title, wanted[NAME_BYTES_MAX];
    uint64_t revision;
    if (strcmp(operation->kind, "delete") == 0) {
        return 0;
    }
    if (strcmp(operation->kind, "batch") == 0) {
        return member_number(result, "/commit");
    }
    sprintf(wanted, "%" PRIu32 ".%" PRIu32, operation->self.worker, operation->self.number);
    title = member(result, "/title");
    revision = member_number(result, "/rev");
    if (strcmp(title, wanted) != 0 || revision == 0) {
        say("WRONG %" PRIu32 " %.2000s", operation->self.number, result);
    }
    free_member(title);
    return revision;
}

static void operate(uint32_t worker, uint32_t number)
{
    struct operation operation;
    nanostore_error *error = NULL;
    nanostore_status status;
    char *result = NULL, what[NAME_BYTES_MAX];
    int i;
    plan(&operation, worker, number);
    announce(&operation);
    status = make_call(&operation, &result, &error);
    if (status == NANOSTORE_OK) {
        say("ACK %" PRIu32 " %" PRIu64, number, examine(&operation, result));
    } else {
        sprintf(what, "FAIL %" PRIu32, number);
        say_outcome(what, status, error);
    }
    nanostore_string_free(result);
    /* What an operation of unknown outcome touched is not touched again. */
    for (i = 0; i < operation.effect_count; i++) {
        struct effect *effect = &operation.effects[i];
        int is_new = effect->document.worker == worker && effect->document.number == number;
        if ((status == NANOSTORE_OK && !effect->is_deletion)
            || (status != NANOSTORE_OK && status != NANOSTORE_UNKNOWN_OUTCOME && !is_new)) {
            keep_live(effect->document);
        }
    }
}

static void arm_shim(void)
{
    void *found = dlsym(RTLD_DEFAULT, "torture_arm");
    void (*arm)(void);
    if (found != NULL) {
        memcpy(&arm, &found, sizeof arm);
        arm();
    }
}

/* The calls between two operations; false when the store could not be opened again. */
static int interlude(long number)
{
    nanostore_error *error = NULL;
    long sync = argument_number("sync", 0), checkpoint = argument_number("checkpoint", 0);
    long reopen = argument_number("reopen", 0);
    struct timespec pause = { 0, 0 };
    nanostore_status status;
    pause.tv_nsec = argument_number("pause", 0) * 1000000;
    if (pause.tv_nsec > 0) {
        nanosleep(&pause, NULL);
    }
    if (sync > 0 && number % sync == 0) {
        status = nanostore_sync(store, &error);
        say_outcome("DID sync", status, error);
    }
    if (checkpoint > 0 && number % checkpoint == 0) {
        status = nanostore_checkpoint(store, &error);
        say_outcome("DID checkpoint", status, error);
    }
    if (reopen > 0 && number % reopen == 0) {
        close_store();
        return open_store() || open_store();
    }
    return 1;
}

int main(int count, char **words)
{
    long ops, warm, base, i;
    uint32_t worker;
    const char *end;
    int before;
    start(count, words);
    ops = argument_number("ops", 5);
    warm = argument_number("warm", 0);
    base = argument_number("base", 0);
    worker = (uint32_t)argument_number("worker", 1);
    scale = (uint32_t)argument_number("scale", 200);
    end = argument("end", "close");
    randomness = mixed((uint64_t)argument_number("seed", 1));
    for (i = 1; i <= base; i++) {
        struct name name = { 0, 0 };
        name.number = (uint32_t)i;
        keep_live(name);
    }
    before = open_descriptors();
    if (warm == 0) {
        arm_shim();
    }
    if (!open_store() && !(argument_number("retry", 1) != 0 && open_store())) {
        say("FDS %d %d", before, open_descriptors());
        return 3;
    }
    if (argument_number("adopt", 0) != 0) {
        adopt_all();
    }
    for (i = 1; (ops == 0 || i <= ops) && access(argument("until", ""), F_OK) != 0; i++) {
        operate(worker, (uint32_t)i);
        if (!interlude(i)) {
            say("FDS %d %d", before, open_descriptors());
            return 3;
        }
        if (i == warm) {
            arm_shim();
        }
    }
    if (strcmp(end, "close") == 0) {
        close_store();
        say("FDS %d %d", before, open_descriptors());
    }
    say("DONE");
    if (strcmp(end, "wait") == 0) {
        pause();
    }
    if (strcmp(end, "close") != 0) {
        _exit(0);
    }
    return 0;
}
