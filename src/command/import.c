#include "ingest/import.h"

#include "command/command.h"
#include "command/database.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

struct wish {
    const char *input; /* "-": standard input */
    char rejects[PATH_SIZE];
    enum import_format format;
};

static bool read_format(const char *name, enum import_format *format)
{
    static const char *const NAMES[] = {[IMPORT_NDJSON] = "ndjson", [IMPORT_CSV] = "csv"};
    for (size_t i = IMPORT_NDJSON; i < COUNT_OF(NAMES); i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            *format = (enum import_format)i;
            return true;
        }
    }
    return false;
}

/* STATUS_DONE, or STATUS_USAGE after having told. */
static int read_wish(int count, char **arguments, struct wish *wish)
{
    static const struct option OPTIONS[] = {{"format", required_argument, NULL, 'f'},
                                            {"rejects", required_argument, NULL, 'r'},
                                            {0}};
    const char *rejects = NULL;
    int option;
    while ((option = getopt_long(count, arguments, "", OPTIONS, NULL)) != -1) {
        if (option == 'r')
            rejects = optarg;
        else if (option != 'f')
            return STATUS_USAGE;
        else if (!read_format(optarg, &wish->format))
            return command_misused("import", "--format is csv or ndjson");
    }
    if (optind + 1 != count)
        return command_misused("import", "it takes one file, or - for standard input");
    wish->input = arguments[optind];
    const char *base = strcmp(wish->input, "-") == 0 ? "import" : wish->input;
    int length = rejects ? snprintf(wish->rejects, PATH_SIZE, "%s", rejects)
                         : snprintf(wish->rejects, PATH_SIZE, "%s.rejects.ndjson", base);
    if (length >= PATH_SIZE)
        return command_misused("import", "the name of the file for rejects is too long");
    return STATUS_DONE;
}

static FILE *open_file(const char *name, const char *mode, struct problem *why)
{
    FILE *file = fopen(name, mode);
    if (!file)
        (void)fail(why, PROBLEM_NOT_FOUND, "%s: %s", name, strerror(errno));
    return file;
}

/* Nothing was rejected, so the file is empty. What is no file (/dev/null, a pipe) stays. */
static void remove_file(const char *name)
{
    struct stat status;
    if (lstat(name, &status) == 0 && S_ISREG(status.st_mode))
        (void)unlink(name);
}

static bool import(const struct config *config, const struct wish *wish, FILE *input,
                   struct import_counts *counts, struct problem *why)
{
    struct database database;
    struct registry *registry = registry_create();
    struct import_options options = {
        .name = wish->input,
        .format = wish->format,
        .batch_events = config->batch_events,
        .type_prefix = config->type_prefix,
        .registry = registry,
        .progress = isatty(STDERR_FILENO) ? stderr : NULL,
    };
    bool done = database_open_prepared(&database, config, why) &&
                (registry || fail(why, PROBLEM_INTERNAL, "out of memory")) &&
                registry_load(registry, database.db, why) &&
                (options.rejects = open_file(wish->rejects, "we", why)) &&
                import_run(database.db, input, &options, counts, why);
    if (options.rejects && fclose(options.rejects) != 0 && done)
        done = fail(why, PROBLEM_INTERNAL, "%s: %s", wish->rejects, strerror(errno));
    if (options.rejects && counts->rejected + counts->conflict == 0)
        remove_file(wish->rejects);
    registry_destroy(registry);
    database_close(&database);
    return done;
}

int command_import(const struct config *config, int count, char **arguments)
{
    struct problem why = {0};
    struct wish wish = {.format = IMPORT_BY_NAME};
    struct import_counts counts = {0};
    int status = read_wish(count, arguments, &wish);
    if (status != STATUS_DONE)
        return status;
    bool is_piped = strcmp(wish.input, "-") == 0;
    FILE *input = is_piped ? stdin : open_file(wish.input, "re", &why);
    if (!input)
        return command_failed(&why);
    bool done = import(config, &wish, input, &counts, &why);
    if (!is_piped)
        fclose(input);
    printf("%" PRIu64 " lines: %" PRIu64 " created, %" PRIu64 " duplicate, %" PRIu64
           " conflict, %" PRIu64 " rejected\n",
           counts.lines, counts.created, counts.duplicate, counts.conflict, counts.rejected);
    bool has_rejects = counts.rejected + counts.conflict > 0;
    if (has_rejects)
        printf("rejected lines and their reasons: %s\n", wish.rejects);
    if (!done)
        return command_failed(&why);
    return has_rejects ? STATUS_REJECTED : STATUS_DONE;
}
