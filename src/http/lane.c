/* Batches are worth waiting for: one of fifty events costs the database a third of what fifty
 * singles cost it. So while a worker of a lane with batches is busy, another one joins in only
 * when there is a good batch for it too, or when what queued has waited for too long (the busy
 * one may be waiting for a lock). */
#include "http/lane.h"

#include "base/clock.h"
#include "db/db.h"
#include "http/data_edition.h"
#include "http/replica.h"
#include "http/request.h"
#include "http/thread.h"
#include "http/turn.h"

#include <assert.h>
#include <stdlib.h>

enum {
    JOIN_SHARE = 4,               /* of the largest batch: what another worker joins in for */
    PATIENCE_MICROSECONDS = 10000 /* after which it joins in for less */
};

struct worker {
    struct lane *lane;
    struct db *db, *replica; /* NULL: there is no replica to read from */
    struct request **batch;  /* what it answers now; room for all that may queue */
    pthread_t thread;
    bool is_running, is_busy;
    int64_t busy_since; /* of the monitor, while it is busy */
};

struct lane {
    struct lane_options options;
    struct lane_counts counts;
    struct monitor monitor; /* of what follows */
    struct request *first;
    struct request **end; /* where the next request is linked in */
    size_t depth, weight; /* of what queued: requests, and what they count in batches */
    size_t busy;          /* workers with a batch */
    bool is_closed;
    struct worker workers[];
};

/* A request without a weight counts as well: it takes its time too. */
static size_t weight_of(const struct request *request)
{
    return request->weight > 0 ? request->weight : 1;
}

/* With the lock held. */
static struct request *take_first(struct lane *lane)
{
    struct request *request = lane->first;
    lane->first = request->next;
    if (!lane->first)
        lane->end = &lane->first;
    lane->depth--;
    lane->weight -= weight_of(request);
    request->next = NULL;
    return request;
}

/* With the lock held: whether what queued is enough for one more worker. */
static bool is_worth_joining(const struct lane *lane)
{
    return lane->busy * (lane->options.batch_weight / JOIN_SHARE) <= lane->weight;
}

/* With the lock held. */
static int64_t patience_end(const struct lane *lane)
{
    return lane->first->queued_at + PATIENCE_MICROSECONDS;
}

/* With the lock held: waits until there may be something to do. */
static void await_change(struct lane *lane)
{
    if (lane->first == NULL)
        monitor_wait(&lane->monitor);
    else if (!monitor_wait_until(&lane->monitor, patience_end(lane)))
        return; /* to find that it is over */
}

/* With the lock held. */
static bool has_work(const struct lane *lane)
{
    return lane->first && (is_worth_joining(lane) || lane->is_closed ||
                           clock_monotonic() >= patience_end(lane));
}

/* With the lock held: what queued, in order, up to the weight; at least one request, whatever
 * its weight, and so just one where there are no batches. A batch is of one route, so that one
 * function can answer it. */
static size_t take_batch(struct lane *lane, struct request **batch)
{
    size_t count = 0, weight = 0;
    const struct route *route = lane->first->route;
    do {
        weight += weight_of(lane->first);
        batch[count++] = take_first(lane);
    } while (lane->first && lane->first->route == route &&
             weight + weight_of(lane->first) <= lane->options.batch_weight);
    return count;
}

/* Waits for work. 0: there is none, and there will be none. */
static size_t await_batch(struct worker *worker)
{
    struct lane *lane = worker->lane;
    monitor_lock(&lane->monitor);
    lane->busy -= worker->is_busy;
    while (!has_work(lane) && (lane->first || !lane->is_closed))
        await_change(lane);
    size_t count = lane->first ? take_batch(lane, worker->batch) : 0;
    worker->is_busy = count > 0;
    worker->busy_since = clock_monotonic();
    lane->busy += worker->is_busy;
    if (lane->first)
        monitor_signal(&lane->monitor);
    monitor_unlock(&lane->monitor);
    return count;
}

/* Where nothing may wait, whoever has got an answer finds the worker free. */
static void be_free(struct worker *worker)
{
    struct lane *lane = worker->lane;
    monitor_lock(&lane->monitor);
    lane->busy -= worker->is_busy;
    worker->is_busy = false;
    monitor_unlock(&lane->monitor);
}

static int64_t note_waits(const struct worker *worker, size_t count)
{
    struct lane_counts *counts = &worker->lane->counts;
    for (size_t i = 0; i < count; i++) {
        struct request *request = worker->batch[i];
        request->taken_at = worker->busy_since;
        histogram_observe(&counts->waits, &SCALE_SECONDS,
                          request->taken_at - request->queued_at);
    }
    return worker->busy_since;
}

