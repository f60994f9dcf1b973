/* One connection to PostgreSQL that heals itself: it connects at the first db_run, and again at
 * the next one after it was lost. A db belongs to one thread at a time.
 *
 * Waiting is bounded: a statement that has no answer statement_seconds + 2 s after it was sent
 * (a frozen server) costs the connection, and is a connection fault. With statement_seconds 0 a
 * statement, and its wait for a lock, may take for ever: for migrations and other commands. */
#ifndef CLMD_DB_DB_H
#define CLMD_DB_DB_H

#include "base/problem.h"
#include "db/statement.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

enum db_fault {
    DB_FAULT_NONE,
    DB_FAULT_CONNECTION, /* it is gone; a commit under way may or may not have happened */
    DB_FAULT_TRANSIENT,  /* deadlock, serialisation, a deadline, no resources: try again */
    DB_FAULT_DATA,       /* class 22 or 23: the data is at fault */
    DB_FAULT_TOLD, /* our own SQL refused the input, SQLSTATE CL4xx; `why` is the answer */
    DB_FAULT_BUG   /* everything else is our fault */
};

/* A parameter of a statement: text, binary (see db/array.h), or null (data == NULL). */
struct db_value {
    const char *data;
    int length; /* of binary data */
    bool is_binary;
};

struct db_counts;
struct trace;

struct db *db_create(const char *url, unsigned statement_seconds); /* NULL: out of memory */
void db_destroy(struct db *db);

/* Another one to the same database, with the same deadlines. NULL: out of memory. */
struct db *db_create_alike(const struct db *db);

/* Behind a pooler in transaction mode nothing is left in a session: statements are not kept
 * prepared, and what a session is told goes with each of them, in the same round trip. */
void db_behind_pooler(struct db *db);

/* It is for reading only: where the URL asks for a host that takes writes and there is none, it
 * reads from any other host of the URL meanwhile. */
void db_read_anywhere(struct db *db);

/* The longest that a statement to come may take, in seconds; 0: what the db was created with,
 * which is the most in any case. */
void db_limit(struct db *db, unsigned seconds);

/* From now on it counts what it goes through, as do those that are created alike. `counts` may
 * be NULL. db_count_retry: what failed is tried again; `db` may be NULL. */
void db_count(struct db *db, struct db_counts *counts);
void db_count_retry(struct db *db);

/* Microseconds that were spent on waiting for PostgreSQL. */
int64_t db_waited(const struct db *db);

/* What the statements to come are done for: a trace that is sampled is PostgreSQL's
 * application_name meanwhile ("clmd", the trace's id, the caller's span), so that it stands in
 * its log of slow statements and in pg_stat_activity. It goes in the statement's round trip,
 * and ends with the transaction. NULL: nobody records it. */
void db_trace(struct db *db, const struct trace *trace);

/* Runs a statement of the catalogue, prepared once a connection. `values` has as many as the
 * statement has parameters. On success *rows is the caller's, to be released by PQclear. One
 * that is a transaction by itself and collides with others is tried again, a few times.
 *
 * On failure db_last_fault tells the kind, and `why` is what a client may see: 503 for
 * connection and transient faults, 422 for data, 500 for a bug. A function of ours refuses
 * input by `raise sqlstate 'CL422' using message = '…', detail = '/pointer'` (CL400, CL403,
 * CL404, CL409, CL410, CL412, CL413, CL428 likewise): its message becomes the detail, or, where
 * a detail (a pointer) is given, a fault. Several faults are lines of the detail, each a
 * pointer, a tab and words of its own. */
bool db_run(struct db *db, enum statement statement, const struct db_value *values,
            PGresult **rows, struct problem *why) MUST_CHECK;

/* Several statements of SQL at once, as they stand: migrations, set-up, tests. The rows are
 * those of the last one; NULL where nobody wants them. */
bool db_execute(struct db *db, const char *sql, PGresult **rows,
                struct problem *why) MUST_CHECK;

/* Rows of any number, one by one, in constant memory and as of one moment: PostgreSQL sends no
 * faster than they are taken, and takes as long as it needs, as long as each next row comes
 * within the deadline of a statement. Nothing else may be run until db_end_rows, which may come
 * before the last row.
 *
 * The statement is not kept prepared, and is planned to give its first row soon: by an index,
 * without sorting. */
bool db_begin_rows(struct db *db, enum statement statement, const struct db_value *values,
                   struct problem *why) MUST_CHECK;

/* A result of one row, or of none: that was the last one. The caller's, to be released. */
bool db_next_row(struct db *db, PGresult **row, struct problem *why) MUST_CHECK;

void db_end_rows(struct db *db);

enum db_fault db_last_fault(const struct db *db);

/* Whether the last fault only tells that others were in the way, with their locks or by an
 * upgrade: as soon as they are done, the same goes through. */
bool db_has_collided(const struct db *db);

/* The connection, made if need be, for what needs more than statements: notifications, waiting.
 * NULL with a problem when there is none to be had. */
PGconn *db_connection(struct db *db, struct problem *why);

/* Releases rows: for arena_defer. */
void release_rows(void *rows);

#endif
