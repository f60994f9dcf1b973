/* How the database stands, as the follower has last seen it: for /readyz and /metrics, which
 * answer while it is away. */
#ifndef CLMD_API_VITALS_H
#define CLMD_API_VITALS_H

#include "base/count.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

/* The columns of STATEMENT_LOAD_VITALS, in their order, and what is asked less often. */
enum vital {
    VITAL_IS_MIGRATED, /* 0 or 1: the program's latest numbered migration is there */
    VITAL_CAN_WRITE,   /* the same */
    VITAL_RECORDED_AT, /* microseconds, since 1970 */
    VITAL_SWEPT_AT,
    VITAL_SWEEP_TIME, /* microseconds */
    VITAL_REPLAY_LAG,
    VITAL_REPLICA_LAG,
    VITAL_SIZE, /* bytes of the database */
    VITALS
};

struct vitals {
    struct gauge signs[VITALS];
};

/* A sign that was not seen. */
#define VITAL_UNKNOWN INT64_MIN

/* What it is called among what is followed. */
extern const char VITALS_NAME[];

void vitals_reset(struct vitals *vitals);

/* For struct followed; `vitals` is a struct vitals. All but the size; the size. */
bool vitals_load(void *vitals, struct db *db, struct problem *why) MUST_CHECK;
bool vitals_weigh(void *vitals, struct db *db, struct problem *why) MUST_CHECK;

#endif
