/* Batches against a database that is played by this test: it refuses the events whose id is
 * "poison", loses the connection as often as it is told to, and knows "old" and "other". */
#include "ingest/batch.h"

#include "tap.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

enum { MEMORY = 64 * 1024 * 1024, EVENTS = 100, ID_PARAMETER = 2 };

static struct arena *arena;
static struct item items[EVENTS], *pointers[EVENTS];
static struct problem why;
static char ids[EVENTS][16];

static unsigned statements, losses;
static enum db_fault last_fault;

static uint32_t number_at(const char *data)
{
    uint32_t wire;
    memcpy(&wire, data, sizeof wire);
    return be32toh(wire);
}

static const char *outcome_of(const char *id)
{
    return strcmp(id, "old") == 0     ? "duplicate"
           : strcmp(id, "other") == 0 ? "conflict"
                                      : "created";
}

static PGresult *make_rows(void)
{
    char name[] = "column";
    PGresAttDesc columns[9]; /* position, outcome, customer, and what is null here */
    PGresult *rows = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        columns[i] = (PGresAttDesc){.name = name};
    PQsetResultAttrs(rows, COUNT_OF(columns), columns);
    return rows;
}

/* The customer of an event here is its own id. */
static void add_row(PGresult *rows, int row, const char *id)
{
    char position[16], outcome[16], customer[16];
    int length = snprintf(position, sizeof position, "%d", row + 1);
    PQsetvalue(rows, row, 0, position, length);
    length = snprintf(outcome, sizeof outcome, "%s", outcome_of(id));
    PQsetvalue(rows, row, 1, outcome, length);
    length = snprintf(customer, sizeof customer, "%s", id);
    PQsetvalue(rows, row, 2, customer, strcmp(id, "other") == 0 ? -1 : length);
    for (int column = 3; column < PQnfields(rows); column++)
        PQsetvalue(rows, row, column, NULL, -1);
}

static bool lose(enum db_fault fault, enum problem_code code)
{
    last_fault = fault;
    return fail(&why, code, "as told");
}

bool db_run(struct db *db, enum statement statement, const struct db_value *values,
            PGresult **rows, struct problem *reason)
{
    (void)db;
    ck_assert_int_eq(statement, STATEMENT_RECORD_EVENTS);
    ck_assert_ptr_eq(reason, &why);
    statements++;
    if (losses > 0) {
        losses--;
        return lose(DB_FAULT_CONNECTION, PROBLEM_UNAVAILABLE);
    }
    *rows = make_rows();
    const char *at = values[ID_PARAMETER].data + 20;
    for (int row = 0; at < values[ID_PARAMETER].data + values[ID_PARAMETER].length; row++) {
        char id[16] = "";
        uint32_t length = number_at(at);
        memcpy(id, at + 4, length);
        at += 4 + length;
        if (strcmp(id, "poison") == 0) {
            PQclear(*rows);
            return lose(DB_FAULT_DATA, PROBLEM_UNPROCESSABLE);
        }
        if (strcmp(id, "bug") == 0) {
            PQclear(*rows);
            return lose(DB_FAULT_BUG, PROBLEM_INTERNAL);
        }
        add_row(*rows, row, id);
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
    for (int i = 0; i < EVENTS; i++) {
        snprintf(ids[i], sizeof ids[i], "%d", i);
        items[i] = (struct item){.event = {.type = vocabulary_find("sell.order.placed"),
                                           .source = "test",
                                           .id = ids[i],
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

static bool record(void)
{
    return batch_record(NULL, arena, pointers, EVENTS, &why);
}

START_TEST(each_event_has_its_outcome)
{
    items[3].event.id = "old";
    items[4].event.id = "other";
    ck_assert(record());
    ck_assert_uint_eq(statements, 1);
    ck_assert_int_eq(items[0].outcome, OUTCOME_CREATED);
    ck_assert_str_eq(items[99].record.customer, "99");
    ck_assert_int_eq(items[3].outcome, OUTCOME_DUPLICATE);
    ck_assert_str_eq(items[3].record.customer, "old");
    ck_assert_int_eq(items[4].outcome, OUTCOME_CONFLICT);
    ck_assert_ptr_null(items[4].record.customer);
    ck_assert_int_eq(item_problem(&items[4]).code, PROBLEM_CONFLICT);
}
END_TEST

START_TEST(a_poisoned_event_stands_alone)
{
    items[17].event.id = items[80].event.id = "poison";
    ck_assert(record());
    for (int i = 0; i < EVENTS; i++) {
        bool is_poison = i == 17 || i == 80;
        ck_assert_int_eq(items[i].outcome, is_poison ? OUTCOME_REJECTED : OUTCOME_CREATED);
        ck_assert(is_poison == (items[i].problem != NULL));
        if (!is_poison)
            ck_assert_str_eq(items[i].record.customer, ids[i]);
    }
    ck_assert_str_eq(items[17].problem->detail, "as told");
    ck_assert_int_eq(why.code, PROBLEM_NONE);
    ck_assert_uint_lt(statements, 40);
}
END_TEST

START_TEST(what_was_refused_is_not_sent)
{
    struct problem refusal = {.code = PROBLEM_UNPROCESSABLE};
    items[5].outcome = OUTCOME_REJECTED;
    items[5].problem = &refusal;
    items[5].event.id = "bug";
    ck_assert(record());
    ck_assert_int_eq(items[5].outcome, OUTCOME_REJECTED);
    ck_assert_str_eq(items[6].record.customer, "6");
}
END_TEST

START_TEST(a_lost_connection_is_tried_again)
{
    losses = 2;
    ck_assert(record());
    ck_assert_uint_eq(statements, 3);
    ck_assert_int_eq(items[0].outcome, OUTCOME_CREATED);
    losses = 3;
    ck_assert(!record());
    ck_assert_uint_eq(statements, 6);
    ck_assert_int_eq(why.code, PROBLEM_UNAVAILABLE);
}
END_TEST

START_TEST(a_bug_fails_the_batch)
{
    items[50].event.id = "bug";
    ck_assert(!record());
    ck_assert_uint_eq(statements, 1);
    ck_assert_int_eq(why.code, PROBLEM_INTERNAL);
}
END_TEST

START_TEST(statements_are_bounded_in_bytes)
{
    enum { LARGE = 256 * 1024 };
    char *body = arena_alloc_raw(arena, LARGE);
    memset(body, ' ', LARGE);
    for (int i = 0; i < EVENTS; i++) {
        items[i].event.body = body;
        items[i].event.body_length = LARGE;
    }
    ck_assert(record());
    ck_assert_uint_eq(statements, 2);
    ck_assert_str_eq(items[99].record.customer, "99");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("batch");
    TCase *tests = tcase_create("batch");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_event_has_its_outcome);
    tcase_add_test(tests, a_poisoned_event_stands_alone);
    tcase_add_test(tests, what_was_refused_is_not_sent);
    tcase_add_test(tests, a_lost_connection_is_tried_again);
    tcase_add_test(tests, a_bug_fails_the_batch);
    tcase_add_test(tests, statements_are_bounded_in_bytes);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
