/* verify and rebuild: what is derived from the ledger, compared with it or made anew. Both go
 * bucket by bucket. verify sees one state of the database throughout; rebuild commits each
 * bucket by itself, so that ingest goes on meanwhile. */
#include "base/clock.h"
#include "base/compiler.h"
#include "command/command.h"
#include "command/database.h"
#include "command/progress.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 64, PARTS_LIMIT = 64, SQL_SIZE = 160, REBUILD_ATTEMPTS = 5 };

/* How many differences each part has, over all buckets. */
struct tally {
    struct part {
        char name[64];
        int64_t differences;
    } parts[PARTS_LIMIT];
    size_t count;
};

/* verify ----------------------------------------------------------------------------------- */

/* Parts beyond the limit are counted with the last. */
static void tally_add(struct tally *tally, const char *name, int64_t differences)
{
    size_t i = 0;
    while (i < tally->count && strcmp(tally->parts[i].name, name) != 0)
        i++;
    if (i == tally->count && tally->count < PARTS_LIMIT)
        snprintf(tally->parts[tally->count++].name, sizeof tally->parts->name, "%s", name);
    tally->parts[i < PARTS_LIMIT ? i : PARTS_LIMIT - 1].differences += differences;
}

static bool compare(struct db *db, const char *sql, struct tally *tally, struct problem *why)
{
    PGresult *rows;
    if (!db_execute(db, sql, &rows, why))
        return false;
    for (int row = 0; row < PQntuples(rows); row++)
        tally_add(tally, PQgetvalue(rows, row, 0), strtoll(PQgetvalue(rows, row, 1), NULL, 10));
    PQclear(rows);
    return true;
}

static bool verify(struct db *db, struct tally *tally, struct problem *why)
{
    char sql[SQL_SIZE];
    bool done = db_execute(db, "begin isolation level repeatable read, read only", NULL, why);
    struct progress progress = progress_start("verify", BUCKETS + 1);
    for (unsigned bucket = 0; done && bucket < BUCKETS; bucket++) {
        snprintf(sql, sizeof sql, "select part, differences from lifecycle.verify_bucket(%u)",
                 bucket);
        done = compare(db, sql, tally, why);
        progress_show(&progress, bucket + 1);
    }
    done = done &&
           compare(db, "select part, differences from lifecycle.verify_totals()", tally, why) &&
           db_execute(db, "commit", NULL, why);
    progress_end(&progress);
    return done;
}

static int tell_differences(const struct tally *tally)
{
    int status = STATUS_DONE;
    for (size_t i = 0; i < tally->count; i++) {
        if (tally->parts[i].differences == 0)
            continue;
        printf("%-32s %" PRId64 " differences\n", tally->parts[i].name,
               tally->parts[i].differences);
        status = STATUS_DIFFERS;
    }
    puts(status == STATUS_DONE ? "no difference"
                               : "clmd rebuild derives from the ledger anew what differs");
    return status;
}

int command_verify(const struct config *config, int count, char **arguments)
{
    struct problem why = {0};
    struct database database;
    struct tally tally = {.count = 0};
    if (count > 1)
        return command_misused("verify", "it takes no argument %s", arguments[1]);
    bool done =
        database_open_prepared(&database, config, &why) && verify(database.db, &tally, &why);
    database_close(&database);
    return done ? tell_differences(&tally) : command_failed(&why);
}

/* rebuild ---------------------------------------------------------------------------------- */

/* A rebuild can be done again at any time, so that it outlives a deadlock or a lost
 * connection. */
static bool derive(struct db *db, const char *sql, int64_t *number, struct problem *why)
{
    PGresult *rows;
    for (int attempt = 1; !db_execute(db, sql, &rows, why); attempt++) {
        enum db_fault fault = db_last_fault(db);
        if (attempt == REBUILD_ATTEMPTS ||
            (fault != DB_FAULT_TRANSIENT && fault != DB_FAULT_CONNECTION))
            return false;
        *why = (struct problem){0};
        clock_pause(200 * attempt);
    }
    *number += strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
    PQclear(rows);
    return true;
}

static bool rebuild(struct db *db, int64_t *customers, struct problem *why)
{
    char sql[SQL_SIZE];
    bool done;
    int64_t ignored = 0;
    struct progress progress = progress_start("rebuild", BUCKETS + 1);
    done = derive(db, "select lifecycle.rebuild_voided()", &ignored, why);
    for (unsigned bucket = 0; done && bucket < BUCKETS; bucket++) {
        snprintf(sql, sizeof sql, "select lifecycle.rebuild_bucket(%u)", bucket);
        done = derive(db, sql, customers, why);
        progress_show(&progress, bucket + 1);
    }
    done = done && derive(db, "select lifecycle.rebuild_totals()", &ignored, why);
    progress_end(&progress);
    return done;
}

static int rebuild_all(const struct config *config)
{
    struct problem why = {0};
    struct database database;
    int64_t customers = 0;
    bool done = database_open_prepared(&database, config, &why) &&
                rebuild(database.db, &customers, &why);
    database_close(&database);
    if (!done)
        return command_failed(&why);
    printf("derived %" PRId64 " customers and all totals anew\n", customers);
    return STATUS_DONE;
}

/* Derives anew what stands on a setting, by another value of it. */
static int change_cut(const struct config *config, const char *setting, const char *value)
{
    struct problem why = {0};
    struct database database;
    const struct db_value values[] = {{.data = setting}, {.data = value}};
    PGresult *rows = NULL;
    bool done = database_open_prepared(&database, config, &why) &&
                database_change(database.db, STATEMENT_CHANGE_CUT, values, &rows, &why);
    PQclear(rows);
    database_close(&database);
    if (!done)
        return command_failed(&why);
    printf("%s is %s now\n", setting, value);
    return STATUS_DONE;
}

int command_rebuild(const struct config *config, int count, char **arguments)
{
    static const struct option OPTIONS[] = {{"timezone", required_argument, NULL, 't'},
                                            {"week-start", required_argument, NULL, 'w'},
                                            {"dunning-days", required_argument, NULL, 'd'},
                                            {NULL, 0, NULL, 0}};
    const char *setting = NULL, *value = NULL;
    opterr = 0;
    for (int option; (option = getopt_long(count, arguments, "", OPTIONS, NULL)) != -1;) {
        if (option == '?' || setting != NULL)
            return command_misused("rebuild", "it takes no option %s", arguments[optind - 1]);
        setting = option == 't' ? "timezone" : option == 'w' ? "week_start" : "dunning_days";
        value = optarg;
    }
    if (optind < count)
        return command_misused("rebuild", "it takes no argument %s", arguments[optind]);
    return setting != NULL ? change_cut(config, setting, value) : rebuild_all(config);
}
