/* What the connections to PostgreSQL went through, counted for /metrics. One for all of them;
 * any thread counts. */
#ifndef CLMD_DB_DB_COUNTS_H
#define CLMD_DB_DB_COUNTS_H

#include "base/count.h"
#include "db/db.h"

enum { DB_FAULTS = 6 };

struct db_counts {
    struct gauge open;
    struct counter opened, unopened, lost; /* connections; tries that brought none */
    struct counter faults[DB_FAULTS];      /* statements that failed, by enum db_fault */
    struct counter retries;                /* of what failed and may pass */
    struct counter statements[STATEMENTS], times[STATEMENTS]; /* how many; microseconds */
};

#endif
