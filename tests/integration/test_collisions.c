/* Claims: a statement that is in the way of others, or of an upgrade, is run again where it is
 * a transaction by itself; what fails for another reason, or within a transaction, is not. */
#include "db/db.h"

#include "integration/cluster.h"
#include "tap.h"

#include <stdio.h>

static struct test_cluster cluster;
static struct db *db;

static void set_up(void)
{
    test_cluster_start(&cluster);
    db = db_create(embedded_url(cluster.embedded), 10);
}

static void tear_down(void)
{
    db_destroy(db);
    test_cluster_remove(&cluster);
}

/* STATEMENT_LOAD_EDITION fails so often; how often it is run, once each in and out of a
 * transaction.
 */
static const struct {
    const char *sqlstate;
    int failures;
    bool is_done;
    int runs, runs_within;
} COLLISIONS[] = {
    {"XX000", 2, true, 3, 1},  {"42883", 2, true, 3, 1},  {"0A000", 1, true, 2, 1},
    {"40P01", 1, true, 2, 1},  {"XX000", 9, false, 5, 1}, {"CL404", 2, false, 1, 1},
    {"22012", 1, false, 1, 1}, {"53300", 1, false, 1, 1},
};

static int count_runs(bool *is_done)
{
    struct problem why = {0};
    PGresult *rows = NULL;
    ck_assert(db_execute(db, "select setval('lifecycle.runs', 1, false)", NULL, &why));
    *is_done = db_run(db, STATEMENT_LOAD_EDITION, NULL, &rows, &why);
    ck_assert_int_eq(*is_done, why.code == PROBLEM_NONE);
    PQclear(rows);
    ck_assert(db_execute(db, "rollback; select last_value from lifecycle.runs", &rows, &why));
    int runs = (int)strtol(PQgetvalue(rows, 0, 0), NULL, 10);
    PQclear(rows);
    return runs;
}

START_TEST(what_collides_with_others_is_run_again)
{
    char sql[512];
    bool is_done;
    struct problem why = {0};
    snprintf(sql, sizeof sql,
             "drop schema if exists lifecycle cascade; "
             "create schema lifecycle; create sequence lifecycle.runs; "
             "create function lifecycle.data_edition() returns int language plpgsql as $$ "
             "begin if nextval('lifecycle.runs') <= %d then raise sqlstate '%s'; end if; "
             "return 1; end $$",
             COLLISIONS[_i].failures, COLLISIONS[_i].sqlstate);
    ck_assert_msg(db_execute(db, sql, NULL, &why), "%s", why.log_detail);
    ck_assert_int_eq(count_runs(&is_done), COLLISIONS[_i].runs);
    ck_assert_int_eq(is_done, COLLISIONS[_i].is_done);
    ck_assert(db_execute(db, "begin", NULL, &why));
    ck_assert_int_eq(count_runs(&is_done), COLLISIONS[_i].runs_within);
    ck_assert(!is_done);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("collisions");
    TCase *tests = tcase_create("collisions");
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, what_collides_with_others_is_run_again, 0,
                        (int)COUNT_OF(COLLISIONS));
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
