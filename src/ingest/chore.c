#include "ingest/chore.h"

#include "base/clock.h"
#include "db/db.h"
#include "http/thread.h"

#include <stdlib.h>

enum { LOOK_MICROSECONDS = 1000000 };

struct chore {
    const struct chore_plan *plan;
    struct db *db; /* the thread's, once it runs */
    struct monitor monitor;
    bool is_stopping; /* under the monitor */
    pthread_t thread;
    bool is_running;
};

/* Waits until it is time to look again, where there is nothing more to do. False: the end. */
static bool await_work(struct chore *chore, bool has_more)
{
    int64_t deadline = clock_monotonic() + LOOK_MICROSECONDS;
    bool is_early = !has_more;
    monitor_lock(&chore->monitor);
    while (!chore->is_stopping && is_early)
        is_early = monitor_wait_until(&chore->monitor, deadline);
    bool goes_on = !chore->is_stopping;
    monitor_unlock(&chore->monitor);
    return goes_on;
}

static void *run(void *argument)
{
    struct chore *chore = argument;
    bool has_more = true;
    while (await_work(chore, has_more))
        has_more = chore->plan->work(chore->db, chore->plan->state);
    if (chore->plan->works_last)
        (void)chore->plan->work(chore->db, chore->plan->state);
    return NULL;
}

struct chore *chore_start(struct db *db, const struct chore_plan *plan, struct problem *why)
{
    struct chore *chore = calloc(1, sizeof *chore);
    if (!chore) {
        db_destroy(db);
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    monitor_create(&chore->monitor);
    chore->plan = plan;
    chore->db = db;
    if (!db)
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
    else
        chore->is_running = thread_start(&chore->thread, plan->thread, run, chore, why);
    if (chore->is_running)
        return chore;
    chore_stop(chore);
    return NULL;
}

void chore_stop(struct chore *chore)
{
    if (!chore)
        return;
    if (chore->is_running) {
        monitor_lock(&chore->monitor);
        chore->is_stopping = true;
        monitor_broadcast(&chore->monitor);
        monitor_unlock(&chore->monitor);
        pthread_join(chore->thread, NULL);
    }
    monitor_destroy(&chore->monitor);
    db_destroy(chore->db);
    free(chore);
}
