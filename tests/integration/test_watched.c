/* Claims: those who watch the service are answered at once, on a port of their own if they
 * like, whatever the database does; /readyz tells why not, and tells of a stop before anything
 * closes; the metrics tell what happened, and need the key of an administrator where all may
 * come. */
#include "base/clock.h"
#include "integration/answers.h"
#include "integration/cluster.h"
#include "integration/load.h"
#include "integration/service.h"
#include "tap.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000000, SOON = 20 * SECOND, AT_ONCE = SECOND };

static struct test_cluster cluster;
static struct service service;
static struct client *client, *watcher;
static struct db *db; /* the test's own connection */

static int find_watch_port(void)
{
    char text[16384] = "";
    FILE *log = fopen(service.log_path, "r");
    ck_assert_ptr_nonnull(log);
    text[fread(text, 1, sizeof text - 1, log)] = '\0';
    fclose(log);
    const char *at = strstr(text, " metrics=127.0.0.1:");
    ck_assert_ptr_nonnull(at);
    return (int)strtol(at + strlen(" metrics=127.0.0.1:"), NULL, 10);
}

static void set_up(void)
{
    setenv("CLMD_METRICS_LISTEN", "127.0.0.1:0", 1);
    setenv("CLMD_NOTICE_SECONDS", "3", 1);
    test_cluster_start(&cluster);
    service_outside(&service, embedded_url(cluster.embedded));
    client = client_create(service.port, service.key);
    watcher = client_create(find_watch_port(), NULL);
    db = db_create(embedded_url(cluster.embedded), 0);
}

static void tear_down(void)
{
    client_destroy(client);
    client_destroy(watcher);
    db_destroy(db);
    service_remove(&service);
    test_cluster_remove(&cluster);
}

static void run(const char *sql)
{
    struct problem why = {0};
    ck_assert_msg(db_execute(db, sql, NULL, &why), "%s: %s", sql, why.log_detail);
}

static int status_of(struct client *asker, const char *path)
{
    struct reply reply = client_get(asker, path);
    int status = reply.status;
    reply_clear(&reply);
    return status;
}

/* Waits until /readyz answers so, with these words in it, on both ports. */
static void await_readiness(int status, const char *words)
{
    int64_t deadline = clock_monotonic() + SOON;
    for (;;) {
        int64_t began_at = clock_monotonic();
        struct reply reply = client_get(watcher, "/readyz");
        ck_assert_int_lt(clock_monotonic() - began_at, AT_ONCE);
        bool is_so = reply.status == status && strstr(reply.body, words) != NULL;
        ck_assert_msg(is_so || clock_monotonic() < deadline, "%d %s", reply.status, reply.body);
        reply_clear(&reply);
        if (is_so)
            break;
        clock_pause(20);
    }
    ck_assert_int_eq(status_of(client, "/readyz"), status);
}

/* The value of a sample; −1 if there is none. */
static double sample(const char *name)
{
    struct reply reply = client_get(watcher, "/metrics");
    ck_assert_int_eq(reply.status, 200);
    char line[256];
    snprintf(line, sizeof line, "\n%s ", name);
    const char *found = strstr(reply.body, line);
    double value = found ? strtod(found + strlen(line), NULL) : -1;
    reply_clear(&reply);
    return value;
}

START_TEST(readiness_tells_why_not)
{
    await_readiness(200, "ready");
    test_cluster_signal(&cluster, SIGSTOP);
    await_readiness(503, "\"code\":\"database-away\"");
    await_readiness(503, "\"since\":\"2");
    ck_assert_int_eq(status_of(watcher, "/healthz"), 200);
    ck_assert_int_eq(status_of(watcher, "/metrics"), 200);
    test_cluster_signal(&cluster, SIGCONT);
    await_readiness(200, "ready");
    run("alter system set default_transaction_read_only = on");
    run("select pg_reload_conf()");
    await_readiness(503, "\"code\":\"database-read-only\"");
    run("set default_transaction_read_only = off");
    run("alter system reset default_transaction_read_only");
    run("select pg_reload_conf()");
    await_readiness(200, "ready");
    run("begin; create temporary table kept as select * from clmd.migration; "
        "delete from clmd.migration where name = (select max(name) from kept "
        "where name < 'a'); commit");
    await_readiness(503, "\"code\":\"schema-behind\"");
    run("insert into clmd.migration select * from kept on conflict do nothing");
    await_readiness(200, "ready");
}
END_TEST

START_TEST(a_database_that_ends_is_noticed_at_once)
{
    await_readiness(200, "ready");
    kill(test_cluster_postmaster(&cluster), SIGINT);
    await_readiness(503, "\"code\":\"database-away\"");
    test_cluster_again(&cluster);
    await_readiness(200, "ready");
}
END_TEST

START_TEST(metrics_are_the_administrators_where_all_may_come)
{
    char output[512];
    const char *const create[] = {"key",     "create",       "--name", "m",
                                  "--scope", "metrics:read", NULL};
    ck_assert_int_eq(service_command(&service, create, output, sizeof output), 0);
    char *key = strstr(output, "clm_");
    ck_assert_ptr_nonnull(key);
    key[strcspn(key, "\n ")] = '\0';
    struct client *stranger = client_create(service.port, NULL);
    struct client *reader = client_create(service.port, key);
    int64_t deadline = clock_monotonic() + SOON;
    while (status_of(reader, "/v1/metrics") == 401 && clock_monotonic() < deadline)
        clock_pause(20); /* until the new key is known */
    ck_assert_int_eq(status_of(stranger, "/metrics"), 401);
    ck_assert_int_eq(status_of(reader, "/metrics"), 403);
    ck_assert_int_eq(status_of(client, "/metrics"), 200);
    ck_assert_int_eq(status_of(watcher, "/metrics"), 200);
    ck_assert_int_eq(status_of(watcher, "/v1/metrics"), 404);
    client_destroy(stranger);
    client_destroy(reader);
}
END_TEST

