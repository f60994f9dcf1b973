/* A connection that heals itself. A statement is sent once. What was found dead before anything
 * was sent is replaced without a word; after that, a loss is the caller's to judge, because the
 * server may have committed. */
#include "db/db.h"

#include "base/clock.h"
#include "db/fault.h"
#include "db/wire.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_SECONDS = 10,
    GRACE_SECONDS = 5, /* that the server has beyond its own statement_timeout to say so */
    LOCK_SECONDS = 10, /* the longest wait for a lock, where statements have a deadline */
    SECOND = 1000000   /* in microseconds */
};

struct db {
    char *url;
    unsigned statement_seconds; /* 0: no deadline */
    PGconn *connection;         /* NULL: not connected */
    bool is_in_transaction;     /* after the last statement */
    bool is_prepared[STATEMENTS];
    enum db_fault last_fault;
};

struct db *db_create(const char *url, unsigned statement_seconds)
{
    struct db *db = calloc(1, sizeof *db);
    char *copy = strdup(url);
    if (!db || !copy) {
        free(db);
        free(copy);
        return NULL;
    }
    db->url = copy;
    db->statement_seconds = statement_seconds;
    return db;
}

struct db *db_create_alike(const struct db *db)
{
    return db_create(db->url, db->statement_seconds);
}

static void disconnect(struct db *db)
{
    PQfinish(db->connection);
    db->connection = NULL;
    db->is_in_transaction = false;
    memset(db->is_prepared, 0, sizeof db->is_prepared);
}

void db_destroy(struct db *db)
{
    if (!db)
        return;
    disconnect(db);
    free(db->url);
    free(db);
}

enum db_fault db_last_fault(const struct db *db)
{
    return db->last_fault;
}

void release_rows(void *rows)
{
    PQclear(rows);
}

/* The connection failed, or what it did took too long: either way it is of no more use. */
static bool lose(struct db *db, const char *log_detail, struct problem *why)
{
    db->last_fault = fault_lost(log_detail, why);
    disconnect(db);
    return false;
}

/* As lose(), where the reason is the connection's own. */
static bool lose_broken(struct db *db, struct problem *why)
{
    return lose(db, PQerrorMessage(db->connection), why);
}

static int64_t statement_deadline(const struct db *db)
{
    if (db->statement_seconds == 0)
        return INT64_MAX;
    return clock_monotonic() + (int64_t)(db->statement_seconds + GRACE_SECONDS) * SECOND;
}

/* Connecting ------------------------------------------------------------------------------- */

static void drop_notice(void *unused, const char *message)
{
    (void)unused;
    (void)message;
}

static bool exchange(struct db *db, int64_t deadline, PGresult **rows, struct problem *why);

/* By statements and not by the start-up packet, which poolers refuse to take settings from. */
static bool set_up_session(struct db *db, int64_t deadline, struct problem *why)
{
    char settings[320];
    unsigned seconds = db->statement_seconds;
    snprintf(settings, sizeof settings,
             "set statement_timeout = '%us'; set lock_timeout = '%us'; set timezone = 'UTC'; "
             "set datestyle = 'ISO'; set client_min_messages = 'warning'",
             seconds, seconds < LOCK_SECONDS ? seconds : LOCK_SECONDS);
    return PQsendQuery(db->connection, settings) ? exchange(db, deadline, NULL, why)
                                                 : lose_broken(db, why);
}

/* What libpq says about a string that it cannot read quotes it, with the password in it; and
 * what does not look like a URL at all is to libpq the name of a database, quoted as well. */
static bool is_readable_url(const char *url)
{
    char *complaint = NULL; /* none: out of memory */
    PQconninfoOption *options = PQconninfoParse(url, &complaint);
    bool is_readable = options || !complaint;
    PQconninfoFree(options);
    PQfreemem(complaint);
    return is_readable;
}

