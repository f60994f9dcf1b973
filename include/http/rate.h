/* How often someone may come: a token bucket for each, in memory, without locks. A bucket is
 * one number, the time at which it would be full again (the generic cell rate algorithm), so
 * that it is changed by one compare-and-swap, and one that is full needs no place at all. */
#ifndef CLMD_HTTP_RATE_H
#define CLMD_HTTP_RATE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

/* A bucket holds `requests`, and is filled in `seconds`. */
struct rate {
    unsigned requests, seconds;
};

/* Where someone stands after having come. */
struct rate_standing {
    bool is_over;       /* it was too often; it counts for nothing */
    unsigned remaining; /* requests that may come at once */
    unsigned seconds;   /* is_over: until the next may come; else: until the bucket is full */
};

struct rate_table;

struct rate_table *rate_table_create(void); /* NULL: out of memory */
void rate_table_destroy(struct rate_table *table);

/* `who`: a hash (keyed_hash). `now`: clock_monotonic. */
struct rate_standing rate_take(struct rate_table *table, uint64_t who, const struct rate *rate,
                               int64_t now);

#endif
