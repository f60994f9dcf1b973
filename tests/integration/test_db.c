/* Claims: a connection heals itself when nothing is at stake, and otherwise says what is known;
 * a frozen server holds nobody; PostgreSQL's own words do not reach a client. */
#include "db/db.h"

#include "base/clock.h"
#include "integration/cluster.h"
#include "tap.h"

#include <signal.h>
#include <string.h>

enum { STATEMENT_SECONDS = 1, SECOND = 1000000 };

static struct test_cluster cluster;
static struct db *db;

static void set_up(void)
{
    test_cluster_start(&cluster);
    db = db_create(embedded_url(cluster.embedded), STATEMENT_SECONDS);
}

static void tear_down(void)
{
    db_destroy(db);
    test_cluster_remove(&cluster);
}

static enum db_fault fault_of(const char *sql, struct problem *why)
{
    PGresult *rows;
    *why = (struct problem){0};
    if (!db_execute(db, sql, &rows, why))
        return db_last_fault(db);
    PQclear(rows);
    return DB_FAULT_NONE;
}

static pid_t backend(void)
{
    struct problem why;
    PGresult *rows;
    ck_assert(db_execute(db, "select pg_backend_pid()", &rows, &why));
    pid_t process = (pid_t)strtol(PQgetvalue(rows, 0, 0), NULL, 10);
    PQclear(rows);
    return process;
}

static void end_backend(void)
{
    pid_t process = backend();
    ck_assert_int_eq(kill(process, SIGTERM), 0);
    while (kill(process, 0) == 0)
        ;
}

START_TEST(a_fault_is_told_by_its_sqlstate)
{
    static const struct {
        const char *sql;
        enum db_fault fault;
        enum problem_code code;
    } CASES[] = {
        {"select 1/0", DB_FAULT_DATA, PROBLEM_UNPROCESSABLE},
        {"select 'x'::integer", DB_FAULT_DATA, PROBLEM_UNPROCESSABLE},
        {"select nothing", DB_FAULT_BUG, PROBLEM_INTERNAL},
        {"select 1; select nothing; select 2", DB_FAULT_BUG, PROBLEM_INTERNAL},
        {"copy pg_class to stdout", DB_FAULT_CONNECTION, PROBLEM_UNAVAILABLE},
        {"select pg_sleep(9)", DB_FAULT_TRANSIENT, PROBLEM_UNAVAILABLE},
        {"do $$ begin raise sqlstate '40P01'; end $$", DB_FAULT_TRANSIENT, PROBLEM_UNAVAILABLE},
        {"do $$ begin raise sqlstate 'XX000'; end $$", DB_FAULT_TRANSIENT, PROBLEM_UNAVAILABLE},
        {"do $$ begin raise sqlstate '57P01'; end $$", DB_FAULT_CONNECTION,
         PROBLEM_UNAVAILABLE},
        {"do $$ begin raise sqlstate 'CL404'; end $$", DB_FAULT_TOLD, PROBLEM_NOT_FOUND},
        {"select 1", DB_FAULT_NONE, PROBLEM_NONE},
    };
    struct problem why;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        ck_assert_msg(fault_of(CASES[i].sql, &why) == CASES[i].fault, "%s", CASES[i].sql);
        ck_assert_msg(why.code == CASES[i].code, "%s", CASES[i].sql);
    }
}
END_TEST

START_TEST(postgresqls_words_are_for_the_log_alone)
{
    struct problem why;
    ck_assert_int_eq(fault_of("select 'secret'::integer", &why), DB_FAULT_DATA);
    ck_assert_ptr_null(strstr(why.detail, "syntax"));
    ck_assert_ptr_nonnull(strstr(why.log_detail, "22P02"));
}
END_TEST

START_TEST(a_refusal_of_ours_is_the_answer)
{
    struct problem why;
    fault_of("do $$ begin raise sqlstate 'CL409' using message = 'taken'; end $$", &why);
    ck_assert_int_eq(why.code, PROBLEM_CONFLICT);
    ck_assert_str_eq(why.detail, "taken");
    fault_of("do $$ begin raise sqlstate 'CL422' using message = 'no date', detail = '/to'; "
             "end $$",
             &why);
    ck_assert_int_eq(why.code, PROBLEM_UNPROCESSABLE);
    ck_assert_uint_eq(why.fault_count, 1);
    ck_assert_str_eq(why.faults[0].pointer, "/to");
    ck_assert_str_eq(why.faults[0].detail, "no date");
}
END_TEST

START_TEST(a_statement_is_prepared_on_each_connection)
{
    for (int round = 0; round < 3; round++) {
        struct problem why = {0};
        PGresult *rows;
        ck_assert_msg(db_run(db, STATEMENT_CAN_WRITE, NULL, &rows, &why), "%s", why.log_detail);
        ck_assert_str_eq(PQgetvalue(rows, 0, 0), "t");
        PQclear(rows);
        end_backend();
    }
}
END_TEST

START_TEST(a_transaction_does_not_go_on_elsewhere)
{
    struct problem why;
    ck_assert_int_eq(fault_of("begin", &why), DB_FAULT_NONE);
    end_backend();
    ck_assert_int_eq(fault_of("create table half ()", &why), DB_FAULT_CONNECTION);
    ck_assert_int_eq(fault_of("select 'half'::regclass", &why), DB_FAULT_BUG);
}
END_TEST

