/* What the handlers refuse before any database is asked. */
#include "api/answer.h"
#include "api/handlers.h"
#include "ingest/batch.h"
#include "tap.h"

#include <string.h>

enum { MEMORY = 16 * 1024 * 1024 };

#define LEAD(id)                                                                               \
    "{\"id\":\"" id "\",\"source\":\"test\",\"subject\":\"acme\","                             \
    "\"type\":\"find.lead.created\",\"time\":\"2026-03-01T09:30:00Z\","                        \
    "\"data\":{\"channel\":\"ad\"}}"

static struct request request;
static struct problem why;

static void set_up(void)
{
    request = (struct request){.arena = arena_create(MEMORY), .media_type = "application/json"};
    why = (struct problem){.code = PROBLEM_NONE};
}

static void tear_down(void)
{
    arena_destroy(request.arena);
}

static bool admits(const char *body, size_t length)
{
    request.weight = 0;
    request.body = body;
    request.body_length = length;
    why = (struct problem){.code = PROBLEM_NONE};
    return admit_events(&request, &why);
}

static bool admits_text(const char *body)
{
    return admits(body, strlen(body));
}

START_TEST(events_are_admitted)
{
    ck_assert(admits_text(LEAD("1")));
    ck_assert_uint_eq(request.weight, 1);
    ck_assert(admits_text(" [ " LEAD("1") " , " LEAD("2") " ] \n"));
    ck_assert_uint_eq(request.weight, 2);
    ck_assert(admits_text("[" LEAD("1") ",42,{\"id\":7}]"));
    ck_assert_uint_eq(request.weight, 1);
}
END_TEST

static const struct {
    const char *body;
    enum problem_code code;
} BAD_BODIES[] = {
    {"", PROBLEM_MALFORMED},
    {"[", PROBLEM_MALFORMED},
    {"{", PROBLEM_MALFORMED},
    {LEAD("1") LEAD("2"), PROBLEM_MALFORMED},
    {"[" LEAD("1") LEAD("2") "]", PROBLEM_MALFORMED},
    {"[" LEAD("1") ",]", PROBLEM_MALFORMED},
    {"[" LEAD("1") "]]", PROBLEM_MALFORMED},
    {"[" LEAD("1") ",{\"a\":1,\"a\":2}]", PROBLEM_MALFORMED},
    {"[]", PROBLEM_UNPROCESSABLE},
    {"42", PROBLEM_UNPROCESSABLE},
    {"{}", PROBLEM_UNPROCESSABLE},
};

START_TEST(bad_bodies_are_refused)
{
    ck_assert(!admits_text(BAD_BODIES[_i].body));
    ck_assert_msg(why.code == BAD_BODIES[_i].code, "%s: %s", BAD_BODIES[_i].body, why.detail);
}
END_TEST

START_TEST(pointers_lead_into_the_array)
{
    ck_assert(admits_text("[42,{\"id\":\"1\"}]"));
    record_events((struct request *[]){&request}, 1, NULL); /* nothing for a database to do */
    ck_assert_int_eq(request.answer.status, 200);
    ck_assert_ptr_nonnull(strstr(request.answer.body, "{\"pointer\":\"/0\""));
    ck_assert_ptr_nonnull(strstr(request.answer.body, "{\"pointer\":\"/1/source\""));
    ck_assert_ptr_nonnull(strstr(request.answer.body, "\"rejected\":2"));
}
END_TEST

START_TEST(sizes_are_limited)
{
    struct buffer body = buffer_create(request.arena, MEMORY);
    buffer_text(&body, "[{}");
    for (int i = 0; i < 1000; i++)
        buffer_text(&body, ",{}");
    buffer_text(&body, "]");
    ck_assert(!admits(body.data, body.length));
    ck_assert_int_eq(why.code, PROBLEM_TOO_LARGE);

    char *text = arena_alloc_raw(request.arena, EVENT_BODY_LIMIT);
    memset(text, 'x', EVENT_BODY_LIMIT);
    body = buffer_create(request.arena, MEMORY);
    buffer_text(&body, "{\"id\":");
    buffer_json(&body, text, EVENT_BODY_LIMIT);
    buffer_text(&body, "}");
    ck_assert(!admits(body.data, body.length));
    ck_assert_int_eq(why.code, PROBLEM_TOO_LARGE);
}
END_TEST

