/* The steps of recording items, for the files alone that do it: batch.c, event by event, and
 * trial.c, all or nothing. */
#ifndef CLMD_INGEST_RECORDING_H
#define CLMD_INGEST_RECORDING_H

#include "ingest/batch.h"

struct recording {
    struct db *db;
    struct arena *arena; /* of records and problems */

    /* Tries once to record items, none of which is REJECTED, and fills their outcomes. */
    enum db_fault (*attempt)(const struct recording *recording, struct item *const *items,
                             size_t count, struct problem *why);
};

/* An attempt by one statement, which is its own transaction if there is none. */
enum db_fault recording_attempt(const struct recording *recording, struct item *const *items,
                                size_t count, struct problem *why);

/* Attempts again what may pass the next time: a few times, and for a bounded time. */
enum db_fault recording_persist(const struct recording *recording, struct item *const *items,
                                size_t count, struct problem *why);

/* The same by halves, until what the database refuses for its data stands alone and is
 * REJECTED. False: something else is wrong. */
bool recording_halve(const struct recording *recording, struct item *const *items, size_t count,
                     struct problem *why) MUST_CHECK;

/* How many of the items, at least one, one statement should take. */
size_t recording_length(struct item *const *items, size_t count);

/* The items that are not REJECTED, and their number. NULL: out of memory. */
struct item **items_sound(struct arena *arena, struct item *const *items, size_t *count,
                          struct problem *why);

#endif
