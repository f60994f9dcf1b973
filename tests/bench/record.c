/* The database's own limit: the ingest function called directly, with batches of one size, one
 * after the other, on one connection. What makes the events ready is not timed.
 *
 *     bench_record DATABASE_URL RUN SECONDS EVENTS_A_BATCH CUSTOMERS
 *
 * Prints the number of events that were stored, and the microseconds that it took. */
#include "events.h"

#include "base/clock.h"
#include "ingest/batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH_BYTES = 64 << 20, STATEMENT_SECONDS = 60, EVENT_BYTES = 4096, WARM_UP = 10 };

static bool make_item(struct events *events, struct arena *arena, struct item *item,
                      struct problem *why)
{
    const struct event_context context = {.now = clock_utc()};
    size_t used;
    struct buffer text = buffer_create(arena, EVENT_BYTES);
    events_write(events, &text);
    json_t *object = json_parse(text.data, text.length, &used, why);
    bool is_read = object != NULL &&
                   event_read(arena, text.data, used, object, &context, &item->event, why);
    json_decref(object);
    return is_read;
}

/* Stores `count` new events; adds to `microseconds` what that took. */
static bool record_batch(struct db *db, struct events *events, size_t count,
                         int64_t *microseconds, struct problem *why)
{
    struct arena *arena = arena_create(BATCH_BYTES);
    struct item *items = arena != NULL ? arena_alloc(arena, count * sizeof *items) : NULL;
    struct item **places = arena != NULL ? arena_alloc(arena, count * sizeof *places) : NULL;
    bool is_done = items != NULL && places != NULL;
    for (size_t i = 0; is_done && i < count; i++) {
        places[i] = &items[i];
        is_done = make_item(events, arena, &items[i], why);
    }
    int64_t begin = clock_monotonic();
    is_done = is_done && batch_record(db, arena, places, count, why);
    *microseconds += clock_monotonic() - begin;
    for (size_t i = 0; is_done && i < count; i++)
        is_done = items[i].outcome == OUTCOME_CREATED;
    arena_destroy(arena);
    return is_done;
}

int main(int count, char **arguments)
{
    struct problem why = {.code = PROBLEM_NONE};
    if (count != 6) {
        fputs("usage: bench_record DATABASE_URL RUN SECONDS EVENTS_A_BATCH CUSTOMERS\n",
              stderr);
        return 2;
    }
    int64_t microseconds = 0, ignored = 0, end = strtoll(arguments[3], NULL, 10) * 1000000;
    size_t batch = strtoul(arguments[4], NULL, 10);
    struct events events = {
        .run = arguments[2],
        .customers = strtoull(arguments[5], NULL, 10),
        .begin = clock_utc(),
        .step = 20,
        .random = (uint64_t)clock_utc() | 1,
    };
    struct db *db = db_create(arguments[1], STATEMENT_SECONDS);
    bool is_done = db != NULL && batch > 0 && events.customers > 0;
    for (int i = 0; is_done && i < WARM_UP; i++)
        is_done = record_batch(db, &events, batch, &ignored, &why);
    uint64_t before = events.number;
    while (is_done && microseconds < end)
        is_done = record_batch(db, &events, batch, &microseconds, &why);
    db_destroy(db);
    if (!is_done) {
        fprintf(stderr, "bench_record: %s\n", why.detail);
        return 1;
    }
    printf("%" PRIu64 " %" PRId64 "\n", events.number - before, microseconds);
    return 0;
}
