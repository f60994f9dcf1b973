/* How many events were rejected, by source: they never reach the ledger, so they are counted in
 * memory and stored by a chore, every second and once more when the service stops
 * (count_rejected in migrations/functions/record.sql). A crash loses the counts of about the
 * last second; a connection that breaks while they are stored may have them stored twice. */
#ifndef CLMD_INGEST_REFUSALS_H
#define CLMD_INGEST_REFUSALS_H

#include "ingest/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* That are told apart from one storing to the next, the empty one included. */
enum { REFUSALS_SOURCES = 64 };

struct db;
struct refusals;

struct refusal {
    char source[EVENT_NAME_LIMIT + 1]; /* empty: unknown, or one too many */
    int64_t events;
};

struct refusals *refusals_create(void); /* NULL: out of memory */
void refusals_destroy(struct refusals *refusals);

/* Counts an event, on any thread and without waiting for the database. A source of NULL is
 * unknown. */
void refusals_count(struct refusals *refusals, const char *source);

/* What is to be stored: the same until refusals_stored, then what was counted meanwhile. Both
 * are for one thread, which is the chore's. */
const struct refusal *refusals_take(struct refusals *refusals, size_t *count);
void refusals_stored(struct refusals *refusals);

/* The chore. A struct refusals is the state. */
bool refusals_work(struct db *db, void *state);

#endif
