/* todo - a complete little task program over libnanostore.
 *
 *     todo FILE COMMAND ...        (without a command: lists the commands)
 *
 * Tasks live in one JSON file that a person can read and edit. Their short IDs follow from the
 * schema below: 1, 2, 3 for open tasks, a1 for one under way, d1 for a done one, h1 for an urgent
 * one, 1.2 for the second task under task 1.
 *
 * Shown here: one call for one change, a batch for "done 1 2 3", a cursor for a listing, and what
 * to do with an error: print its message and its hint. The call that failed has changed nothing.
 */
#include <nanostore_easy.h>

#define SCHEMA                                                                                     \
    "{\"schema_version\":1,\"dimensions\":["                                                       \
    "{\"name\":\"status\",\"type\":\"enumerated\",\"values\":[\"pending\",\"active\",\"done\"],"   \
    "\"prefixes\":{\"active\":\"a\",\"done\":\"d\"},\"default_value\":\"pending\"},"               \
    "{\"name\":\"priority\",\"type\":\"enumerated\",\"values\":[\"normal\",\"high\"],"             \
    "\"prefixes\":{\"high\":\"h\"},\"default_value\":\"normal\"},"                                 \
    "{\"name\":\"parent\",\"type\":\"hierarchical\",\"ref_field\":\"parent_id\"}],"                \
    "\"canonical_view\":{\"status\":{\"$in\":[\"pending\",\"active\"]}}}"

/* What a listing needs of each task. */
#define FIELDS "[\"id\",\"title\",\"level\",\"status\",\"priority\",\"data.due\"]"

enum { EXIT_USAGE = 2 };

/* The words of the command line that a command is left to read. */
typedef struct word_list {
    int count;
    char **word;
} word_list;

typedef struct todo_command todo_command;

/* A command returns the status of the call that decided; on failure *error_out says why. */
typedef nanostore_status command_function(nanostore *store, const todo_command *self,
                                          word_list words, nanostore_error **error_out);

struct todo_command {
    const char *name;
    int words_min;
    int words_max;
    command_function *run;
    const char *said;  /* what it prints before a task that it changed */
    const char *patch; /* what it does to each task named, where that is all it does */
    const char *usage;
};

/* ---- words --------------------------------------------------------------------------------- */

/* Joins words with single spaces. The caller frees the result with free(). */
static char *join(word_list words)
{
    size_t size = 1;
    char *text;
    int i;

    for (i = 0; i < words.count; i++) {
        size += strlen(words.word[i]) + 1;
    }
    text = calloc(size, 1);
    if (text == NULL) {
        fprintf(stderr, "todo: out of memory\n");
        exit(EXIT_FAILURE);
    }
    for (i = 0; i < words.count; i++) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, words.word[i]);
    }
    return text;
}

/* The words as a JSON array of texts: ["1","2","h1.2"]. */
static char *ids_json(word_list words)
{
    char *array = nanostore_easy_json("[%q]", words.word[0]);
    int i;

    for (i = 1; i < words.count; i++) {
        char *longer;

        array[strlen(array) - 1] = '\0';
        longer = nanostore_easy_json("%s,%q]", array, words.word[i]);
        nanostore_string_free(array);
        array = longer;
    }
    return array;
}

/* Takes `flag` off the front of the words, if it is there and something is left after it. */
static int take_flag(word_list *words, const char *flag)
{
    if (words->count < 2 || strcmp(words->word[0], flag) != 0) {
        return 0;
    }
    words->count--;
    words->word++;
    return 1;
}

/* The same for an option with a value. */
static int take_option(word_list *words, const char *option, const char **value_out)
{
    if (words->count < 3 || !take_flag(words, option)) {
        return 0;
    }
    *value_out = words->word[0];
    words->count--;
    words->word++;
    return 1;
}

/* ---- printing ------------------------------------------------------------------------------ */

/* Prints a task as one line of a tree: `1.2    [ ] Milk  (due 2026-11-30)`. */
static void print_task(const char *task)
{
    const int indent = (int)(4 * nanostore_easy_number(task, "/level", 1) - 2);
    const char *box = nanostore_easy_is(task, "/dimensions/status", "done") ? "[x]"
        : nanostore_easy_is(task, "/dimensions/status", "active") ? "[>]" : "[ ]";
    const char *mark = nanostore_easy_is(task, "/dimensions/priority", "high") ? " !" : "";
    char *id = nanostore_easy_member(task, "/id");
    char *title = nanostore_easy_member(task, "/title");
    char *due = nanostore_easy_member(task, "/data/due");

    printf("%*s%-6s %s %s%s", indent, "", id, box, title, mark);
    if (due != NULL) {
        printf("  (due %s)", due);
    }
    putchar('\n');
    nanostore_string_free(id);
    nanostore_string_free(title);
    nanostore_string_free(due);
}

/* Prints the tasks that a query gives. */
static void print_listing(nanostore *store, const char *query)
{
    nanostore_easy_each each;
    int count = 0;

    NANOSTORE_EACH(each, store, query) {
        print_task(each.document);
        count++;
    }
    if (count == 0) {
        printf("  (nothing)\n");
    }
}

