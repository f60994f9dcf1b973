/* A hash leads to a few places. Whose bucket is full is forgotten: the place is free for
 * another. Where none is free, the one that will be soonest is taken: its owner may then come
 * a little more often than allowed, which happens only to tables with tens of thousands of
 * buckets in use. */
#include "http/rate.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

enum { SETS = 4096, WAYS = 8 };

static const int64_t NANOSECONDS = 1000000000;

struct place {
    _Atomic uint64_t who;
    _Atomic int64_t full_at; /* nanoseconds of clock_monotonic */
};

struct rate_table {
    struct place places[SETS][WAYS];
};

struct rate_table *rate_table_create(void)
{
    return calloc(1, sizeof(struct rate_table));
}

void rate_table_destroy(struct rate_table *table)
{
    free(table);
}

static struct place *find_place(struct rate_table *table, uint64_t who)
{
    struct place *set = table->places[who % SETS], *soonest = set;
    for (struct place *at = set; at < set + WAYS; at++) {
        if (atomic_load(&at->who) == who)
            return at;
        if (atomic_load(&at->full_at) < atomic_load(&soonest->full_at))
            soonest = at;
    }
    atomic_store(&soonest->who, who);
    return soonest;
}

static unsigned round_up(int64_t nanoseconds)
{
    return (unsigned)((nanoseconds + NANOSECONDS - 1) / NANOSECONDS);
}

struct rate_standing rate_take(struct rate_table *table, uint64_t who, const struct rate *rate,
                               int64_t now)
{
    struct place *place = find_place(table, who);
    int64_t window = rate->seconds * NANOSECONDS, interval = window / rate->requests;
    int64_t full_at = atomic_load(&place->full_at), begins, lacks;
    now *= 1000;
    do {
        begins = full_at > now ? full_at : now;
        lacks = begins + interval - now;
        if (lacks > window)
            return (struct rate_standing){.is_over = true, .seconds = round_up(lacks - window)};
    } while (!atomic_compare_exchange_weak(&place->full_at, &full_at, begins + interval));
    return (struct rate_standing){.remaining = (unsigned)((window - lacks) / interval),
                                  .seconds = round_up(lacks)};
}
