/* The events that the bench is run on: all six stages, the types about as often as a business
 * has them, over many customers, drawn from a seed. */
#ifndef CLMD_BENCH_EVENTS_H
#define CLMD_BENCH_EVENTS_H

#include "base/buffer.h"

#include <stdint.h>

struct events {
    const char *run;    /* the first part of every id: no two runs have an event in common */
    uint64_t customers; /* customer-0 to customer-N */
    uint32_t late;      /* of a hundred events, how many happened a year ago */
    int64_t begin,
        step;        /* when the first happened, as clock_utc() tells; from one to the next */
    uint64_t random; /* the seed; not 0 */
    uint64_t number; /* of the event written last */
};

/* Appends the next event, as a JSON object on one line. */
void events_write(struct events *events, struct buffer *out);

#endif