START_TEST(a_frozen_server_costs_the_connection_and_no_more)
{
    struct problem why;
    pid_t frozen = backend();
    ck_assert_int_eq(kill(frozen, SIGSTOP), 0);
    int64_t began_at = clock_monotonic();
    ck_assert_int_eq(fault_of("select 1", &why), DB_FAULT_CONNECTION);
    ck_assert_int_le(clock_monotonic() - began_at, 8 * SECOND);
    ck_assert_int_eq(fault_of("select 1", &why), DB_FAULT_NONE);
    ck_assert_int_eq(kill(frozen, SIGCONT), 0);
}
END_TEST

START_TEST(the_session_is_ours)
{
    struct problem why;
    PGresult *rows;
    ck_assert(
        db_execute(db,
                   "select current_setting('timezone'), "
                   "current_setting('statement_timeout'), current_setting('lock_timeout')",
                   &rows, &why));
    ck_assert_str_eq(PQgetvalue(rows, 0, 0), "UTC");
    ck_assert_str_eq(PQgetvalue(rows, 0, 1), "1s");
    ck_assert_str_eq(PQgetvalue(rows, 0, 2), "1s");
    PQclear(rows);
}
END_TEST

/* A hundred thousand rows; with another id, the fifth of them divides by zero. */
enum { ROWS = 100000 };
static const char SOUND[] = "00000000-0000-0000-0000-000000000000";
static const char SPOILT[] = "00000000-0000-0000-0000-000000000001";

static void begin_rows(const char *id)
{
    struct problem why = {0};
    const struct db_value values[] = {{.data = id}};
    ck_assert_int_eq(
        fault_of(
            "create schema if not exists lifecycle;"
            "create or replace view lifecycle.import_reject as "
            "select ('00000000-0000-0000-0000-00000000000' || i)::uuid as import_id, number,"
            " case when i = 1 then (1 / (5 - number))::text else number::text end as reject "
            "from generate_series(0, 1) i, generate_series(1, 100000) number",
            &why),
        DB_FAULT_NONE);
    ck_assert_msg(db_begin_rows(db, STATEMENT_EXPORT_REJECTS, values, &why), "%s",
                  why.log_detail);
}

/* How many rows came before the end, or before the fault. */
static int take_rows(int most, enum db_fault expected)
{
    struct problem why = {0};
    PGresult *row;
    int count = 0;
    while (count < most) {
        if (!db_next_row(db, &row, &why)) {
            ck_assert_int_eq(db_last_fault(db), expected);
            return count;
        }
        int rows = PQntuples(row);
        PQclear(row);
        if (rows == 0)
            break;
        count++;
    }
    ck_assert_int_eq(expected, DB_FAULT_NONE);
    return count;
}

START_TEST(rows_come_one_by_one)
{
    pid_t before = backend();
    begin_rows(SOUND);
    ck_assert_int_eq(take_rows(10, DB_FAULT_NONE), 10);
    clock_pause(STATEMENT_SECONDS * 1000 + 500);
    ck_assert_int_eq(take_rows(ROWS, DB_FAULT_NONE), ROWS - 10);
    db_end_rows(db);
    ck_assert_int_eq(backend(), before);
}
END_TEST

START_TEST(rows_may_be_left)
{
    begin_rows(SOUND);
    ck_assert_int_eq(take_rows(10, DB_FAULT_NONE), 10);
    db_end_rows(db);
    (void)backend();
}
END_TEST

START_TEST(a_fault_among_rows_is_told)
{
    begin_rows(SPOILT);
    ck_assert_int_lt(take_rows(ROWS, DB_FAULT_DATA), ROWS);
    db_end_rows(db);
    (void)backend();
}
END_TEST

START_TEST(a_connection_lost_among_rows_is_told)
{
    pid_t process = backend();
    begin_rows(SOUND);
    ck_assert_int_eq(take_rows(10, DB_FAULT_NONE), 10);
    ck_assert_int_eq(kill(process, SIGKILL), 0);
    ck_assert_int_lt(take_rows(ROWS, DB_FAULT_CONNECTION), ROWS);
    db_end_rows(db);
}
END_TEST

START_TEST(nobody_there_is_a_connection_fault)
{
    struct problem why = {0};
    PGresult *rows;
    struct db *nowhere = db_create("postgresql:///x?host=/nowhere", STATEMENT_SECONDS);
    ck_assert(!db_run(nowhere, STATEMENT_CAN_WRITE, NULL, &rows, &why));
    ck_assert_int_eq(db_last_fault(nowhere), DB_FAULT_CONNECTION);
    ck_assert_int_eq(why.code, PROBLEM_UNAVAILABLE);
    db_destroy(nowhere);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("db");
    TCase *tests = tcase_create("db");
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_fault_is_told_by_its_sqlstate);
    tcase_add_test(tests, postgresqls_words_are_for_the_log_alone);
    tcase_add_test(tests, a_refusal_of_ours_is_the_answer);
    tcase_add_test(tests, a_statement_is_prepared_on_each_connection);
    tcase_add_test(tests, a_transaction_does_not_go_on_elsewhere);
    tcase_add_test(tests, a_frozen_server_costs_the_connection_and_no_more);
    tcase_add_test(tests, the_session_is_ours);
    tcase_add_test(tests, rows_come_one_by_one);
    tcase_add_test(tests, rows_may_be_left);
    tcase_add_test(tests, a_fault_among_rows_is_told);
    tcase_add_test(tests, nobody_there_is_a_connection_fault);
    tcase_add_test(tests, a_connection_lost_among_rows_is_told);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
