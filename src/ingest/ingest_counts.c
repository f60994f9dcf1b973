#include "ingest/ingest_counts.h"

#include "ingest/vocabulary.h"

#include <assert.h>

enum { SECOND = 1000000, MINUTE = 60 * SECOND };

#define HOUR (60 * (uint64_t)MINUTE)
#define DAY (24 * HOUR)

const struct scale SCALE_DELAY = {
    .unit = SECOND,
    .count = 11,
    .bounds = {SECOND, 5 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR,
               DAY, 7 * DAY, 30 * DAY},
};

size_t type_rows(void)
{
    assert(EVENT_TYPE_COUNT + 2 <= TYPE_ROWS);
    return EVENT_TYPE_COUNT + 2;
}

const char *type_row_name(size_t row)
{
    if (row < EVENT_TYPE_COUNT)
        return EVENT_TYPES[row].name;
    return row == EVENT_TYPE_COUNT ? "custom" : "unknown";
}

static size_t row_of(const struct event_type *type)
{
    if (type == NULL)
        return EVENT_TYPE_COUNT + 1;
    return type->code >= CUSTOM_TYPE_CODE ? EVENT_TYPE_COUNT : (size_t)(type - EVENT_TYPES);
}

void ingest_count_event(struct ingest_counts *counts, enum ingest_way way,
                        const struct item *item, int64_t now)
{
    if (counts == NULL)
        return;
    counter_add(&counts->events[way][item->outcome][row_of(item->event.type)], 1);
    if (item->outcome == OUTCOME_CREATED && way == INGEST_POST)
        histogram_observe(&counts->delays, &SCALE_DELAY, now - item->event.occurred_at);
}

void ingest_count_batch(struct ingest_counts *counts, enum ingest_way way, size_t events,
                        int64_t microseconds)
{
    if (counts == NULL)
        return;
    histogram_observe(&counts->batch_events[way], &SCALE_EVENTS, (int64_t)events);
    histogram_observe(&counts->batch_seconds[way], &SCALE_SECONDS, microseconds);
}

void ingest_count_parcel(struct ingest_counts *counts, const struct parcel *parcel)
{
    for (size_t i = 0; i < parcel->count; i++)
        ingest_count_event(counts, INGEST_IMPORT, &parcel->entries[i].item, 0);
    ingest_count_batch(counts, INGEST_IMPORT, parcel->count, parcel->storing_time);
}