/* Of whatever types somebody thinks, the series are the same. */
START_TEST(no_sender_makes_series)
{
    static const char *const BODIES[] = {
        "[{\"id\":\"1\",\"source\":\"s1\",\"type\":\"sell.thing.done\",\"subject\":\"a\"},"
        "{\"id\":\"2\",\"source\":\"s2\",\"type\":\"sell.thing.made\",\"subject\":\"a\"}]",
        "[{\"id\":\"3\",\"source\":\"s3\",\"type\":\"find.lead.created\",\"subject\":\"a\"},"
        "{\"id\":\"4\",\"source\":\"s4\",\"type\":\"find.lead.created\",\"subject\":\"a\","
        "\"time\":\"2026-03-01T09:30:00Z\",\"data\":{\"channel\":\"ad\"}}]"};
    for (size_t i = 0; i < 2; i++) {
        struct reply reply = client_post(client, "/v1/events", BODIES[i]);
        ck_assert_int_eq(reply.status, 200);
        reply_clear(&reply);
    }
#define EVENTS(outcome, type)                                                                  \
    "clmd_events_total{way=\"post\",outcome=\"" outcome "\",type=\"" type "\"}"
    ck_assert_double_eq(sample(EVENTS("rejected", "unknown")), 2);
    ck_assert_double_eq(sample(EVENTS("rejected", "find.lead.created")), 1);
    ck_assert_double_eq(sample(EVENTS("created", "find.lead.created")), 1);
    struct reply reply = client_get(watcher, "/metrics");
    ck_assert_ptr_null(strstr(reply.body, "sell.thing"));
    reply_clear(&reply);
}
END_TEST

/* By its own judgement, where ./dev test found it. */
START_TEST(prometheus_likes_what_it_reads)
{
    const char *promtool = getenv("PROMTOOL");
    char command[512];
    if (!promtool || !*promtool) {
        fprintf(stderr, "# skipped: there is no promtool\n");
        return;
    }
    struct reply reply = client_get(watcher, "/metrics");
    snprintf(command, sizeof command, "%s check metrics >&2", promtool);
    FILE *judge = popen(command, "w");
    ck_assert_ptr_nonnull(judge);
    ck_assert_uint_eq(fwrite(reply.body, 1, reply.length, judge), reply.length);
    ck_assert_int_eq(pclose(judge), 0);
    reply_clear(&reply);
}
END_TEST

START_TEST(metrics_tell_what_happened)
{
    char type[96];
    long duration;
    load_measure(client, "watched", 201, &duration, 1);
    ck_assert_int_eq(status_of(client, "/nowhere/of/a/customer"), 404);
    static const char POSTS[] = "clmd_http_requests_total"
                                "{method=\"POST\",route=\"/v1/events\",status=\"201\"}";
    ck_assert_double_eq(sample(POSTS), 1);
    ck_assert_double_eq(sample("clmd_http_requests_total"
                               "{method=\"none\",route=\"none\",status=\"404\"}"),
                        1);
    ck_assert_double_eq(sample("clmd_lane_wait_seconds_count{lane=\"write\"}"), 1);
    ck_assert_double_eq(sample("clmd_batch_events_sum{way=\"post\"}"), 1);
    ck_assert_double_eq(sample("clmd_event_delay_seconds_count"), 1);
    ck_assert_double_eq(sample("clmd_database_up"), 1);
    ck_assert_double_eq(sample("clmd_database_migrated"), 1);
    ck_assert_double_gt(sample("clmd_database_size_bytes"), 1 << 20);
    ck_assert_double_lt(sample("clmd_followed_age_seconds{what=\"the database\"}"), 5);
    ck_assert_double_gt(sample("process_resident_memory_bytes"), 1 << 20);
    struct reply reply =
        client_ask(watcher, "GET", "/metrics",
                   "Accept: application/openmetrics-text; version=1.0.0\r\n", NULL, 0);
    ck_assert(reply_field(&reply, "Content-Type", type, sizeof type));
    ck_assert_str_eq(type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    ck_assert_str_eq(reply.body + reply.length - strlen("# EOF\n"), "# EOF\n");
    ck_assert_ptr_null(strstr(reply.body, "/nowhere"));
    reply_clear(&reply);
}
END_TEST

/* While notice is given, all is served as before; what comes over a connection is the last. */
START_TEST(a_stop_is_told_before_anything_closes)
{
    char field[16];
    long duration;
    await_readiness(200, "ready");
    kill(service.pid, SIGTERM);
    await_readiness(503, "\"code\":\"stopping\"");
    load_measure(client, "late", 201, &duration, 1);
    struct reply reply = client_get(client, "/healthz");
    ck_assert_int_eq(reply.status, 200);
    ck_assert(reply_field(&reply, "Connection", field, sizeof field));
    ck_assert_str_eq(field, "close");
    reply_clear(&reply);
    ck_assert_int_eq(service_stop(&service), 0); /* the second signal ends the waiting */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("watched");
    TCase *all = tcase_create("watched");
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, readiness_tells_why_not);
    tcase_add_test(all, a_database_that_ends_is_noticed_at_once);
    tcase_add_test(all, metrics_are_the_administrators_where_all_may_come);
    tcase_add_test(all, metrics_tell_what_happened);
    tcase_add_test(all, no_sender_makes_series);
    tcase_add_test(all, prometheus_likes_what_it_reads);
    tcase_add_test(all, a_stop_is_told_before_anything_closes);
    suite_add_tcase(suite, all);
    return tap_run(suite);
}
