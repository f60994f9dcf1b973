/* A trial: events recorded in a transaction of their own that may come to nothing. */
#ifndef CLMD_INGEST_TRIAL_H
#define CLMD_INGEST_TRIAL_H

#include "ingest/batch.h"

/* Records the events of `items` that are not REJECTED, and fills their outcomes as batch_record
 * does. They are kept only where `may_keep`, and every one of `items` is stored: otherwise
 * nothing is, and the outcomes tell what would have been. False as there. */
bool trial_record(struct db *db, struct arena *arena, struct item *const *items, size_t count,
                  bool may_keep, struct problem *why) MUST_CHECK;

#endif
