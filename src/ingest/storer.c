#include "ingest/storer.h"

#include "base/clock.h"
#include "http/thread.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

enum { SECOND = 1000000, PATIENCE_SECONDS = 60 /* for a database that is away */ };

struct storer {
    struct storers *all;
    struct db *db;
    pthread_t thread;
    struct parcel *waiting; /* of the monitor */
};

struct storers {
    struct monitor monitor; /* of what follows */
    struct parcel *done;
    struct parcel **done_end;
    size_t pending;
    bool is_hurried, is_stopped;
    size_t count;
    struct storer storers[STORERS];
};

/* Sleeps for a second, but not when hurried; false then. */
static bool wait_a_second(struct storers *all)
{
    int64_t deadline = clock_monotonic() + SECOND;
    bool is_in_time = true;
    monitor_lock(&all->monitor);
    while (!all->is_hurried && is_in_time)
        is_in_time = monitor_wait_until(&all->monitor, deadline);
    bool goes_on = !all->is_hurried;
    monitor_unlock(&all->monitor);
    return goes_on;
}

static bool store(const struct storer *storer, struct parcel *parcel)
{
    struct problem *why = &parcel->why;
    int64_t give_up_at = clock_monotonic() + (int64_t)PATIENCE_SECONDS * SECOND;
    while (!batch_record(storer->db, parcel->arena, parcel->items, parcel->count, why)) {
        enum db_fault fault = db_last_fault(storer->db);
        bool may_pass = why->code == PROBLEM_UNAVAILABLE &&
                        (fault == DB_FAULT_CONNECTION || fault == DB_FAULT_TRANSIENT);
        if (!may_pass || clock_monotonic() > give_up_at || !wait_a_second(storer->all))
            return false;
    }
    return true;
}

/* NULL: there will be no more. */
static struct parcel *await_parcel(struct storer *storer)
{
    struct storers *all = storer->all;
    monitor_lock(&all->monitor);
    while (storer->waiting == NULL && !all->is_stopped)
        monitor_wait(&all->monitor);
    struct parcel *parcel = storer->waiting;
    storer->waiting = NULL;
    monitor_broadcast(&all->monitor);
    monitor_unlock(&all->monitor);
    return parcel;
}

static void *work(void *argument)
{
    struct storer *storer = argument;
    struct storers *all = storer->all;
    struct parcel *parcel;
    while ((parcel = await_parcel(storer)) != NULL) {
        int64_t began_at = clock_monotonic();
        parcel->is_stored = store(storer, parcel);
        parcel->storing_time = clock_monotonic() - began_at;
        parcel->next = NULL;
        monitor_lock(&all->monitor);
        *all->done_end = parcel;
        all->done_end = &parcel->next;
        monitor_broadcast(&all->monitor);
        monitor_unlock(&all->monitor);
    }
    return NULL;
}

struct storers *storers_start(struct db *const *dbs, size_t count, struct problem *why)
{
    assert(count > 0 && count <= STORERS);
    struct storers *all = calloc(1, sizeof *all);
    if (all == NULL) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    all->done_end = &all->done;
    monitor_create(&all->monitor);
    for (; all->count < count; all->count++) {
        struct storer *storer = &all->storers[all->count];
        *storer = (struct storer){.all = all, .db = dbs[all->count]};
        if (!thread_start(&storer->thread, "storer", work, storer, why)) {
            storers_stop(all);
            return NULL;
        }
    }
    return all;
}

void storers_stop(struct storers *all)
{
    if (all == NULL)
        return;
    monitor_lock(&all->monitor);
    all->is_stopped = true;
    monitor_broadcast(&all->monitor);
    monitor_unlock(&all->monitor);
    for (size_t i = 0; i < all->count; i++)
        pthread_join(all->storers[i].thread, NULL);
    monitor_destroy(&all->monitor);
    free(all);
}

bool storers_give(struct storers *all, size_t which, struct parcel *parcel,
                  unsigned milliseconds)
{
    struct storer *storer = &all->storers[which];
    int64_t deadline = clock_monotonic() + (int64_t)milliseconds * 1000;
    bool is_in_time = true;
    monitor_lock(&all->monitor);
    while (storer->waiting != NULL && is_in_time)
        is_in_time = monitor_wait_until(&all->monitor, deadline);
    bool has_room = storer->waiting == NULL;
    if (has_room) {
        storer->waiting = parcel;
        all->pending++;
        monitor_broadcast(&all->monitor);
    }
    monitor_unlock(&all->monitor);
    return has_room;
}

struct parcel *storers_take(struct storers *all, unsigned milliseconds)
{
    int64_t deadline = clock_monotonic() + (int64_t)milliseconds * 1000;
    bool is_in_time = true;
    monitor_lock(&all->monitor);
    while (all->done == NULL && all->pending > 0 && is_in_time)
        is_in_time = monitor_wait_until(&all->monitor, deadline);
    struct parcel *parcel = all->done;
    if (parcel != NULL) {
        all->done = parcel->next;
        if (all->done == NULL)
            all->done_end = &all->done;
        all->pending--;
    }
    monitor_unlock(&all->monitor);
    return parcel;
}

size_t storers_pending(struct storers *all)
{
    monitor_lock(&all->monitor);
    size_t pending = all->pending;
    monitor_unlock(&all->monitor);
    return pending;
}

void storers_hurry(struct storers *all)
{
    monitor_lock(&all->monitor);
    all->is_hurried = true;
    monitor_broadcast(&all->monitor);
    monitor_unlock(&all->monitor);
}
