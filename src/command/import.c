#include "ingest/import.h"

#include "command/command.h"
#include "command/database.h"
#include "command/input.h"
#include "command/meter.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, INPUT_MEMORY = 1024 * 1024 };

struct wish {
    const char *input; /* "-": standard input */
    char rejects[PATH_SIZE];
    enum rows_format format;
    struct csv_constants constants;
};

static bool read_format(const char *name, enum rows_format *format)
{
    static const char *const NAMES[] = {[ROWS_NDJSON] = "ndjson", [ROWS_CSV] = "csv"};
    for (size_t i = ROWS_NDJSON; i < COUNT_OF(NAMES); i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            *format = (enum rows_format)i;
            return true;
        }
    }
    return false;
}

/* STATUS_DONE, or STATUS_USAGE after having told. */
static int read_wish(int count, char **arguments, struct wish *wish)
{
    enum { FORMAT, REJECTS, SOURCE, TYPE, GIVEN };
    static const struct option OPTIONS[] = {{"format", required_argument, NULL, FORMAT},
                                            {"rejects", required_argument, NULL, REJECTS},
                                            {"source", required_argument, NULL, SOURCE},
                                            {"type", required_argument, NULL, TYPE},
                                            {0}};
    const char *given[GIVEN] = {NULL};
    int option;
    while ((option = getopt_long(count, arguments, "", OPTIONS, NULL)) != -1) {
        if (option >= GIVEN)
            return STATUS_USAGE;
        given[option] = optarg;
    }
    if (optind + 1 != count)
        return command_misused("import", "it takes one file, or - for standard input");
    wish->input = arguments[optind];
    wish->format = input_has_suffix(wish->input, "csv") ? ROWS_CSV : ROWS_NDJSON;
    wish->constants = (struct csv_constants){.source = given[SOURCE], .type = given[TYPE]};
    if (given[FORMAT] != NULL && !read_format(given[FORMAT], &wish->format))
        return command_misused("import", "--format is csv or ndjson");
    if (wish->format != ROWS_CSV && (given[SOURCE] != NULL || given[TYPE] != NULL))
        return command_misused("import", "--source and --type are for CSV");
    const char *base = strcmp(wish->input, "-") == 0 ? "import" : wish->input;
    int length = given[REJECTS] ? snprintf(wish->rejects, PATH_SIZE, "%s", given[REJECTS])
                                : snprintf(wish->rejects, PATH_SIZE, "%s.rejects.ndjson", base);
    if (length >= PATH_SIZE)
        return command_misused("import", "the name of the file for rejects is too long");
    return STATUS_DONE;
}

/* Nothing was rejected, so the file is empty. What is no file (/dev/null, a pipe) stays. */
static void remove_file(const char *name)
{
    struct stat status;
    if (lstat(name, &status) == 0 && S_ISREG(status.st_mode))
        (void)unlink(name);
}

/* What an import tells, and to whom. */
struct report {
    const struct wish *wish;
    const struct input *input;
    FILE *rejects;
    struct meter meter;
};

static bool write_reject(void *closure, const char *json, size_t length, struct problem *why)
{
    const struct report *report = closure;
    bool is_written = fwrite(json, 1, length, report->rejects) == length &&
                      putc('\n', report->rejects) != EOF;
    return is_written ||
           fail(why, PROBLEM_INTERNAL, "%s: %s", report->wish->rejects, strerror(errno));
}

static void show_progress(void *closure, const struct import_counts *counts)
{
    struct report *report = closure;
    meter_show(&report->meter, report->input->bytes, counts->lines);
}

/* Reads to the end, with a storer on each of the connections. */
static bool import_input(struct report *report, struct import_options *options,
                         struct import_counts *counts, struct problem *why)
{
    struct input input;
    struct arena *arena = arena_create(INPUT_MEMORY);
    bool is_done = false;
    if (arena == NULL) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
    } else if (input_open(arena, report->wish->input, &input, why)) {
        options->source = input_source(&input);
        report->input = &input;
        report->meter = meter_create(isatty(STDERR_FILENO) ? stderr : NULL, input.size);
        enum import_end end = import_run(options, counts, why);
        meter_clear(&report->meter);
        is_done = end == IMPORT_DONE;
        if (end == IMPORT_INTERRUPTED)
            *why = *input_fault(&input);
    }
    arena_destroy(arena);
    return is_done;
}

static bool import_database(const struct config *config, struct report *report,
                            const struct database *database, struct import_counts *counts,
                            struct problem *why)
{
    struct registry *registry = registry_create();
    struct refusals *refusals = refusals_create();
    struct import_options options = {.format = report->wish->format,
                                     .constants = report->wish->constants,
                                     .batch_events = config->batch_events,
                                     .type_prefix = config->type_prefix,
                                     .registry = registry,
                                     .refusals = refusals,
                                     .dbs = {database->db, db_create_alike(database->db)},
                                     .db_count = STORERS,
                                     .reject = write_reject,
                                     .progress = show_progress,
                                     .closure = report};
    bool is_done = registry != NULL && refusals != NULL && options.dbs[1] != NULL
                       ? registry_load(registry, database->db, why) &&
                             import_input(report, &options, counts, why)
                       : fail(why, PROBLEM_INTERNAL, "out of memory");
    if (refusals != NULL)
        (void)refusals_work(database->db, refusals);
    db_destroy(options.dbs[1]);
    refusals_destroy(refusals);
    registry_destroy(registry);
    return is_done;
}

static bool import(const struct config *config, const struct wish *wish,
                   struct import_counts *counts, struct problem *why)
{
    struct database database;
    struct report report = {.wish = wish};
    bool is_done = database_open_prepared(&database, config, why);
    if (is_done && !(report.rejects = fopen(wish->rejects, "we")))
        is_done = fail(why, PROBLEM_NOT_FOUND, "%s: %s", wish->rejects, strerror(errno));
    is_done = is_done && import_database(config, &report, &database, counts, why);
    if (report.rejects && fclose(report.rejects) != 0 && is_done)
        is_done = fail(why, PROBLEM_INTERNAL, "%s: %s", wish->rejects, strerror(errno));
    if (report.rejects && counts->rejected + counts->conflict == 0)
        remove_file(wish->rejects);
    database_close(&database);
    return is_done;
}

int command_import(const struct config *config, int count, char **arguments)
{
    struct problem why = {0};
    struct wish wish = {0};
    struct import_counts counts = {0};
    int status = read_wish(count, arguments, &wish);
    if (status != STATUS_DONE)
        return status;
    bool is_done = import(config, &wish, &counts, &why);
    printf("%" PRIu64 " lines: %" PRIu64 " created, %" PRIu64 " duplicate, %" PRIu64
           " conflict, %" PRIu64 " rejected\n",
           counts.lines, counts.created, counts.duplicate, counts.conflict, counts.rejected);
    bool has_rejects = counts.rejected + counts.conflict > 0;
    if (has_rejects)
        printf("rejected lines and their reasons: %s\n", wish.rejects);
    if (!is_done)
        return command_failed(&why);
    return has_rejects ? STATUS_REJECTED : STATUS_DONE;
}