/* Prints `said ID  title`, with the ID that the task has now. */
static void print_change(const char *said, const char *task)
{
    char *id = nanostore_easy_member(task, "/id");
    char *title = nanostore_easy_member(task, "/title");

    printf("%-8s %-6s %s\n", said, id, title);
    nanostore_string_free(title);
    nanostore_string_free(id);
}

/* The same for each task of the array that `pointer` names in the results of a batch. */
static void print_changes(const char *said, const char *results, const char *pointer)
{
    char place[64];
    char *task;
    int i;

    for (i = 0;; i++) {
        snprintf(place, sizeof place, "%s/%d", pointer, i);
        task = nanostore_easy_member(results, place);
        if (task == NULL) {
            return;
        }
        print_change(said, task);
        nanostore_string_free(task);
    }
}

/* ---- commands ------------------------------------------------------------------------------ */

static nanostore_status add(nanostore *store, const todo_command *self, word_list words,
                            nanostore_error **error_out)
{
    const char *priority = "normal";
    const char *parent = NULL;
    const char *due = NULL;
    nanostore_status status;
    char *title;
    char *data;
    char *task;
    char *added = NULL;

    for (;;) {
        if (take_flag(&words, "--high")) {
            priority = "high";
        } else if (!take_option(&words, "--under", &parent)
                   && !take_option(&words, "--due", &due)) {
            break;
        }
    }
    title = join(words);
    data = nanostore_easy_json(due != NULL ? "{\"due\":%q}" : "{}", due);
    task = nanostore_easy_json("{\"title\":%q,\"data\":%s,"
                               "\"dimensions\":{\"priority\":%q,\"parent_id\":%q}}",
                               title, data, priority, parent);
    status = nanostore_add(store, task, NULL, &added, error_out);
    if (status == NANOSTORE_OK) {
        print_change(self->said, added);
    }
    nanostore_string_free(added);
    nanostore_string_free(task);
    nanostore_string_free(data);
    free(title);
    return status;
}

/* done, start, reopen, raise, lower: one patch for all tasks named, in one batch. The IDs mean the
 * state before it, so that "done 1 2 3" does what it says; one unknown ID, and nothing happens. */
static nanostore_status change(nanostore *store, const todo_command *self, word_list words,
                               nanostore_error **error_out)
{
    char *ids = ids_json(words);
    char *operations = nanostore_easy_json("[{\"op\":\"update\",\"ids\":%s,\"patch\":%s}]", ids,
                                           self->patch);
    char *results = NULL;
    const nanostore_status status = nanostore_apply(store, operations, NULL, &results, error_out);

    if (status == NANOSTORE_OK) {
        print_changes(self->said, results, "/results/0/documents");
    }
    nanostore_string_free(results);
    nanostore_string_free(operations);
    nanostore_string_free(ids);
    return status;
}

/* rename and move: one patch for one task. Takes over `patch`. */
static nanostore_status update(nanostore *store, const todo_command *self, const char *id,
                               char *patch, nanostore_error **error_out)
{
    char *task = NULL;
    const nanostore_status status = nanostore_update(store, id, patch, NULL, &task, error_out);

    if (status == NANOSTORE_OK) {
        print_change(self->said, task);
    }
    nanostore_string_free(task);
    nanostore_string_free(patch);
    return status;
}

static nanostore_status rename_task(nanostore *store, const todo_command *self, word_list words,
                                    nanostore_error **error_out)
{
    const char *id = words.word[0];
    char *title;
    char *patch;

    words.word++;
    words.count--;
    title = join(words);
    patch = nanostore_easy_json("{\"title\":%q}", title);
    free(title);
    return update(store, self, id, patch, error_out);
}

static nanostore_status move(nanostore *store, const todo_command *self, word_list words,
                             nanostore_error **error_out)
{
    const char *parent = strcmp(words.word[1], "top") == 0 ? NULL : words.word[1];
    char *patch = nanostore_easy_json("{\"dimensions\":{\"parent_id\":%q}}", parent);

    return update(store, self, words.word[0], patch, error_out);
}

static nanostore_status delete(nanostore *store, const todo_command *self, word_list words,
                               nanostore_error **error_out)
{
    const char *cascade = take_flag(&words, "--cascade") ? "true" : "false";
    char *ids = ids_json(words);
    char *operations = nanostore_easy_json("[{\"op\":\"delete\",\"ids\":%s,\"cascade\":%s}]", ids,
                                           cascade);
    char *results = NULL;
    const nanostore_status status = nanostore_apply(store, operations, NULL, &results, error_out);

    if (status == NANOSTORE_OK) {
        print_changes(self->said, results, "/results/0/deleted");
    }
    nanostore_string_free(results);
    nanostore_string_free(operations);
    nanostore_string_free(ids);
    return status;
}

