/* Claims: reads are answered by the replica while it is near enough, and by the primary as soon
 * as it is not, or is gone; who names the position of what they have written reads that; a 304
 * is never older than such an answer; while the primary is gone, the replica is read from, as
 * long as keys count that nobody confirms. */
#include "base/clock.h"
#include "integration/cluster.h"
#include "integration/outage.h"
#include "integration/standby.h"
#include "tap.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECOND = 1000000,
    LAG_SECONDS = 3,
    KEY_SECONDS = 15,
    PATIENCE_SECONDS = 20,
    FIELD_SIZE = 128
};

static struct test_cluster cluster;
static struct standby standby;
static struct outage outage;

static void set_up(void)
{
    char url[192];
    test_cluster_start(&cluster);
    standby_start(&standby, &cluster);
    snprintf(url, sizeof url, "host=%s/socket port=%d user=clmd_server dbname=postgres",
             standby.directory, CLUSTER_PORT);
    setenv("CLMD_READ_DATABASE_URL", url, 1);
    setenv("CLMD_READ_LAG_SECONDS", "3", 1);
    setenv("CLMD_KEY_SECONDS", "15", 1);
    outage_start(&outage, embedded_url(cluster.embedded),
                 embedded_url_as(cluster.embedded, EMBEDDED_SERVER));
}

static void tear_down(void)
{
    outage_stop(&outage);
    standby_remove(&standby);
    test_cluster_remove(&cluster);
}

/* Posts the next event of the next customer; the position of it. */
static void post(char position[FIELD_SIZE])
{
    struct reply reply = outage_post(&outage, 201);
    ck_assert(reply_field(&reply, "X-Clmd-Position", position, FIELD_SIZE));
    reply_clear(&reply);
}

/* The status with which the customer of the latest event is answered. */
static int find_latest(const char *position)
{
    char path[64], fields[FIELD_SIZE + 32] = "";
    snprintf(path, sizeof path, "/v1/customers/customer-%d", outage.posted - 1);
    if (position != NULL)
        snprintf(fields, sizeof fields, "X-Clmd-Position: %s\r\n", position);
    struct reply reply = client_ask(outage.client, "GET", path, fields, NULL, 0);
    int status = reply.status;
    reply_clear(&reply);
    return status;
}

/* Without a position, until the customer is there (200) or is not (404). */
static void await_latest(int status)
{
    int64_t deadline = clock_monotonic() + (int64_t)PATIENCE_SECONDS * SECOND;
    while (find_latest(NULL) != status) {
        ck_assert_msg(clock_monotonic() < deadline, "the customer is not answered by %d",
                      status);
        clock_pause(20);
    }
}

/* An answer that knows nothing of the latest event can only be the standby's. */
static void await_reads_from_standby(char position[FIELD_SIZE])
{
    int64_t deadline = clock_monotonic() + (int64_t)PATIENCE_SECONDS * SECOND;
    for (;;) {
        ck_assert_msg(clock_monotonic() < deadline, "the standby is not read from");
        standby_hold(&standby);
        post(position);
        if (find_latest(NULL) == 404)
            return;
        standby_go_on(&standby);
        clock_pause(200);
    }
}

/* What /metrics says. */
static double gauge(const char *name)
{
    struct reply reply = client_get(outage.client, "/metrics");
    char line[FIELD_SIZE];
    snprintf(line, sizeof line, "\n%s ", name);
    const char *found = strstr(reply.body, line);
    ck_assert_msg(found != NULL, "no %s", name);
    double value = strtod(found + strlen(line), NULL);
    reply_clear(&reply);
    return value;
}

START_TEST(who_names_a_position_reads_what_was_written)
{
    char position[FIELD_SIZE], tag[FIELD_SIZE], fields[3 * FIELD_SIZE];
    static const char METRIC[] = "/v1/metrics/stage_population?from=2026-03-01&to=2026-04-01";
    await_reads_from_standby(position);
    ck_assert_int_eq(find_latest(position), 200);
    struct reply reply = client_get(outage.client, METRIC);
    ck_assert_int_eq(reply.status, 200);
    ck_assert(reply_field(&reply, "ETag", tag, sizeof tag));
    reply_clear(&reply);
    post(position);
    snprintf(fields, sizeof fields, "If-None-Match: %s\r\nX-Clmd-Position: %s\r\n", tag,
             position);
    reply = client_ask(outage.client, "GET", METRIC, fields, NULL, 0);
    ck_assert_msg(reply.status == 200, "%d", reply.status);
    reply_clear(&reply);
}
END_TEST

