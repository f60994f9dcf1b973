/* Claims: a full queue refuses at once and cheaply, and all goes on afterwards; an event at
 * fault harms no other of its commit; whoever posts in bulk does not starve who posts singly.
 */
#include "base/clock.h"
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/cluster.h"
#include "integration/load.h"
#include "integration/service.h"
#include "tap.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SECOND = 1000000,
    CALLS = 64,
    QUEUE = 32,      /* requests that may wait: fewer than the calls */
    POISONED = 8,    /* of so many calls, one is at fault */
    REFUSALS = 200,  /* looked at, one after the other */
    REFUSAL_MS = 50, /* with sanitizers, on a busy machine: else far less than one */
};

static struct test_cluster cluster;
static struct service service;
static struct client *client;
static struct db *db; /* the test's own connection */

/* With one writer: while it is busy, all that comes fills the queue. */
static void set_up(void)
{
    char limit[12];
    snprintf(limit, sizeof limit, "%d", QUEUE);
    setenv("CLMD_QUEUE_LIMIT", limit, 1);
    setenv("CLMD_WRITERS", "1", 1);
    test_cluster_start(&cluster);
    service_outside(&service, embedded_url(cluster.embedded));
    client = client_create(service.port, service.key);
    db = db_create(embedded_url(cluster.embedded), 0);
}

static void tear_down(void)
{
    client_destroy(client);
    db_destroy(db);
    answer_verified(&service);
    service_remove(&service);
    test_cluster_remove(&cluster);
}

static int status_of(const char *path)
{
    struct reply reply = client_get(client, path);
    int status = reply.status;
    reply_clear(&reply);
    return status;
}

/* Many calls at once ----------------------------------------------------------------------- */

struct call {
    pthread_t thread;
    char *body;
    atomic_int status; /* 0: not answered yet */
};

static void *make_call(void *context)
{
    struct call *call = context;
    struct client *own = client_create(service.port, service.key);
    struct reply reply = client_post(own, "/v1/events", call->body);
    atomic_store(&call->status, reply.status != 0 ? reply.status : -1);
    reply_clear(&reply);
    client_destroy(own);
    return NULL;
}

static void start_call(struct call *calls, int number, bool is_sound)
{
    struct call *call = &calls[number];
    call->body = load_events("s", number, 1, is_sound ? -1 : 0);
    atomic_store(&call->status, 0);
    ck_assert_int_eq(pthread_create(&call->thread, NULL, make_call, call), 0);
}

static void end_calls(struct call *calls)
{
    for (int i = 0; i < CALLS; i++) {
        pthread_join(calls[i].thread, NULL);
        free(calls[i].body);
    }
}

static int count_status(const struct call *calls, int status)
{
    int count = 0;
    for (int i = 0; i < CALLS; i++)
        count += atomic_load(&calls[i].status) == status;
    return count;
}

/* The claims ------------------------------------------------------------------------------- */

static void run(const char *sql)
{
    struct problem why = {0};
    ck_assert_msg(db_execute(db, sql, NULL, &why), "%s: %s", sql, why.log_detail);
}

/* The first call keeps the writer busy; when one is refused, the queue is full, and stays so.
 */
static void fill_queue(struct call *calls)
{
    int64_t deadline = clock_monotonic() + 20 * SECOND;
    load_take_identifier(client);
    run("begin; lock table lifecycle.event_total in share mode");
    start_call(calls, 0, true);
    test_cluster_await(db, "relation");
    test_cluster_signal(&cluster, SIGSTOP);
    for (int i = 1; i < CALLS; i++)
        start_call(calls, i, i % POISONED > 0);
    while (count_status(calls, 503) == 0) {
        ck_assert_msg(clock_monotonic() < deadline, "the queue does not fill");
        clock_pause(1);
    }
}

/* What queued is one commit, in which the events at fault fail alone. */
static void empty_queue(struct call *calls)
{
    int stored = 0, failed = 0;
    test_cluster_signal(&cluster, SIGCONT);
    run("rollback");
    end_calls(calls);
    for (int i = 0; i < CALLS; i++) {
        int status = atomic_load(&calls[i].status),
            proper = i > 0 && i % POISONED == 0 ? 409 : 201;
        ck_assert_msg(status == proper || status == 503, "%d", status);
        stored += status == 201;
        failed += status == 409;
    }
    fprintf(stderr, "# %d stored, %d at fault\n", stored, failed);
    ck_assert_int_eq(stored + failed, 1 + QUEUE);
}

START_TEST(a_full_queue_refuses_at_once)
{
    struct call calls[CALLS];
    long durations[REFUSALS];
    fill_queue(calls);
    load_measure(client, "refused", 503, durations, REFUSALS);
    int64_t began_at = clock_monotonic();
    ck_assert_int_eq(status_of("/healthz"), 200);
    ck_assert_int_eq(status_of("/readyz"), 503);
    ck_assert_int_lt(clock_monotonic() - began_at, SECOND);
    empty_queue(calls);
    ck_assert_int_eq(status_of("/readyz"), 200);
    ck_assert_int_lt(load_print("refusals", durations, REFUSALS), REFUSAL_MS * 1000);
    load_measure(client, "refused", 201, durations, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pressure");
    TCase *queue = tcase_create("pressure");
    tcase_set_timeout(queue, 120);
    tcase_add_checked_fixture(queue, set_up, tear_down);
    tcase_add_test(queue, a_full_queue_refuses_at_once);
    suite_add_tcase(suite, queue);
    return tap_run(suite);
}