START_TEST(an_event_too_large_harms_no_other)
{
    char *text = arena_alloc_raw(request.arena, EVENT_BODY_LIMIT);
    memset(text, '[', EVENT_BODY_LIMIT); /* within a text, and so no depth */
    struct buffer body = buffer_create(request.arena, MEMORY);
    buffer_text(&body, "[" LEAD("1") ",{\"id\":");
    buffer_json(&body, text, EVENT_BODY_LIMIT);
    buffer_text(&body, "}," LEAD("2") "]");
    ck_assert(admits(body.data, body.length));
    ck_assert_uint_eq(request.weight, 2);
    buffer_text(&body, "]");
    ck_assert(!admits(body.data, body.length));
    ck_assert_int_eq(why.code, PROBLEM_MALFORMED);
}
END_TEST

START_TEST(a_fault_in_an_array_is_placed)
{
    ck_assert(!admits_text("[" LEAD("1") ",{\"a\":1,}]"));
    ck_assert_str_eq(why.detail, "event 1 of the array: not valid JSON at byte 8");
}
END_TEST

START_TEST(a_single_event_type_takes_no_array)
{
    request.media_type = "application/cloudevents+json";
    ck_assert(admits_text(LEAD("1")));
    ck_assert(!admits_text("[" LEAD("1") "]"));
}
END_TEST

static void ask(const char *name, const char *value)
{
    request.parameters[0] = (struct query_parameter){name, value};
    request.parameter_count = 1;
    why = (struct problem){.code = PROBLEM_NONE};
}

START_TEST(pages_are_bounded)
{
    static const char *const LIMITS[] = {"0", "1001", "", "1e2", "-1", "00001", "99999999999"};
    ck_assert(admit_customer_list(&request, &why));
    ck_assert_str_eq(((struct page_query *)request.input)->limit, "100");
    for (size_t i = 0; i < COUNT_OF(LIMITS); i++) {
        ask("limit", LIMITS[i]);
        ck_assert(!admit_customer_list(&request, &why));
        ck_assert_str_eq(why.faults[0].pointer, "?limit");
    }
    ask("limit", "1000");
    ck_assert(admit_customer_list(&request, &why));
    ask("stage", "sell");
    ck_assert(admit_customer_list(&request, &why));
}
END_TEST

static const struct {
    const char *name, *value;
    bool is_valid;
} METRIC_QUESTIONS[] = {
    {"from", "2026-03-01", true},
    {"from", "2026-03-01T00:00:00+01:00", true},
    {"from", "2026-02-30", false},
    {"to", "tomorrow", false},
    {"interval", "quarter", true},
    {"interval", "hour", false},
    {"timezone", "America/Argentina/Buenos_Aires", true},
    {"timezone", "Europe/Berlin'", false},
    {"timezone", "", false},
    {"currency", "EUR", true},
    {"currency", "eur", false},
    {"currency", "XYZ", false},
};

START_TEST(metric_questions_are_checked)
{
    request.variables[0] = "revenue";
    ask(METRIC_QUESTIONS[_i].name, METRIC_QUESTIONS[_i].value);
    ck_assert(admit_metric(&request, &why) == METRIC_QUESTIONS[_i].is_valid);
}
END_TEST

START_TEST(windows_have_a_length)
{
    request.variables[0] = "revenue";
    request.parameters[1] = (struct query_parameter){"to", "2026-03-01"};
    ask("from", "2026-03-01");
    request.parameter_count = 2;
    ck_assert(!admit_metric(&request, &why));
    ck_assert_str_eq(why.faults[0].pointer, "?to");
    ask("from", "2026-02-28");
    request.parameter_count = 2;
    ck_assert(admit_metric(&request, &why));
    request.variables[0] = "no such metric";
    ck_assert(!admit_metric(&request, &why));
    ck_assert_int_eq(why.code, PROBLEM_NOT_FOUND);
}
END_TEST

static const struct {
    const char *name, *value;
    bool is_valid;
} EVENT_FILTERS[] = {
    {"customer", "acme-42", true},
    {"customer", "", false},
    {"type", "bill.payment.succeeded", true},
    {"stage", "bill", true},
    {"stage", "none", false},
    {"source", "https://shop.example/orders", true},
    {"occurred_from", "2026-03-01", true},
    {"occurred_to", "2026-03-01T00:00:00", false},
    {"limit", "0", false},
};

