/* Statements over the connection of a db. */
#include "base/clock.h"
#include "db/db.h"
#include "db/db_counts.h"
#include "db/fault.h"
#include "db/link.h"
#include "db/session.h"
#include "db/wire.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>

enum {
    SECOND = 1000000, /* in microseconds */
    RUNS = 5,         /* of a statement that collides with others */
    RUNS_SECONDS = 5,
    PAUSE_FIRST = 10 /* milliseconds before the second run; doubled before each further one */
};

static bool prepare(struct db *db, enum statement statement, int64_t deadline,
                    struct problem *why)
{
    const struct statement_row *row = statement_row(statement);
    if (db->is_prepared[statement] || db->is_pooled)
        return true;
    if (!PQsendPrepare(db->connection, row->name, row->sql, row->parameters, NULL))
        return link_lose_broken(db, why);
    if (!link_exchange(db, deadline, NULL, why))
        return false;
    db->is_prepared[statement] = true;
    return true;
}

enum { PARAMETERS_LIMIT = 32 };

/* Parameters as libpq takes them. */
struct parameters {
    const char *data[PARAMETERS_LIMIT];
    int lengths[PARAMETERS_LIMIT], formats[PARAMETERS_LIMIT];
};

static void set_parameters(const struct statement_row *row, const struct db_value *values,
                           struct parameters *parameters)
{
    assert(row->parameters <= PARAMETERS_LIMIT);
    for (int i = 0; i < row->parameters; i++) {
        parameters->data[i] = values[i].data;
        parameters->lengths[i] = values[i].length;
        parameters->formats[i] = values[i].is_binary;
    }
}

static bool send(struct db *db, const struct statement_row *row, const struct parameters *given)
{
    int sent = db->is_pooled
                   ? PQsendQueryParams(db->connection, row->sql, row->parameters, NULL,
                                       given->data, given->lengths, given->formats, 0)
                   : PQsendQueryPrepared(db->connection, row->name, row->parameters,
                                         given->data, given->lengths, given->formats, 0);
    return sent == 1;
}

/* With the terms of the session before it, in one round trip and one transaction. */
static bool run_on_terms(struct db *db, const struct statement_row *row,
                         const struct parameters *given, PGresult **rows, struct problem *why)
{
    char settings[SESSION_SQL_SIZE];
    const struct session_terms terms = {.seconds = db->limit,
                                        .is_local = db->is_pooled,
                                        .application =
                                            db->application[0] ? db->application : NULL};
    PGresult *result = NULL;
    session_write(&terms, settings);
    if (!PQenterPipelineMode(db->connection) ||
        !PQsendQueryParams(db->connection, settings, 0, NULL, NULL, NULL, NULL, 0) ||
        !send(db, row, given) || !PQpipelineSync(db->connection))
        return link_lose_broken(db, why);
    bool is_complete = wire_exchange_pipeline(db->connection, link_deadline(db), &result);
    bool is_success = link_conclude(db, is_complete, result, rows, why);
    db->limit_told = is_success ? db->limit : UINT_MAX;
    db->is_named = db->is_in_transaction && terms.application != NULL;
    return is_success;
}

/* Whether the session is to be told something before it works. */
static bool has_terms(const struct db *db)
{
    return db->is_pooled || db->limit != db->limit_told ||
           (db->application[0] && !db->is_named);
}

static bool run(struct db *db, enum statement statement, const struct db_value *values,
                PGresult **rows, struct problem *why)
{
    const struct statement_row *row = statement_row(statement);
    struct parameters given;
    if (!link_ready(db, why))
        return false;
    int64_t deadline = link_deadline(db);
    if (!prepare(db, statement, deadline, why))
        return false;
    set_parameters(row, values, &given);
    if (has_terms(db))
        return run_on_terms(db, row, &given, rows, why);
    return send(db, row, &given) ? link_exchange(db, deadline, rows, why)
                                 : link_lose_broken(db, why);
}

