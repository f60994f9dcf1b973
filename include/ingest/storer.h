/* Storers: threads that store parcels, each with a connection of its own, while the next ones
 * are being read. A storer has at most one parcel waiting beside the one that it stores.
 *
 * A stored event is a duplicate the next time, so a database that went away is waited for, for
 * a minute, and the parcel is sent again. */
#ifndef CLMD_INGEST_STORER_H
#define CLMD_INGEST_STORER_H

#include "base/problem.h"
#include "db/db.h"
#include "ingest/parcel.h"

#include <stdbool.h>
#include <stddef.h>

enum { STORERS = 2 }; /* the most at a time, and what is worth while on a small machine */

struct storers;

/* A storer for each connection, which is its own until storers_stop. */
struct storers *storers_start(struct db *const *dbs, size_t count, struct problem *why);

/* Ends them; every parcel was taken. NULL is allowed. */
void storers_stop(struct storers *storers);

/* Gives a parcel to a storer. False when there was no room within the time. */
bool storers_give(struct storers *storers, size_t which, struct parcel *parcel,
                  unsigned milliseconds) MUST_CHECK;

/* A parcel that is done, stored or not; NULL when there is none within the time, and at once
 * when none is under way. */
struct parcel *storers_take(struct storers *storers, unsigned milliseconds);

/* Parcels given and not taken. */
size_t storers_pending(struct storers *storers);

/* From now on nothing is waited for. */
void storers_hurry(struct storers *storers);

#endif
