/* What is kept of everyone, for questions about one customer, as a chore: measured anew, step
 * by step, where something has changed (migrations/functions/sweep.sql). */
#ifndef CLMD_INGEST_SWEEPER_H
#define CLMD_INGEST_SWEEPER_H

#include "ingest/chore.h"

struct sweeper {
    char pause[16];  /* seconds from the end of a sweep to the next one, at the least */
    bool is_failing; /* told once, not at every try */
};

struct sweeper sweeper_create(unsigned pause_seconds);

/* A struct sweeper is the state. */
bool sweeper_work(struct db *db, void *state);

#endif
