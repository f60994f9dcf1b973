/* Trials against a database that is played by this test: it notes the transactions, refuses the
 * events whose id is "poison", loses the connection when it is told to, and knows "other". */
#include "ingest/trial.h"

#include "tap.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

enum { MEMORY = 64 * 1024 * 1024, EVENTS = 4, ID_PARAMETER = 2 };

static struct arena *arena;
static struct item items[EVENTS], *pointers[EVENTS];
static struct problem why;

static char script[256];   /* b(egin), r(ecord), c(ommit), d(rop), a letter each */
static const char *losses; /* the steps at which the connection is lost, in turn */
static enum db_fault last_fault;

static bool note(char step)
{
    snprintf(script + strlen(script), sizeof script - strlen(script), "%c", step);
    if (*losses != step)
        return true;
    losses++;
    last_fault = DB_FAULT_CONNECTION;
    return fail(&why, PROBLEM_UNAVAILABLE, "as told");
}

bool db_execute(struct db *db, const char *sql, PGresult **rows, struct problem *reason)
{
    (void)db;
    (void)rows;
    if (note(strcmp(sql, "begin") == 0 ? 'b' : strcmp(sql, "commit") == 0 ? 'c' : 'd'))
        return true;
    *reason = why;
    return false;
}

static PGresult *make_rows(void)
{
    char name[] = "column";
    PGresAttDesc columns[9]; /* position, outcome, and what is null here */
    PGresult *rows = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        columns[i] = (PGresAttDesc){.name = name};
    PQsetResultAttrs(rows, COUNT_OF(columns), columns);
    return rows;
}

static void add_row(PGresult *rows, int row, const char *outcome)
{
    char position[16], text[16];
    PQsetvalue(rows, row, 0, position, snprintf(position, sizeof position, "%d", row + 1));
    PQsetvalue(rows, row, 1, text, snprintf(text, sizeof text, "%s", outcome));
    for (int column = 2; column < PQnfields(rows); column++)
        PQsetvalue(rows, row, column, NULL, -1);
}

bool db_run(struct db *db, enum statement statement, const struct db_value *values,
            PGresult **rows, struct problem *reason)
{
    (void)db;
    (void)reason;
    ck_assert_int_eq(statement, STATEMENT_RECORD_EVENTS);
    if (!note('r'))
        return false;
    *rows = make_rows();
    const char *at = values[ID_PARAMETER].data + 20;
    for (int row = 0; at < values[ID_PARAMETER].data + values[ID_PARAMETER].length; row++) {
        uint32_t length;
        memcpy(&length, at, sizeof length);
        length = be32toh(length);
        at += 4 + length;
        if (length == strlen("poison")) {
            PQclear(*rows);
            last_fault = DB_FAULT_DATA;
            return fail(&why, PROBLEM_UNPROCESSABLE, "as told");
        }
        add_row(*rows, row, length == strlen("other") ? "conflict" : "created");
    }
    return true;
}

void db_count_retry(struct db *db)
{
    (void)db;
}

enum db_fault db_last_fault(const struct db *db)
{
    (void)db;
    return last_fault;
}

void release_rows(void *rows)
{
    PQclear(rows);
}

static void set_up(void)
{
    arena = arena_create(MEMORY);
    why = (struct problem){.code = PROBLEM_NONE};
    script[0] = '\0';
    losses = "";
    for (int i = 0; i < EVENTS; i++) {
        items[i] = (struct item){.event = {.type = vocabulary_find("sell.order.placed"),
                                           .source = "test",
                                           .id = "id",
                                           .subject = "acme",
                                           .body = "{}",
                                           .body_length = 2}};
        pointers[i] = &items[i];
    }
}

static void tear_down(void)
{
    arena_destroy(arena);
}

static bool record(bool may_keep)
{
    return trial_record(NULL, arena, pointers, EVENTS, may_keep, &why);
}

START_TEST(all_are_kept)
{
    ck_assert(record(true));
    ck_assert_str_eq(script, "brc");
    ck_assert_int_eq(items[3].outcome, OUTCOME_CREATED);
}
END_TEST

START_TEST(a_rehearsal_keeps_none)
{
    ck_assert(record(false));
    ck_assert_str_eq(script, "brd");
    ck_assert_int_eq(items[3].outcome, OUTCOME_CREATED);
}
END_TEST

START_TEST(a_conflict_keeps_none)
{
    items[2].event.id = "other";
    ck_assert(record(true));
    ck_assert_str_eq(script, "brd");
    ck_assert_int_eq(items[2].outcome, OUTCOME_CONFLICT);
}
END_TEST

START_TEST(what_was_refused_keeps_none)
{
    struct problem refusal = {.code = PROBLEM_UNPROCESSABLE};
    items[1].outcome = OUTCOME_REJECTED;
    items[1].problem = &refusal;
    ck_assert(record(true));
    ck_assert_str_eq(script, "brd");
    for (int i = 0; i < EVENTS; i++)
        items[i].outcome = OUTCOME_REJECTED;
    ck_assert(record(true));
    ck_assert_str_eq(script, "brd");
}
END_TEST

/* The whole, then rehearsals: the whole, both halves, and both events of the second one. */
START_TEST(a_poisoned_event_is_found_and_nothing_kept)
{
    items[2].event.id = "poison";
    ck_assert(record(true));
    ck_assert_str_eq(script, "brdbrdbrdbrdbrdbrd");
    ck_assert_int_eq(items[2].outcome, OUTCOME_REJECTED);
    ck_assert_str_eq(items[2].problem->detail, "as told");
    ck_assert_int_eq(items[3].outcome, OUTCOME_CREATED);
    ck_assert_int_eq(why.code, PROBLEM_NONE);
}
END_TEST

/* The fate of a commit may be unknown; of a rollback it is not. */
static const struct {
    bool may_keep;
    const char *losses, *script;
    bool is_recorded;
} LOST[] = {
    {true, "b", "bbrc", true}, {true, "r", "brbrc", true},     {true, "c", "brcbrc", true},
    {false, "d", "brd", true}, {true, "crb", "brcbrb", false}, {false, "rrr", "brbrbr", false},
};

START_TEST(a_lost_connection_begins_anew)
{
    losses = LOST[_i].losses;
    ck_assert_int_eq(record(LOST[_i].may_keep), LOST[_i].is_recorded);
    ck_assert_str_eq(script, LOST[_i].script);
    ck_assert(LOST[_i].is_recorded || why.code == PROBLEM_UNAVAILABLE);
}
END_TEST

START_TEST(many_statements_are_one_transaction)
{
    enum { LARGE = 9 * 1024 * 1024 };
    char *body = arena_alloc(arena, LARGE);
    for (int i = 0; i < EVENTS; i++) {
        items[i].event.body = body;
        items[i].event.body_length = LARGE;
    }
    ck_assert(record(true));
    ck_assert_str_eq(script, "brrrrc");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trial");
    TCase *tests = tcase_create("trial");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, all_are_kept);
    tcase_add_test(tests, a_rehearsal_keeps_none);
    tcase_add_test(tests, a_conflict_keeps_none);
    tcase_add_test(tests, what_was_refused_keeps_none);
    tcase_add_test(tests, a_poisoned_event_is_found_and_nothing_kept);
    tcase_add_loop_test(tests, a_lost_connection_begins_anew, 0, COUNT_OF(LOST));
    tcase_add_test(tests, many_statements_are_one_transaction);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
