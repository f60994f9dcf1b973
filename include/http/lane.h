/* Lanes: bounded queues of requests in front of workers that own a database connection each.
 * I/O threads put requests in and never wait; a worker answers and hands back.
 *
 * The workers of the read lane and of the lane for changes take one request at a time. A worker
 * of the write lane takes all that queued while the last commit ran (up to a number of events)
 * and answers it together: one statement, one transaction, one fsync. A second worker stores
 * while the first one answers.
 *
 * Who has waited for a worker for as long as a statement may take is refused: behind a database
 * that stands still, a queue must not grow old.
 *
 * In the bulk lane nothing waits: there a request is a stream that may take hours, and holds
 * its worker. */
#ifndef CLMD_HTTP_LANE_H
#define CLMD_HTTP_LANE_H

#include "base/count.h"
#include "base/problem.h"
#include "http/route.h"

#include <stdbool.h>
#include <stddef.h>

struct data_edition;
struct db_counts;
struct lane;
struct replica;
struct request;

struct lane_options {
    const char *name; /* of its threads, for logs */
    const char *database_url;
    unsigned statement_seconds;  /* that a statement may take at the most */
    unsigned limit_seconds;      /* the same for routes that do not take long; 0: no less */
    bool is_pooled;              /* the URL leads to a pooler in transaction mode */
    bool is_reader;              /* reads only: from any server rather than from none */
    struct db_counts *db_counts; /* or NULL */
    struct replica *replica;     /* of the database, which is read from; NULL: none */
    unsigned workers;
    unsigned queue_limit;  /* requests that may wait, beside those that a worker is free for */
    unsigned batch_weight; /* 0: one at a time; else answer_batch() up to it */

    /* Answers one request, where there are no batches; NULL: request_answer. */
    bool (*answer)(struct request *request, struct problem *why);

    struct data_edition
        *outdates; /* with every answer, before it is given; NULL: nothing changes */

    /* Called by the worker, whose the request then is no longer. */
    void (*done)(struct request *request);
};

struct lane *lane_start(const struct lane_options *options, struct problem *why);

/* Hands the request over: from here on it is the worker's until done(). False when the queue is
 * full or the lane is closed; the request is then still the caller's. */
bool lane_submit(struct lane *lane, struct request *request) MUST_CHECK;

/* What a lane has counted since its start, and how it stands. */
struct lane_counts {
    struct histogram waits, works; /* SCALE_SECONDS: of requests; of answers or batches */
    struct counter refused;        /* requests, for want of room */
};

struct lane_standing {
    size_t queued, room;  /* requests that wait, and that may */
    size_t busy, workers; /* workers at work, and all of them */
    int64_t busy_since;   /* clock_monotonic: of who is longest at one thing; 0: nobody is */
};

const struct lane_counts *lane_counts(const struct lane *lane);
struct lane_standing lane_standing(struct lane *lane);

/* Requests waiting now. */
size_t lane_depth(struct lane *lane);

/* Answers all that is queued, then ends the workers. It can still be looked at. */
void lane_stop(struct lane *lane);

/* Of one that has stopped; NULL is allowed. */
void lane_destroy(struct lane *lane);

#endif