static nanostore_status list(nanostore *store, const todo_command *self, word_list words,
                             nanostore_error **error_out)
{
    const int all = words.count > 0 && strcmp(words.word[0], "all") == 0;
    char *query = nanostore_easy_json("{\"view\":%q,\"fields\":" FIELDS "}",
                                      all ? "all" : "canonical");

    (void)self;
    (void)error_out;
    print_listing(store, query);
    nanostore_string_free(query);
    return NANOSTORE_OK;
}

static nanostore_status search(nanostore *store, const todo_command *self, word_list words,
                               nanostore_error **error_out)
{
    char *text = join(words);
    char *query = nanostore_easy_json("{\"search\":%q,\"view\":\"all\",\"fields\":" FIELDS "}",
                                      text);

    (void)self;
    (void)error_out;
    print_listing(store, query);
    nanostore_string_free(query);
    free(text);
    return NANOSTORE_OK;
}

static nanostore_status show(nanostore *store, const todo_command *self, word_list words,
                             nanostore_error **error_out)
{
    static const char *const member[] = { "id", "title", "dimensions", "data", "created_at",
                                          "updated_at", "rev", "uuid" };
    char *task = NULL;
    const nanostore_status status = nanostore_get(store, words.word[0], NULL, &task, error_out);
    size_t i;

    (void)self;
    for (i = 0; status == NANOSTORE_OK && i < sizeof member / sizeof member[0]; i++) {
        char pointer[32];
        char *value;

        snprintf(pointer, sizeof pointer, "/%s", member[i]);
        value = nanostore_easy_member(task, pointer);
        if (value != NULL) {
            printf("%-11s %s\n", member[i], value);
        }
        nanostore_string_free(value);
    }
    nanostore_string_free(task);
    return status;
}

/* ---- the program --------------------------------------------------------------------------- */

static const todo_command COMMANDS[] = {
    { "add", 1, INT_MAX, add, "added", NULL,
      "add [--high] [--under ID] [--due DATE] TITLE..." },
    { "start", 1, INT_MAX, change, "started", "{\"dimensions\":{\"status\":\"active\"}}",
      "start ID..." },
    { "done", 1, INT_MAX, change, "done", "{\"dimensions\":{\"status\":\"done\"}}",
      "done ID..." },
    { "reopen", 1, INT_MAX, change, "reopened", "{\"dimensions\":{\"status\":\"pending\"}}",
      "reopen ID..." },
    { "raise", 1, INT_MAX, change, "raised", "{\"dimensions\":{\"priority\":\"high\"}}",
      "raise ID..." },
    { "lower", 1, INT_MAX, change, "lowered", "{\"dimensions\":{\"priority\":\"normal\"}}",
      "lower ID..." },
    { "rename", 2, INT_MAX, rename_task, "renamed", NULL, "rename ID TITLE..." },
    { "move", 2, 2, move, "moved", NULL, "move ID PARENT-ID | move ID top" },
    { "delete", 1, INT_MAX, delete, "deleted", NULL, "delete [--cascade] ID..." },
    { "list", 0, 1, list, NULL, NULL, "list [all]" },
    { "search", 1, INT_MAX, search, NULL, NULL, "search TEXT..." },
    { "show", 1, 1, show, NULL, NULL, "show ID" },
};

enum { COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0] };

static int usage(void)
{
    int i;

    fprintf(stderr, "usage: todo FILE COMMAND ...\n");
    for (i = 0; i < COMMAND_COUNT; i++) {
        fprintf(stderr, "       %s\n", COMMANDS[i].usage);
    }
    return EXIT_USAGE;
}

/* The open options. TODO_CLOCK and TODO_SEED stand in for the clock and for chance, so that a
 * scripted day gives the same bytes each time. */
static char *open_options(void)
{
    const char *clock = getenv("TODO_CLOCK");
    const char *seed = getenv("TODO_SEED");

    if (clock == NULL || seed == NULL) {
        return nanostore_easy_json("{\"schema\":" SCHEMA "}");
    }
    return nanostore_easy_json("{\"schema\":" SCHEMA ",\"uuid_seed\":%s,"
                               "\"clock\":{\"start\":%q,\"step_ms\":1000}}",
                               seed, clock);
}

/* Opens the file, runs the command, closes, and reports what failed. */
static int run(const char *path, const todo_command *command, word_list words)
{
    nanostore *store = NULL;
    nanostore_error *error = NULL;
    char *options = open_options();
    nanostore_status status = nanostore_open(path, options, &store, &error);

    if (status == NANOSTORE_OK) {
        status = command->run(store, command, words, &error);
    }
    if (status != NANOSTORE_OK) {
        nanostore_easy_report(stderr, "todo", error);
    }
    nanostore_error_free(error);
    nanostore_string_free(options);
    NANOSTORE_MUST(nanostore_close, &store);
    return status == NANOSTORE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    word_list words;
    int i;

    words.count = argc - 3;
    words.word = argv + 3;
    for (i = 0; argc > 2 && i < COMMAND_COUNT; i++) {
        const todo_command *command = &COMMANDS[i];

        if (strcmp(argv[2], command->name) == 0 && words.count >= command->words_min
            && words.count <= command->words_max) {
            return run(argv[1], command, words);
        }
    }
    return usage();
}
