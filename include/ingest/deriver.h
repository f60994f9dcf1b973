/* The work that a change of the stage model takes, as a chore: history is derived by the model
 * that is to become the active one, and what the earlier one left is taken away; piece by piece
 * (migrations/functions/models_activation.sql). */
#ifndef CLMD_INGEST_DERIVER_H
#define CLMD_INGEST_DERIVER_H

#include "ingest/chore.h"

struct deriver {
    unsigned size;   /* of the next piece: less after a failure, so that it may succeed */
    bool is_failing; /* told once, not at every try */
};

struct deriver deriver_create(void);

/* A struct deriver is the state. */
bool deriver_work(struct db *db, void *state);

#endif
