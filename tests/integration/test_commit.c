/* Claim: wherever the database stops, before, in the midst of, or after the commit, the sender
 * is told within bounded time that it is to repeat, and repeating stores the event once. */
#include "base/clock.h"
#include "base/compiler.h"
#include "db/db.h"
#include "integration/answers.h"
#include "integration/cluster.h"
#include "integration/service.h"
#include "tap.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MICROSECONDS = 30 * 1000000, LONGEST_MILLISECONDS = 20000 };

static struct test_cluster cluster;
static struct service service;
static struct client *client;
static struct db *db; /* the test's own connection */

static void set_up(void)
{
    setenv("CLMD_WRITE_SECONDS", "1", 1);
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

static long run(const char *sql)
{
    struct problem why = {0};
    PGresult *rows = NULL;
    ck_assert_msg(db_execute(db, sql, &rows, &why), "%s: %s", sql, why.log_detail);
    long value = PQntuples(rows) > 0 ? strtol(PQgetvalue(rows, 0, 0), NULL, 10) : 0;
    PQclear(rows);
    return value;
}

/* And waits until it takes no connection any more. */
static void stop_postmaster(int number)
{
    pid_t postmaster = test_cluster_postmaster(&cluster);
    ck_assert_int_eq(kill(postmaster, number), 0);
    while (PQping(embedded_url(cluster.embedded)) == PQPING_OK)
        clock_pause(1);
}

/* Posting ---------------------------------------------------------------------------------- */

static const char EVENT[] =
    "{\"source\":\"s\",\"id\":\"1\",\"type\":\"sell.order.placed\",\"subject\":\"c\","
    "\"time\":\"2025-01-01T00:00:00Z\",\"data\":{\"order_id\":\"1\",\"amount\":1,"
    "\"currency\":\"EUR\",\"units\":1}}";

struct call {
    pthread_t thread;
    struct reply reply;
    long milliseconds;
};

static void *post(void *context)
{
    struct call *call = context;
    int64_t began_at = clock_monotonic();
    call->reply = client_post(client, "/v1/events", EVENT);
    call->milliseconds = (long)((clock_monotonic() - began_at) / 1000);
    return NULL;
}

static void start_call(struct call *call)
{
    ck_assert_int_eq(pthread_create(&call->thread, NULL, post, call), 0);
}

/* The sender is told to repeat. */
static void check_unavailable(struct call *call)
{
    char seconds[16] = "", type[64] = "";
    pthread_join(call->thread, NULL);
    ck_assert_msg(call->reply.status == 503, "%d %s", call->reply.status, call->reply.body);
    ck_assert(reply_field(&call->reply, "Retry-After", seconds, sizeof seconds));
    ck_assert(reply_field(&call->reply, "Content-Type", type, sizeof type));
    ck_assert_str_eq(type, "application/problem+json");
    fprintf(stderr, "# 503 after %ld ms\n", call->milliseconds);
    ck_assert_int_lt(call->milliseconds, LONGEST_MILLISECONDS);
    reply_clear(&call->reply);
}

/* Posts it again, as often as it is unavailable. */
static int repeat(void)
{
    int64_t give_up_at = clock_monotonic() + PATIENCE_MICROSECONDS;
    int status;
    do {
        ck_assert(clock_monotonic() < give_up_at);
        struct reply reply = client_post(client, "/v1/events", EVENT);
        status = reply.status;
        reply_clear(&reply);
    } while (status == 503);
    ck_assert_int_eq(run("select count(*) from lifecycle.event"), 1);
    return status;
}

/* The moments ------------------------------------------------------------------------------ */

START_TEST(before_the_statement)
{
    struct call call;
    stop_postmaster(SIGINT);
    start_call(&call);
    check_unavailable(&call);
    test_cluster_again(&cluster);
    ck_assert_int_eq(repeat(), 201);
}
END_TEST

/* The event is in the ledger, but its customer has not moved yet. (Of what the ingest alone
 * writes: a sweep would wait for a roll-up too.) */
static void hold_in_midst(struct call *call)
{
    run("begin; lock table lifecycle.model_visit in share mode");
    start_call(call);
}

START_TEST(in_the_midst)
{
    struct call call;
    hold_in_midst(&call);
    test_cluster_await(db, "relation");
    stop_postmaster(SIGQUIT);
    check_unavailable(&call);
    test_cluster_again(&cluster);
    db_destroy(db);
    db = db_create(embedded_url(cluster.embedded), 0);
    ck_assert_int_eq(repeat(), 201);
}
END_TEST

/* One process of PostgreSQL alone, which holds what it has locked. */
START_TEST(frozen_in_the_midst)
{
    struct call call;
    hold_in_midst(&call);
    pid_t process = test_cluster_await(db, "relation");
    ck_assert_int_eq(kill(process, SIGSTOP), 0);
    run("rollback");
    check_unavailable(&call);
    ck_assert_int_eq(kill(process, SIGCONT), 0);
    int status = repeat();
    ck_assert_msg(status == 201 || status == 200, "%d", status);
}
END_TEST

/* It has committed, and waits for a standby that is not there before it says so. */
START_TEST(after_the_commit)
{
    struct call call;
    run("alter system set synchronous_standby_names = 'nobody'");
    stop_postmaster(SIGINT);
    test_cluster_again(&cluster);
    start_call(&call);
    test_cluster_await(db, "SyncRep");
    run("alter system reset synchronous_standby_names");
    stop_postmaster(SIGQUIT);
    check_unavailable(&call);
    test_cluster_again(&cluster);
    ck_assert_int_eq(repeat(), 200);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("commit");
    TCase *moments = tcase_create("commit");
    tcase_set_timeout(moments, 120);
    tcase_add_checked_fixture(moments, set_up, tear_down);
    tcase_add_test(moments, before_the_statement);
    tcase_add_test(moments, in_the_midst);
    tcase_add_test(moments, frozen_in_the_midst);
    tcase_add_test(moments, after_the_commit);
    suite_add_tcase(suite, moments);
    return tap_run(suite);
}
