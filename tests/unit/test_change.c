/* Changes against a database that is played by this test: it notes the steps, fails at those it
 * is told to, and knows an answer when it is told that it does. */
#include "db/db.h"
#include "http/change.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

static struct route route;
static struct request request;
static struct problem why;

static char script[64]; /* b(egin), w(ho acts), r(ecall), a(nswer), k(eep), c(ommit), u(ndo) */
static const char *failures; /* the steps that fail, in turn, each with its fault before it */
static bool is_known;        /* whether the answer was kept before */
static enum db_fault last_fault;

/* Transient, a bug that is an upgrade under way, connection (lost), told: the letter of a fault
 * in `failures`. */
static enum db_fault fault_of(char letter)
{
    return letter == 't'   ? DB_FAULT_TRANSIENT
           : letter == 'b' ? DB_FAULT_BUG
           : letter == 'l' ? DB_FAULT_CONNECTION
                           : DB_FAULT_TOLD;
}

static bool note(char step, struct problem *reason)
{
    snprintf(script + strlen(script), sizeof script - strlen(script), "%c", step);
    last_fault = DB_FAULT_NONE;
    if (!*failures || failures[1] != step)
        return true;
    last_fault = fault_of(*failures);
    failures += 2;
    return fail(reason, PROBLEM_UNAVAILABLE, "as told");
}

bool db_execute(struct db *db, const char *sql, PGresult **rows, struct problem *reason)
{
    (void)db;
    (void)rows;
    return note(strcmp(sql, "begin") == 0    ? 'b'
                : strcmp(sql, "commit") == 0 ? 'c'
                                             : 'u',
                reason);
}

static PGresult *make_rows(void)
{
    static char name[] = "column";
    static char status[] = "201", type[] = "text/plain", body[] = "kept", field[] = "ETag",
                value[] = "\"a\"";
    char *const values[] = {status, type, body, field, value};
    PGresAttDesc columns[COUNT_OF(values)] = {{.name = name}};
    PGresult *rows = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        columns[i].name = name;
    PQsetResultAttrs(rows, COUNT_OF(columns), columns);
    for (int i = 0; is_known && i < (int)COUNT_OF(values); i++)
        PQsetvalue(rows, 0, i, values[i], (int)strlen(values[i]));
    return rows;
}

bool db_run(struct db *db, enum statement statement, const struct db_value *values,
            PGresult **rows, struct problem *reason)
{
    bool is_who = statement == STATEMENT_ACT_AS;
    (void)db;
    ck_assert_str_eq(values[0].data, "key");
    ck_assert_str_eq(values[1].data, is_who ? "key" : "once");
    if (!note(is_who ? 'w' : statement == STATEMENT_RECALL_ANSWER ? 'r' : 'k', reason))
        return false;
    *rows = make_rows();
    return true;
}

enum db_fault db_last_fault(const struct db *db)
{
    (void)db;
    return last_fault;
}

bool db_has_collided(const struct db *db)
{
    (void)db;
    return last_fault == DB_FAULT_BUG;
}

void release_rows(void *rows)
{
    PQclear(rows);
}

static bool answer(struct request *asked, struct problem *reason)
{
    return note('a', reason) && respond_json(asked, 200, "{}", 2);
}

static void set_up(void)
{
    route = (struct route){.method = "PUT", .answer = answer};
    request = (struct request){.arena = arena_create(1 << 20),
                               .route = &route,
                               .method = "PUT",
                               .path = "/thing",
                               .id = "test",
                               .key_id = "key",
                               .body = "",
                               .idempotency_key = "once"};
    why = (struct problem){0};
    script[0] = '\0';
    failures = "";
    is_known = false;
}

static void tear_down(void)
{
    arena_destroy(request.arena);
}

/* What is done, by what fails: t(ransiently), l(ost), r(efused), and the step. */
static const struct {
    const char *failures, *script;
    bool is_answered;
} KEPT[] = {
    {"", "bwrakc", true},     {"ta", "bwraubwrakc", true},
    {"tb", "bubwrakc", true}, {"trtktcbrtr", "bwrubwrakubwrakcubwrubwru", false},
    {"ra", "bwrau", false},   {"rr", "bwru", false},
    {"rw", "bwu", false},     {"la", "bwra", false},
    {"lc", "bwrakc", false},
};

START_TEST(an_answer_is_kept_with_what_it_tells_of)
{
    failures = KEPT[_i].failures;
    ck_assert(change_answer(&request, &why) == KEPT[_i].is_answered);
    ck_assert_str_eq(script, KEPT[_i].script);
    ck_assert(!KEPT[_i].is_answered || request.answer.status == 200);
}
END_TEST

static const struct {
    const char *failures, *script;
    bool is_answered;
} SINGLE[] = {
    {"", "bwac", true},
    {"ta", "bwaubwac", true},
    {"tatababata", "bwaubwaubwaubwaubwau", false},
    {"ra", "bwau", false},
    {"la", "bwa", false},
    {"tara", "bwaubwau", false},
    {"tc", "bwacubwac", true},
};

START_TEST(without_a_key_nothing_is_kept)
{
    request.idempotency_key = NULL;
    failures = SINGLE[_i].failures;
    ck_assert(change_answer(&request, &why) == SINGLE[_i].is_answered);
    ck_assert_str_eq(script, SINGLE[_i].script);
}
END_TEST

START_TEST(what_was_kept_is_answered_again)
{
    is_known = true;
    ck_assert(change_answer(&request, &why));
    ck_assert_str_eq(script, "bwrc");
    ck_assert_int_eq(request.answer.status, 201);
    ck_assert_str_eq(request.answer.content_type, "text/plain");
    ck_assert_str_eq(request.answer.body, "kept");
    ck_assert_uint_eq(request.answer.field_count, 2);
    ck_assert_str_eq(request.answer.fields[0].name, "Idempotent-Replayed");
    ck_assert_str_eq(request.answer.fields[1].name, "ETag");
    ck_assert_str_eq(request.answer.fields[1].value, "\"a\"");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("change");
    TCase *tests = tcase_create("change");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, an_answer_is_kept_with_what_it_tells_of, 0, COUNT_OF(KEPT));
    tcase_add_loop_test(tests, without_a_key_nothing_is_kept, 0, COUNT_OF(SINGLE));
    tcase_add_test(tests, what_was_kept_is_answered_again);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