START_TEST(event_filters_are_checked)
{
    ask(EVENT_FILTERS[_i].name, EVENT_FILTERS[_i].value);
    ck_assert(admit_event_list(&request, &why) == EVENT_FILTERS[_i].is_valid);
    if (strcmp(EVENT_FILTERS[_i].value, "bill") == 0)
        ck_assert_str_eq(((struct page_query *)request.input)->filters[2], "4");
}
END_TEST

START_TEST(reconciliation_needs_a_window_of_days)
{
    ck_assert(!admit_reconciliation(&request, &why));
    ck_assert_uint_eq(why.fault_count, 2);
    request.parameters[1] = (struct query_parameter){"to", "2026-03-02"};
    ask("from", "2026-03-01");
    request.parameter_count = 2;
    ck_assert(admit_reconciliation(&request, &why));
    request.parameters[1].value = "2026-03-01";
    ck_assert(!admit_reconciliation(&request, &why));
    why = (struct problem){.code = PROBLEM_NONE};
    request.parameters[1].value = "2026-03-02T00:00:00Z";
    ck_assert(!admit_reconciliation(&request, &why));
}
END_TEST

static const struct {
    const char *body;
    enum problem_code code;
} OBJECTS[] = {
    {"{}", PROBLEM_NONE},
    {" {\"a\":{}} \r\n", PROBLEM_NONE},
    {"[]", PROBLEM_UNPROCESSABLE},
    {"null", PROBLEM_UNPROCESSABLE},
    {"", PROBLEM_MALFORMED},
    {"{}{}", PROBLEM_MALFORMED},
    {"{\"a\":1,\"a\":2}", PROBLEM_MALFORMED},
    {"{\"a\":\"\\u0000\"}", PROBLEM_MALFORMED},
};

START_TEST(a_change_is_one_object)
{
    request.body = OBJECTS[_i].body;
    request.body_length = strlen(request.body);
    ck_assert(admit_object(&request, &why) == (OBJECTS[_i].code == PROBLEM_NONE));
    ck_assert_int_eq(why.code, OBJECTS[_i].code);
}
END_TEST

START_TEST(what_cannot_be_is_not_looked_for)
{
    request.variables[0] = "no-uuid";
    ck_assert(!admit_event_id(&request, &why));
    ck_assert_int_eq(why.code, PROBLEM_NOT_FOUND);
    request.variables[0] = "";
    ck_assert(!admit_customer(&request, &why));
    request.variables[0] = "stripe:cus_9";
    ck_assert(admit_customer(&request, &why));
}
END_TEST

START_TEST(every_problem_is_explained)
{
    for (enum problem_code code = PROBLEM_NONE + 1; code < PROBLEM_CODES; code++) {
        request.variables[0] = problem_kind(code)->slug;
        ck_assert(show_problem(&request, &why));
        ck_assert_int_eq(request.answer.status, 200);
    }
    request.variables[0] = "no-problem";
    ck_assert(!show_problem(&request, &why));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("admission");
    TCase *tests = tcase_create("admission");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, events_are_admitted);
    tcase_add_loop_test(tests, bad_bodies_are_refused, 0, COUNT_OF(BAD_BODIES));
    tcase_add_test(tests, pointers_lead_into_the_array);
    tcase_add_test(tests, sizes_are_limited);
    tcase_add_test(tests, an_event_too_large_harms_no_other);
    tcase_add_test(tests, a_fault_in_an_array_is_placed);
    tcase_add_test(tests, a_single_event_type_takes_no_array);
    tcase_add_test(tests, pages_are_bounded);
    tcase_add_loop_test(tests, metric_questions_are_checked, 0, COUNT_OF(METRIC_QUESTIONS));
    tcase_add_test(tests, windows_have_a_length);
    tcase_add_loop_test(tests, event_filters_are_checked, 0, COUNT_OF(EVENT_FILTERS));
    tcase_add_test(tests, reconciliation_needs_a_window_of_days);
    tcase_add_loop_test(tests, a_change_is_one_object, 0, COUNT_OF(OBJECTS));
    tcase_add_test(tests, what_cannot_be_is_not_looked_for);
    tcase_add_test(tests, every_problem_is_explained);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
