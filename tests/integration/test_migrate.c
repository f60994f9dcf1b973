/* Claims: a schema is brought up to date once, by one at a time; one that is ahead, behind or
 * edited is refused in words that say what to do. */
#include "db/migrate.h"

#include "integration/cluster.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct test_cluster cluster;
static struct db *db;

static void set_up(void)
{
    test_cluster_start(&cluster);
    db = db_create(embedded_url(cluster.embedded), 0);
}

static void tear_down(void)
{
    db_destroy(db);
    test_cluster_remove(&cluster);
}

static void execute(const char *sql)
{
    struct problem why = {0};
    PGresult *rows;
    ck_assert_msg(db_execute(db, sql, &rows, &why), "%s: %s", sql, why.log_detail);
    PQclear(rows);
}

static void ck_applies(void)
{
    struct problem why = {0};
    ck_assert_msg(migrate_apply(db, NULL, 0, &why), "%s %s", why.detail, why.log_detail);
    ck_assert_msg(migrate_check(db, NULL, 0, &why), "%s", why.detail);
}

static void ck_refused(bool (*act)(struct db *db, const struct migration *additions,
                                   size_t count, struct problem *why),
                       const char *words)
{
    struct problem why = {0};
    ck_assert(!act(db, NULL, 0, &why));
    ck_assert_msg(strstr(why.detail, words) != NULL, "%s", why.detail);
}

START_TEST(an_empty_database_is_behind_and_then_is_not)
{
    ck_refused(migrate_check, "run clmd migrate");
    ck_applies();
    ck_applies();
}
END_TEST

START_TEST(several_at_once_take_turns)
{
    enum { PROGRAMS = 4 };
    pid_t children[PROGRAMS];
    for (int i = 0; i < PROGRAMS; i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        struct problem why = {0};
        struct db *own = db_create(embedded_url(cluster.embedded), 0);
        bool done = migrate_apply(own, NULL, 0, &why);
        db_destroy(own);
        _exit(done ? 0 : 1);
    }
    for (int i = 0; i < PROGRAMS; i++) {
        int status = 1;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
    ck_applies();
}
END_TEST

START_TEST(an_edited_migration_is_refused)
{
    ck_applies();
    execute("update clmd.migration set digest = 'other' where name like '0001%'");
    ck_refused(migrate_check, "0001_lifecycle.sql is not the text that was applied");
    ck_refused(migrate_apply, "put the change into a migration of its own");
}
END_TEST

START_TEST(a_schema_that_is_ahead_is_refused)
{
    ck_applies();
    execute("insert into clmd.migration (name, digest) values ('9999_future.sql', 'x')");
    ck_refused(migrate_check, "9999_future.sql");
    ck_refused(migrate_apply, "run the newer clmd");
}
END_TEST

START_TEST(other_functions_are_made_anew)
{
    ck_applies();
    execute("update clmd.migration set digest = 'other' where name = 'repeatable'");
    execute("create function lifecycle.left_over() returns int language sql as 'select 1'");
    ck_refused(migrate_check, "run clmd migrate");
    ck_applies();
    execute("do $$ begin assert to_regproc('lifecycle.left_over') is null; end $$");
}
END_TEST

START_TEST(what_the_program_adds_counts_and_comes_before_the_functions)
{
    static const struct migration ADDITION = {"addition.sql",
                                              "create view lifecycle.addition as select 1"};
    struct problem why = {0};
    ck_applies();
    ck_assert(!migrate_check(db, &ADDITION, 1, &why));
    ck_assert(migrate_apply(db, &ADDITION, 1, &why));
    ck_assert(migrate_check(db, &ADDITION, 1, &why));
    execute("select from lifecycle.addition");
}
END_TEST

START_TEST(a_failure_keeps_nothing)
{
    static const struct migration BROKEN = {"broken.sql",
                                            "create view lifecycle.kept as select 1; "
                                            "select nothing"};
    struct problem why = {0};
    ck_applies();
    ck_assert(!migrate_apply(db, &BROKEN, 1, &why));
    ck_assert_ptr_nonnull(strstr(why.detail, "broken.sql"));
    ck_assert_ptr_nonnull(strstr(why.log_detail, "42703"));
    execute("do $$ begin assert to_regclass('lifecycle.kept') is null; end $$");
    ck_applies();
}
END_TEST

/* A migration of other functions, in a process of its own. */
static pid_t start_migration(void)
{
    pid_t process = fork();
    if (process == 0) {
        struct problem why = {0};
        struct db *own = db_create(embedded_url(cluster.embedded), 0);
        bool done = migrate_apply(own, NULL, 0, &why);
        if (!done)
            fprintf(stderr, "# %s %s\n", why.detail, why.log_detail);
        db_destroy(own);
        _exit(done ? 0 : 1);
    }
    ck_assert_int_gt(process, 0);
    return process;
}

START_TEST(whoever_came_first_is_made_way_for)
{
    struct problem why = {0};
    int status = 1;
    ck_applies();
    execute("update clmd.migration set digest = 'other' where name = 'repeatable'");
    struct db *reader = db_create(embedded_url(cluster.embedded), 10);
    ck_assert(db_execute(reader, "begin; select from metric.customer limit 1", NULL, &why));
    pid_t migration = start_migration();
    /* It has a lock that the reader will want, and wants the one that the reader has. */
    ck_assert(db_execute(db,
                         "do $$ begin while not exists (select from pg_locks w "
                         "join pg_locks h on h.pid = w.pid and h.granted "
                         "and h.relation = 'metric.visit'::regclass "
                         "where not w.granted and w.relation = 'metric.customer'::regclass) "
                         "loop perform pg_sleep(0.001); end loop; end $$",
                         NULL, &why));
    ck_assert_msg(db_execute(reader, "select from metric.visit limit 1", NULL, &why), "%s",
                  why.log_detail);
    ck_assert(db_execute(reader, "commit", NULL, &why));
    ck_assert_int_eq(waitpid(migration, &status, 0), migration);
    ck_assert_int_eq(status, 0);
    ck_assert(migrate_check(db, NULL, 0, &why));
    db_destroy(reader);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("migrate");
    TCase *tests = tcase_create("migrate");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_empty_database_is_behind_and_then_is_not);
    tcase_add_test(tests, several_at_once_take_turns);
    tcase_add_test(tests, an_edited_migration_is_refused);
    tcase_add_test(tests, a_schema_that_is_ahead_is_refused);
    tcase_add_test(tests, other_functions_are_made_anew);
    tcase_add_test(tests, what_the_program_adds_counts_and_comes_before_the_functions);
    tcase_add_test(tests, a_failure_keeps_nothing);
    tcase_add_test(tests, whoever_came_first_is_made_way_for);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
