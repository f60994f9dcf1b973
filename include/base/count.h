/* What the service counts of itself while it works, for somebody who looks now and then.
 * Counting is one relaxed atomic addition: no lock, no allocation, no order with anything else.
 * So a histogram may be read while one observation is in its sum and not yet in its bucket. */
#ifndef CLMD_BASE_COUNT_H
#define CLMD_BASE_COUNT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Goes up only. */
struct counter {
    _Atomic uint64_t value;
};

/* Goes up and down. */
struct gauge {
    _Atomic int64_t value;
};

static inline void counter_add(struct counter *counter, uint64_t number)
{
    atomic_fetch_add_explicit(&counter->value, number, memory_order_relaxed);
}

static inline uint64_t counter_read(const struct counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

static inline void gauge_add(struct gauge *gauge, int64_t number)
{
    atomic_fetch_add_explicit(&gauge->value, number, memory_order_relaxed);
}

static inline void gauge_set(struct gauge *gauge, int64_t value)
{
    atomic_store_explicit(&gauge->value, value, memory_order_relaxed);
}

static inline int64_t gauge_read(const struct gauge *gauge)
{
    return atomic_load_explicit(&gauge->value, memory_order_relaxed);
}

enum { SCALE_LIMIT = 16 };

/* What a histogram is of: its bounds, ascending, in the whole numbers that are observed. */
struct scale {
    double unit; /* of the metric, in those: 1e6 where microseconds are told as seconds */
    size_t count;
    uint64_t bounds[SCALE_LIMIT];
};

extern const struct scale SCALE_SECONDS; /* observed in microseconds */
extern const struct scale SCALE_EVENTS;  /* observed in events */

struct histogram {
    struct counter buckets[SCALE_LIMIT + 1]; /* each without those below; the last has no end */
    struct counter sum;
};

/* A value on a bound belongs below it. What is negative counts as nothing. */
void histogram_observe(struct histogram *histogram, const struct scale *scale, int64_t value);

/* Adds what another one has counted. */
void histogram_add(struct histogram *histogram, const struct histogram *other);

uint64_t histogram_count(const struct histogram *histogram);

#endif
