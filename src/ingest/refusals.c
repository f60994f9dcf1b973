/* Two tallies take turns: one is filled, under the mutex, while the other one is stored without
 * it. So nobody who counts waits for more than a look through a tally, or a change of turns. */
#include "ingest/refusals.h"

#include "base/log.h"
#include "db/array.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY = 256 * 1024 };

struct tally {
    size_t count;
    struct refusal rows[REFUSALS_SOURCES]; /* the first one is of the empty source, always */
};

struct refusals {
    pthread_mutex_t mutex;
    struct tally *filled; /* under the mutex */
    struct tally *stored; /* the chore's */
    struct tally tallies[2];
    bool is_failing; /* told once, not at every try */
};

static void empty(struct tally *tally)
{
    tally->count = 1;
    tally->rows[0] = (struct refusal){.events = 0};
}

struct refusals *refusals_create(void)
{
    struct refusals *refusals = calloc(1, sizeof *refusals);
    if (refusals == NULL)
        return NULL;
    pthread_mutex_init(&refusals->mutex, NULL);
    refusals->filled = &refusals->tallies[0];
    refusals->stored = &refusals->tallies[1];
    empty(refusals->filled);
    empty(refusals->stored);
    return refusals;
}

void refusals_destroy(struct refusals *refusals)
{
    if (refusals == NULL)
        return;
    pthread_mutex_destroy(&refusals->mutex);
    free(refusals);
}

/* Counting --------------------------------------------------------------------------------- */

static struct refusal *row_of(struct tally *tally, const char *source)
{
    size_t length = strlen(source);
    for (size_t i = 0; i < tally->count; i++)
        if (strcmp(tally->rows[i].source, source) == 0)
            return &tally->rows[i];
    if (tally->count == REFUSALS_SOURCES || length > EVENT_NAME_LIMIT)
        return &tally->rows[0];
    struct refusal *row = &tally->rows[tally->count++];
    memcpy(row->source, source, length + 1);
    row->events = 0;
    return row;
}

void refusals_count(struct refusals *refusals, const char *source)
{
    pthread_mutex_lock(&refusals->mutex);
    row_of(refusals->filled, source != NULL ? source : "")->events++;
    pthread_mutex_unlock(&refusals->mutex);
}

/* Storing ---------------------------------------------------------------------------------- */

static bool is_empty(const struct tally *tally)
{
    return tally->count == 1 && tally->rows[0].events == 0;
}

const struct refusal *refusals_take(struct refusals *refusals, size_t *count)
{
    if (is_empty(refusals->stored)) {
        struct tally *next = refusals->stored;
        pthread_mutex_lock(&refusals->mutex);
        refusals->stored = refusals->filled;
        refusals->filled = next;
        pthread_mutex_unlock(&refusals->mutex);
    }
    size_t unneeded = refusals->stored->rows[0].events == 0;
    *count = refusals->stored->count - unneeded;
    return refusals->stored->rows + unneeded;
}

void refusals_stored(struct refusals *refusals)
{
    empty(refusals->stored);
}

static bool run(struct db *db, struct arena *arena, const struct refusal *taken, size_t count,
                struct problem *why)
{
    PGresult *rows;
    struct db_value values[2];
    struct array sources = array_create(arena, ARRAY_TEXT, MEMORY);
    struct array counts = array_create(arena, ARRAY_INT8, MEMORY);
    for (size_t i = 0; i < count; i++) {
        array_text(&sources, taken[i].source);
        array_int8(&counts, taken[i].events);
    }
    if (!array_finish(&sources, &values[0]) || !array_finish(&counts, &values[1]))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (!db_run(db, STATEMENT_COUNT_REJECTED, values, &rows, why))
        return false;
    PQclear(rows);
    return true;
}

static bool store(struct db *db, const struct refusal *taken, size_t count, struct problem *why)
{
    struct arena *arena = arena_create(MEMORY);
    bool is_stored = arena != NULL ? run(db, arena, taken, count, why)
                                   : fail(why, PROBLEM_INTERNAL, "out of memory");
    arena_destroy(arena);
    return is_stored;
}

bool refusals_work(struct db *db, void *state)
{
    struct refusals *refusals = state;
    struct problem why = {.code = PROBLEM_NONE};
    size_t count;
    const struct refusal *taken = refusals_take(refusals, &count);
    bool is_stored = count == 0 || store(db, taken, count, &why);
    if (is_stored)
        refusals_stored(refusals);
    else if (!refusals->is_failing)
        log_line(LOG_LEVEL_WARN, "rejected events cannot be counted; it is tried again",
                 "reason", why.log_detail[0] ? why.log_detail : why.detail, NULL);
    refusals->is_failing = !is_stored;
    return false;
}