static bool start_connection(struct db *db, struct problem *why)
{
    static const char *const NAMES[] = {"dbname", "fallback_application_name",
                                        "client_encoding", NULL};
    const char *const values[] = {db->url, "clmd", "UTF8", NULL};
    int64_t deadline = clock_monotonic() + (int64_t)CONNECT_SECONDS * SECOND;
    if (!is_readable_url(db->url))
        return lose(db, "the database's URL is not one that libpq can read", why);
    db->connection = PQconnectStartParams(NAMES, values, 1);
    if (!db->connection)
        return lose(db, "out of memory", why);
    if (PQstatus(db->connection) == CONNECTION_BAD)
        return lose_broken(db, why);
    if (!wire_connect(db->connection, deadline))
        return PQstatus(db->connection) == CONNECTION_BAD
                   ? lose_broken(db, why)
                   : lose(db, "no connection within 10 seconds", why);
    PQsetNoticeProcessor(db->connection, drop_notice, NULL);
    if (PQsetnonblocking(db->connection, 1) != 0)
        return lose_broken(db, why);
    if (set_up_session(db, deadline, why))
        return true;
    disconnect(db);
    return false;
}

static bool connect_if_needed(struct db *db, struct problem *why)
{
    db->last_fault = DB_FAULT_NONE;
    if (db->connection) {
        if (wire_is_alive(db->connection))
            return true;
        if (db->is_in_transaction)
            return lose(db, "the connection was lost within a transaction", why);
        disconnect(db);
    }
    return start_connection(db, why);
}

PGconn *db_connection(struct db *db, struct problem *why)
{
    return connect_if_needed(db, why) ? db->connection : NULL;
}

/* Statements ------------------------------------------------------------------------------- */

/* What was given to libpq to send goes out, and its answer comes back; rows may be NULL. */
static bool exchange(struct db *db, int64_t deadline, PGresult **rows, struct problem *why)
{
    PGresult *result = NULL;
    bool is_complete = wire_exchange(db->connection, deadline, &result);
    db->is_in_transaction = PQtransactionStatus(db->connection) != PQTRANS_IDLE;
    if (is_complete && wire_is_success(result)) {
        if (rows)
            *rows = result;
        else
            PQclear(result);
        return true;
    }
    if (!is_complete && PQstatus(db->connection) == CONNECTION_OK) {
        PQclear(result);
        return lose(db, "no complete answer within the deadline", why);
    }
    db->last_fault = fault_tell(db->connection, result, why);
    PQclear(result);
    if (db->last_fault == DB_FAULT_CONNECTION)
        disconnect(db);
    return false;
}

static bool prepare(struct db *db, enum statement statement, int64_t deadline,
                    struct problem *why)
{
    const struct statement_row *row = statement_row(statement);
    if (db->is_prepared[statement])
        return true;
    if (!PQsendPrepare(db->connection, row->name, row->sql, row->parameters, NULL))
        return lose_broken(db, why);
    if (!exchange(db, deadline, NULL, why))
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

bool db_run(struct db *db, enum statement statement, const struct db_value *values,
            PGresult **rows, struct problem *why)
{
    const struct statement_row *row = statement_row(statement);
    struct parameters given;
    if (!connect_if_needed(db, why))
        return false;
    int64_t deadline = statement_deadline(db);
    if (!prepare(db, statement, deadline, why))
        return false;
    set_parameters(row, values, &given);
    if (!PQsendQueryPrepared(db->connection, row->name, row->parameters, given.data,
                             given.lengths, given.formats, 0))
        return lose_broken(db, why);
    return exchange(db, deadline, rows, why);
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
    set_parameters(row, values, &given);
    if (!PQsendQueryParams(db->connection, row->sql, row->parameters, NULL, given.data,
                           given.lengths, given.formats, 0) ||
        !PQsetSingleRowMode(db->connection))
        return lose_broken(db, why);
    return true;
}

bool db_next_row(struct db *db, PGresult **row, struct problem *why)
{
    bool has_come = wire_next(db->connection, statement_deadline(db), row);
    if (has_come && *row && wire_is_success(*row))
        return true;
    if (!has_come && PQstatus(db->connection) == CONNECTION_OK)
        return lose(db, "no next row within the deadline", why);
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
        disconnect(db);
}

bool db_execute(struct db *db, const char *sql, PGresult **rows, struct problem *why)
{
    if (!connect_if_needed(db, why))
        return false;
    if (!PQsendQuery(db->connection, sql))
        return lose_broken(db, why);
    return exchange(db, statement_deadline(db), rows, why);
}
