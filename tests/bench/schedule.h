/* The events of a history that are yet to be written, by the day on which they are recorded. */
#ifndef CLMD_BENCH_SCHEDULE_H
#define CLMD_BENCH_SCHEDULE_H

#include "planned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct day {
    struct planned *events;
    size_t count, capacity;
};

struct schedule {
    int64_t begin, end; /* whole days, as clock_utc() tells */
    struct day *days;
    uint64_t planned; /* how many events ever were */
    bool is_full;     /* there was no memory for one */
};

static const int64_t SECOND = INT64_C(1000000);
static const int64_t MINUTE = INT64_C(60000000);
static const int64_t HOUR = INT64_C(3600000000);
static const int64_t DAY = INT64_C(86400000000);

bool schedule_create(struct schedule *schedule, int64_t begin, int64_t end);
void schedule_destroy(struct schedule *schedule);

size_t schedule_days(const struct schedule *schedule);

/* Takes an event that is recorded within the schedule; gives it its number, and tells that. An
 * event that happens after the end never does: 0. */
uint64_t schedule_add(struct schedule *schedule, struct planned event);

/* The events of a day, in the order in which they are recorded; then schedule_forget. */
const struct day *schedule_day(struct schedule *schedule, size_t number);
void schedule_forget(struct schedule *schedule, size_t number);

#endif
