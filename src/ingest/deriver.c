#include "ingest/deriver.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"
#include "http/thread.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PIECE_LIMIT = 256, /* customers, whose events wait for so long */
    LOOK_MICROSECONDS = 1000000
};

struct deriver {
    struct db *db;   /* the thread's, once it runs */
    unsigned size;   /* of the next piece: less after a failure, so that it may succeed */
    bool is_failing; /* told once, not at every try */
    struct monitor monitor;
    bool is_stopping; /* under the monitor */
    pthread_t thread;
    bool is_running;
};

static void tell_failure(struct deriver *deriver, const struct problem *why)
{
    PGresult *rows = NULL;
    struct problem ignored = {0};
    if (!deriver->is_failing)
        log_line(LOG_LEVEL_WARN, "deriving by a stage model fails; it is tried again", "reason",
                 why->log_detail[0] ? why->log_detail : why->detail, NULL);
    deriver->is_failing = true;
    if (db_last_fault(deriver->db) != DB_FAULT_CONNECTION &&
        db_run(deriver->db, STATEMENT_NOTE_FAILED_WORK, NULL, &rows, &ignored))
        PQclear(rows);
}

static void tell_success(struct deriver *deriver, const PGresult *rows)
{
    if (deriver->is_failing)
        log_line(LOG_LEVEL_INFO, "deriving by a stage model goes on", NULL);
    deriver->is_failing = false;
    if (!PQgetisnull(rows, 0, 1))
        log_line(LOG_LEVEL_INFO, "another stage model is active", "model",
                 PQgetvalue(rows, 0, 1), NULL);
}

/* One piece. False: there is nothing to be done now, or it cannot be done. */
static bool work(struct deriver *deriver)
{
    char size[12];
    snprintf(size, sizeof size, "%u", deriver->size);
    const struct db_value values[] = {{.data = size}};
    struct problem why = {0};
    PGresult *rows;
    if (!db_run(deriver->db, STATEMENT_WORK_ON_MODELS, values, &rows, &why)) {
        deriver->size = (deriver->size + 1) / 2;
        tell_failure(deriver, &why);
        return false;
    }
    bool has_more = PQgetvalue(rows, 0, 0)[0] == 't';
    deriver->size = deriver->size > PIECE_LIMIT / 2 ? PIECE_LIMIT : 2 * deriver->size;
    tell_success(deriver, rows);
    PQclear(rows);
    return has_more;
}

/* Waits until it is time to look again, where there is nothing more to do. False: the end. */
static bool await_work(struct deriver *deriver, bool has_more)
{
    int64_t deadline = clock_monotonic() + LOOK_MICROSECONDS;
    bool is_early = !has_more;
    monitor_lock(&deriver->monitor);
    while (!deriver->is_stopping && is_early)
        is_early = monitor_wait_until(&deriver->monitor, deadline);
    bool goes_on = !deriver->is_stopping;
    monitor_unlock(&deriver->monitor);
    return goes_on;
}

static void *derive(void *argument)
{
    struct deriver *deriver = argument;
    bool has_more = true;
    while (await_work(deriver, has_more))
        has_more = work(deriver);
    return NULL;
}

struct deriver *deriver_start(const char *database_url, unsigned statement_seconds,
                              struct problem *why)
{
    struct deriver *deriver = calloc(1, sizeof *deriver);
    if (!deriver) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    monitor_create(&deriver->monitor);
    deriver->size = PIECE_LIMIT;
    deriver->db = db_create(database_url, statement_seconds);
    if (!deriver->db)
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
    else
        deriver->is_running = thread_start(&deriver->thread, "deriver", derive, deriver, why);
    if (deriver->is_running)
        return deriver;
    deriver_stop(deriver);
    return NULL;
}

void deriver_stop(struct deriver *deriver)
{
    if (!deriver)
        return;
    if (deriver->is_running) {
        monitor_lock(&deriver->monitor);
        deriver->is_stopping = true;
        monitor_broadcast(&deriver->monitor);
        monitor_unlock(&deriver->monitor);
        pthread_join(deriver->thread, NULL);
    }
    monitor_destroy(&deriver->monitor);
    db_destroy(deriver->db);
    free(deriver);
}
