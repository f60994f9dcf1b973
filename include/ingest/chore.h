/* Work in the background: one thread with a connection of its own, which looks every second
 * whether there is something to be done, and does it piece by piece. Of several servers on one
 * database one works at a time, and any of them goes on where another one ended: the statement
 * of a piece sees to that; counts that a server holds in memory (refusals) are its own. */
#ifndef CLMD_INGEST_CHORE_H
#define CLMD_INGEST_CHORE_H

#include "base/problem.h"

#include <stdbool.h>

struct chore;
struct db;

struct chore_plan {
    const char *thread; /* its name */
    /* One piece. False: there is nothing to be done now, or it cannot be done. */
    bool (*work)(struct db *db, void *state);
    void *state;     /* the thread's until chore_stop, but for what has a lock */
    bool works_last; /* a piece more when it is stopped */
};

/* Works over a connection that becomes its own. A database that is away is no failure. The plan
 * outlives the chore. */
struct chore *chore_start(struct db *db, const struct chore_plan *plan, struct problem *why);

/* Ends after the piece that it is at. NULL is allowed. */
void chore_stop(struct chore *chore);

#endif
