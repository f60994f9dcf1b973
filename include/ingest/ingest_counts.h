/* What became of events, counted for /metrics: by type, outcome and way. The types are those of
 * the vocabulary; all custom ones are one, and what has no known type is another, so that no
 * sender can make more series. Sources are not told apart for the same reason: the metric
 * data_quality does that. Any thread counts; a NULL in place of the counts counts nothing. */
#ifndef CLMD_INGEST_INGEST_COUNTS_H
#define CLMD_INGEST_INGEST_COUNTS_H

#include "base/count.h"
#include "ingest/batch.h"
#include "ingest/import.h"
#include "ingest/parcel.h"

#include <stddef.h>
#include <stdint.h>

enum ingest_way { INGEST_POST, INGEST_IMPORT, INGEST_WAYS };
enum { OUTCOMES = OUTCOME_REJECTED + 1, TYPE_ROWS = 128, IMPORT_ENDS = IMPORT_INTERRUPTED + 1 };

extern const struct scale SCALE_DELAY; /* observed in microseconds, from a second to a month */

struct ingest_counts {
    struct counter events[INGEST_WAYS][OUTCOMES][TYPE_ROWS];
    struct histogram batch_events[INGEST_WAYS];  /* SCALE_EVENTS: of a batch */
    struct histogram batch_seconds[INGEST_WAYS]; /* SCALE_SECONDS: from its sending to its
                                                    commit, with all attempts */
    struct histogram delays; /* SCALE_DELAY: from when events occurred until they were stored */
    struct counter imports[IMPORT_ENDS]; /* over HTTP */
};

/* The rows of EVENT_TYPES, then these two. */
size_t type_rows(void);
const char *type_row_name(size_t row);

/* An item whose outcome is settled; `now` is clock_utc. */
void ingest_count_event(struct ingest_counts *counts, enum ingest_way way,
                        const struct item *item, int64_t now);

void ingest_count_batch(struct ingest_counts *counts, enum ingest_way way, size_t events,
                        int64_t microseconds);

/* Both, of rows of an import that were stored together. */
void ingest_count_parcel(struct ingest_counts *counts, const struct parcel *parcel);

#endif
