/* Batches: the events of many requests (or lines of a file) in one call of
 * lifecycle.record_events, one transaction, with an outcome for each event. */
#ifndef CLMD_INGEST_BATCH_H
#define CLMD_INGEST_BATCH_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/problem.h"
#include "db/db.h"
#include "ingest/event.h"

#include <stdbool.h>
#include <stddef.h>

enum outcome { OUTCOME_CREATED, OUTCOME_DUPLICATE, OUTCOME_CONFLICT, OUTCOME_REJECTED };

extern const char *const OUTCOME_NAMES[]; /* "created", "duplicate", "conflict", "rejected" */

/* What a sender is told of an event that is stored. The texts are NULL where there is nothing
 * to tell: no customer, in no stage, no transition. */
struct record {
    const char *customer;                                /* the canonical one */
    const char *stage;                                   /* where the customer is now */
    const char *moved_from, *moved_to, *move, *moved_at; /* the transition that it caused */
    const char *recorded_at;
};

/* An event to be stored, or one that was refused already (outcome REJECTED, with its
 * problem). */
struct item {
    struct event event;
    enum outcome outcome;
    const struct problem *problem; /* of REJECTED */
    struct record record;          /* of CREATED and DUPLICATE: as it was stored first */
};

/* The item will not be stored, because of `problem`, which is copied. False: out of memory. */
bool item_reject(struct item *item, struct arena *arena, const struct problem *problem,
                 struct problem *why) MUST_CHECK;

/* The record of an item CREATED or DUPLICATE, as a JSON object. */
void item_write_record(struct buffer *out, const struct item *item);

/* Why an item of the outcome CONFLICT or REJECTED was not stored. */
struct problem item_problem(const struct item *item);

/* Stores the events of `items` that are not REJECTED, and fills their outcomes. All of them are
 * durable when it returns true. An event for a person who was erased is REJECTED; and so is one
 * that the database refuses for its data, alone (the batch is split by halves until it stands
 * by itself). False: nothing is known to be stored; `why` is 503 (repeat safely) or 500.
 * Records and problems live in the arena. */
bool batch_record(struct db *db, struct arena *arena, struct item *const *items, size_t count,
                  struct problem *why) MUST_CHECK;

#endif