static void note_work(const struct worker *worker, size_t count, int64_t began_at)
{
    int64_t now = clock_monotonic();
    histogram_observe(&worker->lane->counts.works, &SCALE_SECONDS, now - began_at);
    for (size_t i = 0; i < count; i++)
        worker->batch[i]->answered_at = now;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    const struct lane_options *options = &worker->lane->options;
    size_t count;
    while ((count = await_batch(worker)) > 0) {
        int64_t began_at = note_waits(worker, count);
        count = turn_refuse_late(options, worker->batch, count);
        if (count > 0)
            turn_answer(options, worker->batch, count, worker->db, worker->replica);
        if (options->outdates)
            data_edition_outdate(options->outdates);
        note_work(worker, count, began_at);
        if (options->queue_limit == 0)
            be_free(worker);
        for (size_t i = 0; i < count; i++)
            options->done(worker->batch[i]);
    }
    return NULL;
}

static bool worker_start(struct lane *lane, struct worker *worker, struct problem *why)
{
    const struct lane_options *options = &lane->options;
    worker->lane = lane;
    worker->db = db_create(options->database_url, options->statement_seconds);
    if (worker->db)
        db_count(worker->db, options->db_counts);
    if (worker->db && options->is_pooled)
        db_behind_pooler(worker->db);
    if (worker->db && options->is_reader)
        db_read_anywhere(worker->db);
    if (options->replica && options->is_reader)
        worker->replica = replica_connect(options->replica, options->statement_seconds);
    if (worker->replica)
        db_count(worker->replica, options->db_counts);
    worker->batch =
        calloc(options->batch_weight > 0 ? options->queue_limit + options->workers : 1,
               sizeof *worker->batch);
    if (!worker->db || !worker->batch)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    worker->is_running = thread_start(&worker->thread, options->name, work, worker, why);
    return worker->is_running;
}

struct lane *lane_start(const struct lane_options *options, struct problem *why)
{
    assert(options->workers > 0);
    size_t size = sizeof(struct lane) + options->workers * sizeof(struct worker);
    struct lane *lane = calloc(1, size);
    if (!lane) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    lane->options = *options;
    lane->end = &lane->first;
    monitor_create(&lane->monitor);
    for (unsigned i = 0; i < options->workers; i++)
        if (!worker_start(lane, &lane->workers[i], why)) {
            lane_stop(lane);
            lane_destroy(lane);
            return NULL;
        }
    return lane;
}

bool lane_submit(struct lane *lane, struct request *request)
{
    monitor_lock(&lane->monitor);
    size_t room = lane->options.queue_limit + lane->options.workers - lane->busy;
    bool has_room = !lane->is_closed && lane->depth < room;
    if (has_room) {
        request->next = NULL;
        request->queued_at = clock_monotonic();
        *lane->end = request;
        lane->end = &request->next;
        lane->depth++;
        lane->weight += weight_of(request);
        if (lane->depth == 1 || is_worth_joining(lane))
            monitor_signal(&lane->monitor);
    }
    monitor_unlock(&lane->monitor);
    if (!has_room)
        counter_add(&lane->counts.refused, 1);
    return has_room;
}

const struct lane_counts *lane_counts(const struct lane *lane)
{
    return &lane->counts;
}

struct lane_standing lane_standing(struct lane *lane)
{
    struct lane_standing standing = {.room = lane->options.queue_limit,
                                     .workers = lane->options.workers};
    monitor_lock(&lane->monitor);
    standing.queued = lane->depth;
    standing.busy = lane->busy;
    for (unsigned i = 0; i < lane->options.workers; i++) {
        const struct worker *worker = &lane->workers[i];
        if (worker->is_busy &&
            (standing.busy_since == 0 || worker->busy_since < standing.busy_since))
            standing.busy_since = worker->busy_since;
    }
    monitor_unlock(&lane->monitor);
    return standing;
}

size_t lane_depth(struct lane *lane)
{
    monitor_lock(&lane->monitor);
    size_t depth = lane->depth;
    monitor_unlock(&lane->monitor);
    return depth;
}

void lane_stop(struct lane *lane)
{
    if (!lane)
        return;
    monitor_lock(&lane->monitor);
    lane->is_closed = true;
    monitor_broadcast(&lane->monitor);
    monitor_unlock(&lane->monitor);
    for (unsigned i = 0; i < lane->options.workers; i++) {
        struct worker *worker = &lane->workers[i];
        if (worker->is_running)
            pthread_join(worker->thread, NULL);
        db_destroy(worker->db);
        db_destroy(worker->replica);
        free(worker->batch);
    }
}

void lane_destroy(struct lane *lane)
{
    if (!lane)
        return;
    monitor_destroy(&lane->monitor);
    free(lane);
}
