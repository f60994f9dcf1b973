/* What is told of failures of the connection; no server is needed for these. */
#include "db/db.h"
#include "tap.h"

#include <string.h>

static const char *const UNREADABLE[] = {
    "postgrse://clmd:s3cret@localhost/clmd", /* to libpq the name of a database */
    "postgresql://clmd:s3cret%zz@localhost/clmd",
    "host=localhost password 's3cret'",
    "password='s3cret",
};

static void connect_to(const char *url, struct problem *why)
{
    struct db *db = db_create(url, 1);
    ck_assert_ptr_nonnull(db);
    ck_assert(!db_execute(db, "select 1", NULL, why));
    ck_assert_int_eq(db_last_fault(db), DB_FAULT_CONNECTION);
    ck_assert_int_eq(why->code, PROBLEM_UNAVAILABLE);
    db_destroy(db);
}

START_TEST(a_password_is_never_told)
{
    struct problem why = {0};
    connect_to(UNREADABLE[_i], &why);
    ck_assert_str_eq(why.log_detail, "the database's URL is not one that libpq can read");
}
END_TEST

START_TEST(what_the_connection_says_is_for_the_log)
{
    struct problem why = {0};
    connect_to("postgresql:///x?host=/nowhere", &why);
    ck_assert_ptr_nonnull(strstr(why.log_detail, "/nowhere"));
    ck_assert_ptr_null(strchr(why.log_detail, '\n'));
    ck_assert_ptr_null(strstr(why.detail, "/nowhere"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault");
    TCase *tests = tcase_create("fault");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, a_password_is_never_told, 0, COUNT_OF(UNREADABLE));
    tcase_add_test(tests, what_the_connection_says_is_for_the_log);
    return tap_run(suite);
}
