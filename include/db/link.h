/* The inside of a db: what db.c, which makes its connection, and run.c, which uses it, share.
 */
#ifndef CLMD_DB_LINK_H
#define CLMD_DB_LINK_H

#include "base/trace.h"
#include "db/db.h"

#include <stdint.h>

enum { APPLICATION_SIZE = sizeof "clmd" + TRACE_ID_SIZE + SPAN_ID_SIZE };

struct db {
    char *url;
    unsigned statement_seconds; /* 0: no deadline */
    unsigned limit;             /* of the statements to come, in seconds; 0: no deadline */
    unsigned limit_told;        /* to the session */
    bool is_pooled;             /* behind a pooler: the session is ours for a transaction */
    bool reads_anywhere;        /* rather than not at all */
    int64_t makeshift_until;    /* the connection is to a host that was not asked for; or 0 */
    PGconn *connection;         /* NULL: not connected */
    bool is_in_transaction;     /* after the last statement */
    bool is_prepared[STATEMENTS];
    enum db_fault last_fault;
    bool has_collided;                  /* that fault was a collision with others */
    char application[APPLICATION_SIZE]; /* that works through us; empty: we ourselves */
    bool is_named;                      /* the transaction knows that */
    struct db_counts *counts;           /* or NULL */
    int64_t waited;                     /* microseconds */
};

/* Sees to it that there is a connection. */
bool link_ready(struct db *db, struct problem *why) MUST_CHECK;
void link_close(struct db *db);

/* The connection failed, or what it did took too long: either way it is of no more use. False;
 * link_lose_broken takes the connection's own reason. */
bool link_lose(struct db *db, const char *log_detail, struct problem *why);
bool link_lose_broken(struct db *db, struct problem *why);

/* By when what is sent now must be answered. */
int64_t link_deadline(const struct db *db);

/* What was given to libpq to send goes out, and its answer comes back; rows may be NULL. */
bool link_exchange(struct db *db, int64_t deadline, PGresult **rows,
                   struct problem *why) MUST_CHECK;

/* What became of an exchange that gave `result`. */
bool link_conclude(struct db *db, bool is_complete, PGresult *result, PGresult **rows,
                   struct problem *why) MUST_CHECK;

#endif
