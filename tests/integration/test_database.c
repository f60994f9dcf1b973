/* Claims: whatever ails the database, whoever asks is told what it is and when to ask again,
 * within the time that the route has; reads go on where they can; and it is over as soon as the
 * database is well again. */
#include "base/clock.h"
#include "base/compiler.h"
#include "integration/cluster.h"
#include "integration/outage.h"
#include "tap.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum {
    BACKENDS = 64,
    SECOND = 1000000,
    SLOWEST = 8, /* a batch's limit and grace, and the limit of a second connection */
    SMALL_DISK_MIB = 144
};

static struct test_cluster cluster;
static struct outage outage;

static void start_service(void)
{
    outage_start(&outage, embedded_url(cluster.embedded),
                 embedded_url_as(cluster.embedded, EMBEDDED_SERVER));
}

static void set_up(void)
{
    test_cluster_start(&cluster);
    start_service();
}

static void tear_down(void)
{
    outage_stop(&outage);
    test_cluster_remove(&cluster);
}

static void check_refused(const char *words)
{
    struct reply reply = outage_post(&outage, 503);
    outage_check_told(&reply, words);
}

START_TEST(gone_and_back)
{
    outage_check_post(&outage, 201);
    ck_assert_int_eq(kill(test_cluster_postmaster(&cluster), SIGINT), 0);
    while (PQping(embedded_url(cluster.embedded)) == PQPING_OK)
        clock_pause(1);
    check_refused("cannot be reached");
    outage_check_get(&outage, "/v1/settings", 503);
    outage_await_ready(&outage, 503);
    outage_check_get(&outage, "/healthz", 200);
    test_cluster_again(&cluster);
    outage_await_recovery(&outage);
    outage_check_stored(&outage, outage.admin);
}
END_TEST

/* Only the connections of the service stand still: it makes new ones. */
START_TEST(frozen_connections_are_replaced)
{
    pid_t frozen[BACKENDS];
    outage_check_post(&outage, 201);
    outage_check_get(&outage, "/v1/settings", 200);
    size_t count = test_cluster_backends(&cluster, frozen, BACKENDS);
    ck_assert_uint_gt(count, 0);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(kill(frozen[i], SIGSTOP), 0);
    int64_t began_at = clock_monotonic();
    outage_check_post(&outage, 201);
    ck_assert_int_lt(clock_monotonic() - began_at, (int64_t)SLOWEST * SECOND);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(kill(frozen[i], SIGCONT), 0);
    outage_check_stored(&outage, outage.admin);
}
END_TEST

START_TEST(a_frozen_database_holds_nobody)
{
    outage_check_post(&outage, 201);
    test_cluster_signal(&cluster, SIGSTOP);
    int64_t began_at = clock_monotonic();
    struct reply reply = outage_post(&outage, 503);
    ck_assert_int_lt(clock_monotonic() - began_at, (int64_t)SLOWEST * SECOND);
    test_cluster_signal(&cluster, SIGCONT);
    outage_check_told(&reply, "the database");
    outage_await_recovery(&outage);
    answer_verified(&outage.service);
}
END_TEST

START_TEST(a_route_has_a_limit)
{
    outage_check_get(&outage, "/v1/stage-models", 200);
    outage_run(&outage, "begin; lock table lifecycle.stage_model in access exclusive mode");
    int64_t began_at = clock_monotonic();
    struct reply reply = client_get(outage.client, "/v1/stage-models");
    ck_assert_int_ge(clock_monotonic() - began_at, (int64_t)OUTAGE_LIMIT * SECOND);
    ck_assert_int_lt(clock_monotonic() - began_at, (int64_t)(OUTAGE_LIMIT + 1) * SECOND);
    outage_check_told(&reply, "took longer than this request may take");
    outage_run(&outage, "rollback");
    outage_check_get(&outage, "/v1/stage-models", 200);
}
END_TEST

static void *unlock(void *unused)
{
    clock_pause(2 * OUTAGE_LIMIT * 1000);
    outage_run(&outage, "rollback");
    return unused;
}

/* Metrics are given longer than what is read by key, on the same connection. */
START_TEST(what_takes_long_is_given_longer)
{
    pthread_t other;
    outage_run(&outage, "begin; lock table lifecycle.metric in access exclusive mode");
    int64_t began_at = clock_monotonic();
    ck_assert_int_eq(pthread_create(&other, NULL, unlock, NULL), 0);
    outage_check_get(&outage, "/v1/metrics", 200);
    ck_assert_int_gt(clock_monotonic() - began_at, (int64_t)OUTAGE_LIMIT * SECOND);
    pthread_join(other, NULL);
}
END_TEST

