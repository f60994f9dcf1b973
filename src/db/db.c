/* A connection that heals itself. A statement is sent once. What was found dead before anything
 * was sent is replaced without a word; after that, a loss is the caller's to judge, because the
 * server may have committed. */
#include "db/db.h"

#include "base/clock.h"
#include "db/db_counts.h"
#include "db/fault.h"
#include "db/link.h"
#include "db/session.h"
#include "db/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GRACE_SECONDS = 2,     /* that the server has beyond its own statement_timeout to say so */
    MAKESHIFT_SECONDS = 2, /* that we read elsewhere before we look for the right host again */
    SECOND = 1000000       /* in microseconds */
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
    db->statement_seconds = db->limit = statement_seconds;
    return db;
}

struct db *db_create_alike(const struct db *db)
{
    struct db *other = db_create(db->url, db->statement_seconds);
    if (other) {
        other->is_pooled = db->is_pooled;
        other->counts = db->counts;
    }
    return other;
}

void db_count(struct db *db, struct db_counts *counts)
{
    db->counts = counts;
}

void db_count_retry(struct db *db)
{
    if (db && db->counts)
        counter_add(&db->counts->retries, 1);
}

int64_t db_waited(const struct db *db)
{
    return db->waited;
}

void db_trace(struct db *db, const struct trace *trace)
{
    db->application[0] = '\0';
    if (trace && trace->is_sampled)
        snprintf(db->application, sizeof db->application, "clmd %s %s", trace->id,
                 trace->parent);
}

void db_behind_pooler(struct db *db)
{
    db->is_pooled = true;
}

void db_read_anywhere(struct db *db)
{
    db->reads_anywhere = session_is_choosy(db->url);
}

void db_limit(struct db *db, unsigned seconds)
{
    unsigned most = db->statement_seconds;
    db->limit = seconds == 0 || (most > 0 && seconds > most) ? most : seconds;
}

void link_close(struct db *db)
{
    if (db->connection && db->counts)
        gauge_add(&db->counts->open, -1);
    PQfinish(db->connection);
    db->connection = NULL;
    db->is_in_transaction = db->is_named = false;
    memset(db->is_prepared, 0, sizeof db->is_prepared);
}

void db_destroy(struct db *db)
{
    if (!db)
        return;
    link_close(db);
    free(db->url);
    free(db);
}

enum db_fault db_last_fault(const struct db *db)
{
    return db->last_fault;
}

bool db_has_collided(const struct db *db)
{
    return db->has_collided;
}

void release_rows(void *rows)
{
    PQclear(rows);
}

static void count_loss(const struct db *db)
{
    if (db->connection && db->counts)
        counter_add(&db->counts->lost, 1);
}

static void count_opening(const struct db *db)
{
    if (!db->counts)
        return;
    counter_add(db->connection ? &db->counts->opened : &db->counts->unopened, 1);
    gauge_add(&db->counts->open, db->connection != NULL);
}

/* The connection failed, or what it did took too long: either way it is of no more use. */
bool link_lose(struct db *db, const char *log_detail, struct problem *why)
{
    db->last_fault = fault_lost(log_detail, why);
    count_loss(db);
    link_close(db);
    return false;
}

/* As link_lose(), where the reason is the connection's own. */
bool link_lose_broken(struct db *db, struct problem *why)
{
    return link_lose(db, PQerrorMessage(db->connection), why);
}

int64_t link_deadline(const struct db *db)
{
    if (db->limit == 0)
        return INT64_MAX;
    return clock_monotonic() + (int64_t)(db->limit + GRACE_SECONDS) * SECOND;
}

/* Connecting ------------------------------------------------------------------------------- */

/* Behind a pooler the terms go with each transaction instead. */
static bool set_up_session(struct db *db, struct problem *why)
{
    char settings[SESSION_SQL_SIZE];
    const struct session_terms terms = {.seconds = db->limit};
    if (db->is_pooled)
        return true;
    session_write(&terms, settings);
    db->limit_told = db->limit;
    return PQsendQuery(db->connection, settings)
               ? link_exchange(db, link_deadline(db), NULL, why)
               : link_lose_broken(db, why);
}

static bool start_connection(struct db *db, struct problem *why)
{
    struct problem unused = {.code = PROBLEM_NONE};
    db->connection = session_open(db->url, SESSION_HOST_WANTED, why);
    db->makeshift_until = 0;
    if (!db->connection && db->reads_anywhere) {
        db->connection = session_open(db->url, SESSION_HOST_ANY, &unused);
        db->makeshift_until = clock_monotonic() + (int64_t)MAKESHIFT_SECONDS * SECOND;
    }
    count_opening(db);
    if (!db->connection) {
        db->last_fault = DB_FAULT_CONNECTION;
        return false;
    }
    *why = (struct problem){.code = PROBLEM_NONE};
    if (set_up_session(db, why))
        return true;
    link_close(db);
    return false;
}

/* Back from a host that was better than none, as soon as there is the one that was asked for.
 */
static void leave_makeshift(struct db *db)
{
    struct problem unused = {.code = PROBLEM_NONE};
    if (db->makeshift_until == 0 || clock_monotonic() < db->makeshift_until)
        return;
    PGconn *wanted = session_open(db->url, SESSION_HOST_WANTED, &unused);
    db->makeshift_until = clock_monotonic() + (int64_t)MAKESHIFT_SECONDS * SECOND;
    PQfinish(wanted);
    if (wanted)
        link_close(db);
}

bool link_ready(struct db *db, struct problem *why)
{
    db->last_fault = DB_FAULT_NONE;
    db->has_collided = false;
    leave_makeshift(db);
    if (db->connection) {
        if (wire_is_alive(db->connection))
            return true;
        if (db->is_in_transaction)
            return link_lose(db, "the connection was lost within a transaction", why);
        count_loss(db);
        link_close(db);
    }
    return start_connection(db, why);
}

PGconn *db_connection(struct db *db, struct problem *why)
{
    return link_ready(db, why) ? db->connection : NULL;
}

/* Statements ------------------------------------------------------------------------------- */

/* What became of an exchange; rows may be NULL. */
bool link_conclude(struct db *db, bool is_complete, PGresult *result, PGresult **rows,
                   struct problem *why)
{
    db->is_in_transaction = PQtransactionStatus(db->connection) != PQTRANS_IDLE;
    db->is_named = db->is_named && db->is_in_transaction;
    if (is_complete && wire_is_success(result)) {
        if (rows)
            *rows = result;
        else
            PQclear(result);
        return true;
    }
    if (!is_complete && PQstatus(db->connection) == CONNECTION_OK) {
        PQclear(result);
        return link_lose(db, "no complete answer within the deadline", why);
    }
    db->last_fault = fault_tell(db->connection, result, why);
    db->has_collided = fault_is_collision(result);
    PQclear(result);
    if (db->last_fault == DB_FAULT_CONNECTION) {
        count_loss(db);
        link_close(db);
    }
    return false;
}

/* What was given to libpq to send goes out, and its answer comes back. */
bool link_exchange(struct db *db, int64_t deadline, PGresult **rows, struct problem *why)
{
    PGresult *result = NULL;
    bool is_complete = wire_exchange(db->connection, deadline, &result);
    return link_conclude(db, is_complete, result, rows, why);
}
