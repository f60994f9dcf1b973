/* Claims: what is announced is read again, and nothing else is, but for what is to be read at
 * times; what cannot be read is tried again by itself, and does not hold up the rest; a lost
 * connection costs no change. */
#include "http/follower.h"

#include "base/clock.h"
#include "db/db.h"
#include "integration/cluster.h"
#include "tap.h"

#include <stdatomic.h>

enum { SOON = 5 * 1000000, A_WHILE_MILLISECONDS = 300, OFTEN = 20000 /* microseconds */ };

static struct test_cluster cluster;
static struct db *db;
static struct follower *follower;

/* Something to follow: how often it was read, and whether that fails. */
struct thing {
    atomic_int reads;
    atomic_bool fails;
};

static struct thing tides, stars, clouds;

static bool read_thing(void *context, struct db *connection, struct problem *why)
{
    struct thing *thing = context;
    if (!db_execute(connection, "select 1", NULL, why))
        return false;
    atomic_fetch_add(&thing->reads, 1);
    return !atomic_load(&thing->fails) || fail(why, PROBLEM_INTERNAL, "on purpose");
}

static void set_up(void)
{
    static const struct followed FOLLOWED[] = {
        {"clmd_tides", "the tides", read_thing, &tides, 0},
        {"clmd_stars", "the stars", read_thing, &stars, 0},
        {NULL, "the clouds", read_thing, &clouds, OFTEN}};
    struct problem why = {0};
    test_cluster_start(&cluster);
    db = db_create(embedded_url(cluster.embedded), 10);
    follower = follower_start(embedded_url(cluster.embedded), false, NULL, FOLLOWED,
                              COUNT_OF(FOLLOWED), &why);
    ck_assert_msg(follower != NULL, "%s", why.detail);
}

static void tear_down(void)
{
    follower_stop(follower);
    db_destroy(db);
    test_cluster_remove(&cluster);
}

static void execute(const char *sql)
{
    struct problem why = {0};
    ck_assert_msg(db_execute(db, sql, NULL, &why), "%s", why.log_detail);
}

static void await_reads(struct thing *thing, int reads)
{
    int64_t deadline = clock_monotonic() + SOON;
    while (atomic_load(&thing->reads) < reads && clock_monotonic() < deadline)
        clock_pause(5);
    ck_assert_int_ge(atomic_load(&thing->reads), reads);
}

START_TEST(what_is_announced_is_read_again)
{
    ck_assert_int_eq(atomic_load(&tides.reads), 1);
    ck_assert_int_eq(atomic_load(&stars.reads), 1);
    execute("notify clmd_stars; notify clmd_unknown");
    await_reads(&stars, 2);
    execute("notify clmd_tides");
    await_reads(&tides, 2);
    clock_pause(A_WHILE_MILLISECONDS);
    ck_assert_int_eq(atomic_load(&tides.reads), 2);
    ck_assert_int_eq(atomic_load(&stars.reads), 2);
}
END_TEST

START_TEST(what_cannot_be_read_is_tried_again)
{
    atomic_store(&stars.fails, true);
    execute("notify clmd_stars");
    await_reads(&stars, 2);
    execute("notify clmd_tides");
    await_reads(&stars, 3);
    await_reads(&tides, 2);
    atomic_store(&stars.fails, false);
    await_reads(&stars, 4);
    clock_pause(A_WHILE_MILLISECONDS);
    ck_assert_int_eq(atomic_load(&tides.reads), 2);
}
END_TEST

START_TEST(a_lost_connection_costs_no_change)
{
    execute("select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and backend_type = 'client backend'");
    await_reads(&stars, 2);
    await_reads(&tides, 2);
    execute("notify clmd_stars");
    await_reads(&stars, 3);
}
END_TEST

START_TEST(what_nobody_announces_is_read_at_times)
{
    await_reads(&clouds, 5);
    ck_assert_int_eq(atomic_load(&tides.reads), 1);
    execute("notify clmd_tides");
    await_reads(&tides, 2);
    await_reads(&clouds, atomic_load(&clouds.reads) + 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("follower");
    TCase *tests = tcase_create("follower");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_is_announced_is_read_again);
    tcase_add_test(tests, what_cannot_be_read_is_tried_again);
    tcase_add_test(tests, what_nobody_announces_is_read_at_times);
    tcase_add_test(tests, a_lost_connection_costs_no_change);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