START_TEST(read_only_is_read_from)
{
    outage_check_post(&outage, 201);
    outage_run(&outage, "alter system set default_transaction_read_only = on");
    outage_run(&outage, "select pg_reload_conf()");
    struct reply reply = outage_post(&outage, 0);
    while (reply.status == 201) { /* until the signal has come round */
        reply_clear(&reply);
        reply = outage_post(&outage, 0);
    }
    outage_check_told(&reply, "read-only");
    outage_check_get(&outage, "/v1/settings", 200);
    outage_check_get(&outage, "/v1/customers", 200);
    outage_await_ready(&outage, 503);
    outage_run(&outage, "set default_transaction_read_only = off");
    outage_run(&outage, "alter system reset default_transaction_read_only");
    outage_run(&outage, "select pg_reload_conf()");
    outage_await_recovery(&outage);
    outage_check_stored(&outage, outage.admin);
}
END_TEST

START_TEST(out_of_connections)
{
    outage_check_post(&outage, 201);
    outage_run(&outage, "alter role clmd_server connection limit 0");
    outage_run(
        &outage,
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'clmd_server'");
    check_refused("takes no further connection");
    outage_run(&outage, "alter role clmd_server connection limit -1");
    outage_await_recovery(&outage);
    outage_check_stored(&outage, outage.admin);
}
END_TEST

/* Until nothing goes in any more. */
static void fill(const char *path)
{
    static const char BLOCK[4096];
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(file, 0);
    while (write(file, BLOCK, sizeof BLOCK) > 0)
        ;
    close(file);
}

START_TEST(a_full_disk_loses_nothing)
{
    char filler[96], options[32];
    struct problem why = {0};
    snprintf(cluster.directory, sizeof cluster.directory, "/tmp/clmd-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(cluster.directory));
    snprintf(options, sizeof options, "size=%dm", SMALL_DISK_MIB);
    if (mount("tmpfs", cluster.directory, "tmpfs", 0, options) != 0) {
        fprintf(stderr, "# skipped: a small disk cannot be mounted here\n");
        ck_assert_int_eq(rmdir(cluster.directory), 0);
        return;
    }
    cluster.embedded = embedded_open(cluster.directory, EMBEDDED_OWN, &why);
    ck_assert_msg(cluster.embedded != NULL, "%s", why.detail);
    start_service();
    outage_check_post(&outage, 201);
    snprintf(filler, sizeof filler, "%s/filler", cluster.directory);
    fill(filler);
    struct reply reply = outage_post(&outage, 0);
    for (; reply.status == 201; reply = outage_post(&outage, 0))
        reply_clear(&reply);
    outage_check_told(&reply, "the database");
    outage_check_get(&outage, "/healthz", 200);
    ck_assert_int_eq(unlink(filler), 0);
    test_cluster_again(&cluster);
    outage_await_recovery(&outage);
    outage_check_stored(&outage, outage.admin);
    outage_stop(&outage);
    embedded_close(cluster.embedded);
    ck_assert_int_eq(umount(cluster.directory), 0);
    ck_assert_int_eq(rmdir(cluster.directory), 0);
}
END_TEST

static void *start_again(void *unused)
{
    service_again(&outage.service);
    return unused;
}

/* It is not there yet, as when both are started at once. */
START_TEST(a_start_waits_for_the_database)
{
    enum { A_WHILE_MILLISECONDS = 1500 };
    pthread_t starting;
    outage_check_post(&outage, 201);
    ck_assert_int_eq(service_stop(&outage.service), 0);
    ck_assert_int_eq(kill(test_cluster_postmaster(&cluster), SIGINT), 0);
    while (PQping(embedded_url(cluster.embedded)) == PQPING_OK)
        clock_pause(1);
    outage.service.port = 0;
    ck_assert_int_eq(pthread_create(&starting, NULL, start_again, NULL), 0);
    clock_pause(A_WHILE_MILLISECONDS);
    ck_assert_int_eq(outage.service.port, 0);
    test_cluster_again(&cluster);
    int64_t began_at = clock_monotonic();
    pthread_join(starting, NULL);
    ck_assert_int_lt(clock_monotonic() - began_at, (int64_t)OUTAGE_RECOVERY * SECOND);
    client_destroy(outage.client);
    outage.client = client_create(outage.service.port, outage.service.key);
    outage_check_post(&outage, 201);
    outage_check_stored(&outage, outage.admin);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("database");
    TCase *faults = tcase_create("faults"), *disk = tcase_create("disk");
    suite_add_tcase(suite, faults);
    tcase_add_checked_fixture(faults, set_up, tear_down);
    tcase_set_timeout(faults, 120);
    tcase_add_test(faults, gone_and_back);
    tcase_add_test(faults, frozen_connections_are_replaced);
    tcase_add_test(faults, a_frozen_database_holds_nobody);
    tcase_add_test(faults, a_route_has_a_limit);
    tcase_add_test(faults, what_takes_long_is_given_longer);
    tcase_add_test(faults, read_only_is_read_from);
    tcase_add_test(faults, out_of_connections);
    tcase_add_test(faults, a_start_waits_for_the_database);
    suite_add_tcase(suite, disk);
    tcase_set_timeout(disk, 120);
    tcase_add_test(disk, a_full_disk_loses_nothing);
    return tap_run(suite);
}