START_TEST(a_replica_that_falls_behind_is_not_read_from)
{
    char position[FIELD_SIZE];
    await_reads_from_standby(position);
    ck_assert(gauge("clmd_read_replica_used") == 1);
    ck_assert_double_lt(gauge("clmd_read_replica_lag_seconds"), LAG_SECONDS);
    int64_t began_at = clock_monotonic();
    await_latest(200);
    ck_assert(gauge("clmd_read_replica_used") == 0);
    ck_assert_double_gt(gauge("clmd_read_replica_lag_seconds"), LAG_SECONDS);
    ck_assert_int_le(clock_monotonic() - began_at, (int64_t)(LAG_SECONDS + 1) * SECOND);
    standby_go_on(&standby);
    await_reads_from_standby(position);
}
END_TEST

START_TEST(a_replica_that_is_gone_is_not_missed)
{
    char position[FIELD_SIZE];
    await_reads_from_standby(position);
    ck_assert_int_eq(kill(standby.postmaster, SIGQUIT), 0);
    while (PQping(standby.url) == PQPING_OK)
        clock_pause(1);
    ck_assert_int_eq(find_latest(NULL), 200);
    outage_check_get(&outage, "/v1/settings", 200);
    outage_run(&outage, "alter system reset synchronous_standby_names");
    outage_run(&outage, "select pg_reload_conf()");
    outage_await_recovery(&outage);
}
END_TEST

START_TEST(reads_outlive_the_primary)
{
    char position[FIELD_SIZE];
    await_reads_from_standby(position);
    standby_go_on(&standby);
    await_latest(200);
    ck_assert_int_eq(kill(test_cluster_postmaster(&cluster), SIGKILL), 0);
    while (PQping(embedded_url(cluster.embedded)) == PQPING_OK)
        clock_pause(1);
    int64_t ends_at = clock_monotonic() + (int64_t)(LAG_SECONDS + 2) * SECOND;
    while (clock_monotonic() < ends_at) {
        ck_assert_int_eq(find_latest(NULL), 200);
        clock_pause(100);
    }
    outage_check_post(&outage, 503);
    test_cluster_again(&cluster);
}
END_TEST

/* Who was revoked meanwhile, on the primary, must not read here for ever. */
START_TEST(keys_end_that_nobody_confirms)
{
    char position[FIELD_SIZE];
    await_reads_from_standby(position);
    standby_go_on(&standby);
    await_latest(200);
    int64_t died_at = clock_monotonic();
    ck_assert_int_eq(kill(test_cluster_postmaster(&cluster), SIGKILL), 0);
    ck_assert_int_eq(find_latest(NULL), 200);
    await_latest(503);
    ck_assert_int_le(clock_monotonic() - died_at, (int64_t)(KEY_SECONDS + 1) * SECOND);
    struct reply reply = client_get(outage.client, "/v1/settings");
    outage_check_told(&reply, "cannot be confirmed");
    outage_check_get(&outage, "/metrics", 200);
    test_cluster_again(&cluster);
    await_latest(200);
}
END_TEST

START_TEST(a_position_that_is_none_is_refused)
{
    char *body = answer_ask(outage.client, "GET", "/v1/settings", "X-Clmd-Position: soon\r\n",
                            "", 400, NULL, NULL, 0);
    ck_assert_ptr_nonnull(strstr(body, "X-Clmd-Position"));
    free(body);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replica");
    TCase *replica = tcase_create("replica");
    suite_add_tcase(suite, replica);
    tcase_add_checked_fixture(replica, set_up, tear_down);
    tcase_set_timeout(replica, 120);
    tcase_add_test(replica, who_names_a_position_reads_what_was_written);
    tcase_add_test(replica, a_replica_that_falls_behind_is_not_read_from);
    tcase_add_test(replica, a_replica_that_is_gone_is_not_missed);
    tcase_add_test(replica, reads_outlive_the_primary);
    tcase_add_test(replica, keys_end_that_nobody_confirms);
    tcase_add_test(replica, a_position_that_is_none_is_refused);
    return tap_run(suite);
}
