#include "base/count.h"

#include "base/compiler.h"

enum { MILLISECOND = 1000, SECOND = 1000000 };

const struct scale SCALE_SECONDS = {
    .unit = SECOND,
    .count = 15,
    .bounds = {MILLISECOND / 2, MILLISECOND, 5 * MILLISECOND / 2, 5 * MILLISECOND,
               10 * MILLISECOND, 25 * MILLISECOND, 50 * MILLISECOND, 100 * MILLISECOND,
               250 * MILLISECOND, 500 * MILLISECOND, SECOND, 5 * SECOND / 2, 5 * SECOND,
               10 * SECOND, 30 * SECOND},
};

const struct scale SCALE_EVENTS = {
    .unit = 1,
    .count = 12,
    .bounds = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000},
};

void histogram_observe(struct histogram *histogram, const struct scale *scale, int64_t value)
{
    uint64_t observed = value > 0 ? (uint64_t)value : 0;
    size_t i = 0;
    while (i < scale->count && observed > scale->bounds[i])
        i++;
    counter_add(&histogram->sum, observed);
    counter_add(&histogram->buckets[i], 1);
}

void histogram_add(struct histogram *histogram, const struct histogram *other)
{
    for (size_t i = 0; i < COUNT_OF(other->buckets); i++)
        counter_add(&histogram->buckets[i], counter_read(&other->buckets[i]));
    counter_add(&histogram->sum, counter_read(&other->sum));
}

uint64_t histogram_count(const struct histogram *histogram)
{
    uint64_t count = 0;
    for (size_t i = 0; i < COUNT_OF(histogram->buckets); i++)
        count += counter_read(&histogram->buckets[i]);
    return count;
}
