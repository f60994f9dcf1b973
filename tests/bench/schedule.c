#include "schedule.h"

#include <stdlib.h>

bool schedule_create(struct schedule *schedule, int64_t begin, int64_t end)
{
    *schedule = (struct schedule){.begin = begin, .end = end};
    schedule->days = calloc(schedule_days(schedule), sizeof *schedule->days);
    return schedule->days != NULL;
}

void schedule_destroy(struct schedule *schedule)
{
    for (size_t i = 0; i < schedule_days(schedule); i++)
        schedule_forget(schedule, i);
    free(schedule->days);
}

size_t schedule_days(const struct schedule *schedule)
{
    return (size_t)((schedule->end - schedule->begin) / DAY);
}

static bool make_room(struct day *day)
{
    if (day->count < day->capacity)
        return true;
    size_t capacity = day->capacity > 0 ? day->capacity * 3 / 2 : 16;
    struct planned *events = realloc(day->events, capacity * sizeof *events);
    if (events == NULL)
        return false;
    day->events = events;
    day->capacity = capacity;
    return true;
}

uint64_t schedule_add(struct schedule *schedule, struct planned event)
{
    if (event.at >= schedule->end || schedule->is_full)
        return 0;
    if (event.recorded >= schedule->end)
        event.recorded = schedule->end - 1;
    struct day *day = &schedule->days[(event.recorded - schedule->begin) / DAY];
    schedule->is_full = !make_room(day);
    if (schedule->is_full)
        return 0;
    event.number = ++schedule->planned;
    day->events[day->count++] = event;
    return event.number;
}

static int compare(const void *a, const void *b)
{
    const struct planned *one = a, *other = b;
    if (one->recorded != other->recorded)
        return one->recorded < other->recorded ? -1 : 1;
    return one->number < other->number ? -1 : 1;
}

const struct day *schedule_day(struct schedule *schedule, size_t number)
{
    struct day *day = &schedule->days[number];
    if (day->count > 0)
        qsort(day->events, day->count, sizeof *day->events, compare);
    return day;
}

void schedule_forget(struct schedule *schedule, size_t number)
{
    free(schedule->days[number].events);
    schedule->days[number] = (struct day){.events = NULL};
}