static void count_run(struct db *db, enum statement statement, int64_t time, bool is_done)
{
    struct db_counts *counts = db->counts;
    db->waited += time;
    if (!counts)
        return;
    counter_add(&counts->statements[statement], 1);
    counter_add(&counts->times[statement], (uint64_t)time);
    if (!is_done)
        counter_add(&counts->faults[db->last_fault], 1);
}

/* What was a transaction by itself has left nothing behind. */
static bool run_past_others(struct db *db, enum statement statement,
                            const struct db_value *values, PGresult **rows, struct problem *why)
{
    unsigned seconds = db->limit > 0 && db->limit < RUNS_SECONDS ? db->limit : RUNS_SECONDS;
    int64_t give_up_at = clock_monotonic() + (int64_t)seconds * SECOND;
    bool is_alone = !db->is_in_transaction;
    for (int runs = 1; !run(db, statement, values, rows, why); runs++) {
        if (!db->has_collided || !is_alone || runs == RUNS || clock_monotonic() > give_up_at)
            return false;
        db_count_retry(db);
        clock_pause(PAUSE_FIRST << (runs - 1));
        *why = (struct problem){.code = PROBLEM_NONE};
    }
    return true;
}

bool db_run(struct db *db, enum statement statement, const struct db_value *values,
            PGresult **rows, struct problem *why)
{
    int64_t began_at = clock_monotonic();
    bool is_done = run_past_others(db, statement, values, rows, why);
    count_run(db, statement, clock_monotonic() - began_at, is_done);
    return is_done;
}

static_assert(DB_FAULTS == DB_FAULT_BUG + 1, "a counter for every fault");

/* A round trip of its own, which is nothing to one who reads rows of any number. */
static bool name_transaction(struct db *db, struct problem *why)
{
    char sql[sizeof "set local application_name = ''" + APPLICATION_SIZE];
    snprintf(sql, sizeof sql, "set local application_name = '%s'", db->application);
    return db_execute(db, sql, NULL, why);
}

bool db_begin_rows(struct db *db, enum statement statement, const struct db_value *values,
                   struct problem *why)
{
    const struct statement_row *row = statement_row(statement);
    struct parameters given;
    if (!db_execute(db,
                    "begin isolation level repeatable read, read only; "
                    "set local statement_timeout = 0; set local jit = off; "
                    "set local enable_seqscan = off; set local enable_hashjoin = off; "
                    "set local enable_sort = off; "
                    "set local max_parallel_workers_per_gather = 0",
                    NULL, why))
        return false;
    if (db->application[0] && !name_transaction(db, why))
        return false;
    set_parameters(row, values, &given);
    if (!PQsendQueryParams(db->connection, row->sql, row->parameters, NULL, given.data,
                           given.lengths, given.formats, 0) ||
        !PQsetSingleRowMode(db->connection))
        return link_lose_broken(db, why);
    return true;
}

bool db_next_row(struct db *db, PGresult **row, struct problem *why)
{
    int64_t began_at = clock_monotonic();
    bool has_come = wire_next(db->connection, link_deadline(db), row);
    db->waited += clock_monotonic() - began_at;
    if (has_come && *row && wire_is_success(*row))
        return true;
    if (!has_come && PQstatus(db->connection) == CONNECTION_OK)
        return link_lose(db, "no next row within the deadline", why);
    db->last_fault = fault_tell(db->connection, *row, why);
    PQclear(*row);
    return false;
}

/* Before the last row there is no way back to a connection that is of use, but to read on. */
void db_end_rows(struct db *db)
{
    struct problem unused = {.code = PROBLEM_NONE};
    PGresult *next = NULL;
    bool is_at_end =
        db->connection && wire_next(db->connection, clock_monotonic() + SECOND, &next) && !next;
    PQclear(next);
    if (!is_at_end || !db_execute(db, "commit", NULL, &unused))
        link_close(db);
}

bool db_execute(struct db *db, const char *sql, PGresult **rows, struct problem *why)
{
    if (!link_ready(db, why))
        return false;
    int64_t began_at = clock_monotonic();
    bool is_done = PQsendQuery(db->connection, sql)
                       ? link_exchange(db, link_deadline(db), rows, why)
                       : link_lose_broken(db, why);
    db->waited += clock_monotonic() - began_at;
    return is_done;
}
