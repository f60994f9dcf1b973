/* A replica of the database, which reads may be answered from: while it is no further behind
 * the primary than the setting says, and, for those who name a position, not before it has seen
 * what was written up to there. A position is a place in PostgreSQL's log of changes; to
 * callers it is a word that they give back.
 *
 * How far it is behind is measured, several times a second: where the primary was at some time,
 * the replica must have come since. While the primary is away, nothing new is acknowledged: a
 * replica that was near enough when it was last heard of stays so. */
#ifndef CLMD_HTTP_REPLICA_H
#define CLMD_HTTP_REPLICA_H

#include "base/config.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

struct db;
struct replica;

/* NULL, and true, where the settings name none. */
bool replica_start(const struct config *config, const char *primary_url,
                   struct replica **replica, struct problem *why) MUST_CHECK;
void replica_stop(struct replica *replica); /* NULL is allowed */

/* A connection to it; NULL: out of memory. */
struct db *replica_connect(const struct replica *replica, unsigned statement_seconds);

/* Whether a request that names this position (0: none) may be answered over `db`. */
bool replica_may_answer(struct replica *replica, struct db *db, uint64_t position);

struct replica_state {
    bool is_read_from; /* but for those who name a position that it has not reached */
    int64_t lag;       /* microseconds that it is behind at the most; < 0: not known */
};
struct replica_state replica_state(struct replica *replica);

/* It has failed a request: nobody is sent there until it has been heard of again. */
void replica_lose(struct replica *replica);

/* Up to where the database of `db` has written, or replayed; false: it cannot be told. */
bool replica_ask_position(struct db *db, uint64_t *position) MUST_CHECK;

#endif
