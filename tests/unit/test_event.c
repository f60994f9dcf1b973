#include "ingest/event.h"

#include "base/clock.h"
#include "tap.h"

#include <string.h>

enum { MEMORY = 1024 * 1024 };

static struct arena *arena;
static struct event event;
static struct problem why;

static void set_up(void)
{
    arena = arena_create(MEMORY);
    why = (struct problem){.code = PROBLEM_NONE};
}

static void tear_down(void)
{
    arena_destroy(arena);
}

/* Reads an event whose JSON is gone by the time that it is looked at. */
static bool reads(const char *text)
{
    size_t used;
    json_t *object = json_parse(text, strlen(text), &used, &why);
    ck_assert_ptr_nonnull(object);
    struct event_context context = {.type_prefix = "com.acme"};
    ck_assert(timestamp_parse("2026-03-01T12:00:00Z", &context.now));
    bool is_valid = event_read(arena, text, used, object, &context, &event, &why);
    json_decref(object);
    return is_valid;
}

static bool has_fault(const char *pointer)
{
    for (unsigned i = 0; i < why.fault_count; i++)
        if (strcmp(why.faults[i].pointer, pointer) == 0)
            return true;
    return false;
}

/* An event of a type and data, valid but for these. */
static const char *with(const char *type, const char *data)
{
    return arena_print(arena,
                       "{\"id\":\"1\",\"source\":\"test\",\"subject\":\"acme\",\"type\":\"%s\","
                       "\"time\":\"2026-03-01T09:30:00Z\",\"data\":%s}",
                       type, data);
}

/* A valid lead with more attributes: those of the same name come last and are refused. */
static const char *lead(const char *attributes)
{
    return arena_print(arena,
                       "{\"source\":\"test\",\"type\":\"find.lead.created\","
                       "\"data\":{\"channel\":\"ad\"},%s}",
                       attributes);
}

static const char TIMED[] = "\"id\":\"1\",\"subject\":\"acme\",\"time\":";

START_TEST(a_payment_fills_the_columns)
{
    ck_assert(
        reads("{\"specversion\":\"1.0\",\"id\":\"inv-1\",\"source\":\"billing\","
              "\"type\":\"bill.payment.succeeded\",\"subject\":\"acme-42\","
              "\"time\":\"2026-03-01T09:30:00+01:00\",\"data\":{\"payment_id\":\"pay_991\","
              "\"amount\":129900,\"currency\":\"EUR\",\"invoice_id\":\"i-8\"}} "));
    ck_assert_str_eq(event.type->name, "bill.payment.succeeded");
    ck_assert_str_eq(event.id, "inv-1");
    ck_assert_str_eq(event.source, "billing");
    ck_assert_str_eq(event.subject, "acme-42");
    ck_assert_ptr_null(event.sequence);
    ck_assert(event.values.has_amount && !event.values.has_units && !event.values.has_stage);
    ck_assert_int_eq(event.values.amount, 129900);
    ck_assert_str_eq(event.values.currency, "EUR");
    ck_assert_str_eq(event.values.object, "pay_991");
    ck_assert_int_eq(event.body[event.body_length - 1], '}');
    int64_t expected;
    ck_assert(timestamp_parse("2026-03-01T08:30:00Z", &expected));
    ck_assert_int_eq(event.occurred_at, expected);
}
END_TEST

START_TEST(an_event_is_named_by_source_and_id)
{
    unsigned char expected[UUID_SIZE];
    ck_assert(reads(with("find.lead.created", "{\"channel\":\"ad\"}")));
    uuid_of_name(EVENT_NAMESPACE, "test", "1", expected);
    ck_assert_mem_eq(event.event_id, expected, UUID_SIZE);
    ck_assert(reads("{\"id\":\"v\",\"source\":\"test\",\"type\":\"event.voided\","
                    "\"time\":\"2026-03-01T09:30:00Z\","
                    "\"data\":{\"source\":\"test\",\"id\":\"1\"}}"));
    ck_assert_mem_eq(event.target, expected, UUID_SIZE);
    ck_assert_ptr_null(event.subject);
}
END_TEST

START_TEST(an_override_names_its_stage)
{
    ck_assert(reads(with("stage.overridden", "{\"stage\":\"sell\",\"reason\":\"wrong\"}")));
    ck_assert(event.values.has_stage);
    ck_assert_int_eq(event.values.stage + STAGE_FIND, STAGE_SELL);
    ck_assert(!reads(with("stage.overridden", "{\"stage\":\"none\"}")));
    ck_assert(has_fault("/data/stage"));
}
END_TEST

START_TEST(a_sequence_is_put_in_order)
{
    static const char *const GIVEN[][2] = {
        {"7", "00000000000000000007"},
        {"\"42\"", "00000000000000000042"},
        {"\"0042\"", "00000000000000000042"},
        {"\"123456789012345678\"", "00123456789012345678"},
        {"\"b-7\"", "b-7"},
    };
    for (size_t i = 0; i < COUNT_OF(GIVEN); i++) {
        ck_assert(reads(lead(arena_print(arena, "%s\"2026-03-01T09:00:00Z\",\"sequence\":%s",
                                         TIMED, GIVEN[i][0]))));
        ck_assert_str_eq(event.sequence, GIVEN[i][1]);
    }
}
END_TEST

START_TEST(all_faults_are_told_at_once)
{
    ck_assert(!reads("{\"specversion\":\"0.3\",\"id\":\"\",\"source\":7,\"time\":\"yesterday\","
                     "\"type\":\"sell.order.placed\",\"sequence\":-1,"
                     "\"data\":{\"amount\":1.5,\"currency\":\"EUR\",\"order_id\":\"1\"}}"));
    static const char *const POINTERS[] = {"/specversion", "/id",        "/source",
                                           "/time",        "/sequence",  "/subject",
                                           "/data/amount", "/data/units"};
    ck_assert_int_eq(why.code, PROBLEM_UNPROCESSABLE);
    for (size_t i = 0; i < COUNT_OF(POINTERS); i++)
        ck_assert_msg(has_fault(POINTERS[i]), "%s", POINTERS[i]);
}
END_TEST

static const struct {
    const char *attributes, *pointer, *detail;
} BAD_ATTRIBUTES[] = {
    {"\"2026-03-01T09:30:00\"", "/time", "offset"},
    {"\"2026-03-01\"", "/time", "RFC 3339"},
    {"\"0000-01-01T00:00:00Z\"", "/time", "year"},
    {"\"9999-01-01T00:00:00Z\"", "/time", "year"},
    {"\"2026-02-30T00:00:00Z\"", "/time", "calendar"},
    {"\"2026-03-01T12:05:01Z\"", "/time", "future"},
    {"\"2026-03-01T09:00:00Z\",\"Data\":1", "/Data", "a-z"},
    {"\"2026-03-01T09:00:00Z\",\"data_base64\":\"AA==\"", "/data_base64", "binary"},
    {"\"2026-03-01T09:00:00Z\",\"abcdefghijklmnopqrstu\":1", "/abcdefghijklmnopqrstu", "20"},
    {"\"2026-03-01T09:00:00Z\",\"\\u00fc\":1", "", "a-z"},
    {"\"2026-03-01T09:00:00Z\",\"datacontenttype\":\"text/xml\"", "/datacontenttype", "json"},
    {"\"2026-03-01T09:00:00Z\",\"sequence\":\"\"", "/sequence", "text"},
    {"\"2026-03-01T09:00:00Z\",\"sequence\":1.5", "/sequence", "text"},
};

START_TEST(a_bad_attribute_is_told)
{
    ck_assert(!reads(lead(arena_print(arena, "%s%s", TIMED, BAD_ATTRIBUTES[_i].attributes))));
    ck_assert_uint_eq(why.fault_count, 1);
    ck_assert_str_eq(why.faults[0].pointer, BAD_ATTRIBUTES[_i].pointer);
    ck_assert_msg(strstr(why.faults[0].detail, BAD_ATTRIBUTES[_i].detail) != NULL, "%s",
                  why.faults[0].detail);
}
END_TEST

static const struct {
    const char *type, *data, *pointer;
} BAD_DATA[] = {
    {"sell.quote.sent", "{\"quote_id\":\"q\",\"amount\":1}", "/data/currency"},
    {"sell.quote.sent", "{\"quote_id\":\"q\",\"currency\":\"EUR\"}", "/data/amount"},
    {"support.case.closed", "{\"case_id\":\"c\",\"resolution\":\"r\",\"cost\":{\"amount\":1}}",
     "/data/cost/currency"},
    {"find.lead.created", "{\"channel\":\"ad\",\"cost\":{\"amount\":0.5,\"currency\":\"EUR\"}}",
     "/data/cost/amount"},
    {"find.lead.created", "{\"channel\":\"telepathy\"}", "/data/channel"},
    {"find.lead.created", "{\"channel\":\"ad\",\"minutes\":-1}", "/data/minutes"},
    {"find.lead.created", "{\"channel\":\"ad\",\"actor\":\"me\"}", "/data/actor"},
    {"find.lead.created", "{\"channel\":\"ad\",\"correlation\":7}", "/data/correlation"},
    {"find.lead.created", "[]", "/data"},
    {"sell.deal.won",
     "{\"opportunity_id\":\"o\",\"amount\":1,\"currency\":\"EUR\",\"items\":[{\"units\":-1}]}",
     "/data/items/0/units"},
    {"support.survey.answered", "{\"survey_id\":\"s\",\"kind\":\"nps\",\"score\":9}",
     "/data/scale_max"},
    {"bill.payment.vanished", "{}", "/type"},
};

START_TEST(bad_data_is_told)
{
    ck_assert(!reads(with(BAD_DATA[_i].type, BAD_DATA[_i].data)));
    ck_assert_uint_eq(why.fault_count, 1);
    ck_assert_str_eq(why.faults[0].pointer, BAD_DATA[_i].pointer);
}
END_TEST

static const char *const GOOD_DATA[][2] = {
    {"sell.quote.sent", "{\"quote_id\":\"q\"}"},
    {"sell.quote.sent", "{\"quote_id\":\"q\",\"amount\":null,\"currency\":null}"},
    {"find.lead.created", "{\"channel\":\"ad\",\"correlation\":\"order 7\"}"},
    {"find.lead.created", "{\"channel\":\"ad\",\"correlation\":{\"order\":\"7\"}}"},
    {"find.touch.recorded", "{\"channel\":\"carrier pigeon\",\"anything\":[1,{}]}"},
    {"customer.identified", "{\"identifiers\":[\"stripe:cus_9\"],\"attributes\":{\"a\":1}}"},
    {"customer.identified", "null"},
    {"bill.invoice.issued", "{\"invoice_id\":\"i\",\"amount\":-5,\"currency\":\"JPY\","
                            "\"due_at\":\"2026-04-01\",\"lines\":[{}]}"},
};

START_TEST(good_data_passes)
{
    ck_assert_msg(reads(with(GOOD_DATA[_i][0], GOOD_DATA[_i][1])), "%s: %s",
                  why.faults[0].pointer, why.faults[0].detail);
}
END_TEST

START_TEST(only_scheduled_types_lie_ahead)
{
    static const char TEXT[] = "{\"id\":\"1\",\"source\":\"test\",\"subject\":\"acme\","
                               "\"type\":\"bill.subscription.%s\",\"time\":\"%s\","
                               "\"data\":{\"subscription_id\":\"s\"}}";
    ck_assert(reads(arena_print(arena, TEXT, "cancel_requested", "2027-01-01T00:00:00Z")));
    ck_assert(!reads(arena_print(arena, TEXT, "cancel_requested", "2047-01-01T00:00:00Z")));
    why = (struct problem){.code = PROBLEM_NONE};
    ck_assert(!reads(arena_print(arena, TEXT, "renewed", "2027-01-01T00:00:00Z")));
    why = (struct problem){.code = PROBLEM_NONE};
    ck_assert(reads(arena_print(arena, TEXT, "renewed", "2026-03-01T12:05:00Z")));
}
END_TEST

START_TEST(names_are_plain_text)
{
    static const char *const NAMES[] = {" a", "a ", "a\\u0007", "a\\nb", "a\\u007f"};
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        why = (struct problem){.code = PROBLEM_NONE};
        ck_assert(!reads(lead(arena_print(
            arena, "\"id\":\"%s\",\"subject\":\"acme\",\"time\":\"2026-03-01T09:00:00Z\"",
            NAMES[i]))));
        ck_assert(has_fault("/id"));
    }
    why = (struct problem){.code = PROBLEM_NONE};
    ck_assert(reads(lead("\"id\":\"\\u00e4 b\",\"subject\":\"email_sha256:0f\","
                         "\"time\":\"2026-03-01T09:00:00Z\",\"traceparent\":\"00\"")));
}
END_TEST

START_TEST(an_event_is_an_object)
{
    ck_assert(!reads("[1]"));
    ck_assert(has_fault(""));
    why = (struct problem){.code = PROBLEM_NONE};
    ck_assert(!reads("{}"));
    ck_assert_uint_eq(why.fault_count, 4);
}
END_TEST

static const struct {
    const char *name, *prefix;
    bool is_known;
} PREFIXES[] = {
    {"com.acme.bill.payment.succeeded", "com.acme", true},
    {"bill.payment.succeeded", "com.acme", true},
    {"com.acmes.bill.payment.succeeded", "com.acme", false},
    {"com.acme.com.acme.bill.payment.succeeded", "com.acme", false},
    {"com.acme", "com.acme", false},
    {".bill.payment.succeeded", "", false},
    {"com.acme.bill.payment.succeeded", NULL, false},
};

START_TEST(a_prefix_may_stand_before_the_type)
{
    for (size_t i = 0; i < COUNT_OF(PREFIXES); i++) {
        const struct event_context context = {.type_prefix = PREFIXES[i].prefix};
        const struct event_type *type;
        ck_assert(event_type_find(arena, PREFIXES[i].name, &context, &type, &why));
        ck_assert_msg((type != NULL) == PREFIXES[i].is_known, "%s", PREFIXES[i].name);
    }
    const char *text = with("com.acme.find.lead.created", "{\"channel\":\"ad\"}");
    ck_assert(reads(text));
    ck_assert_str_eq(event.type->name, "find.lead.created");
    ck_assert_ptr_eq(event.body, text);
    ck_assert(!reads(with("org.acme.find.lead.created", "{\"channel\":\"ad\"}")));
    ck_assert(has_fault("/type"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event");
    TCase *tests = tcase_create("event");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_payment_fills_the_columns);
    tcase_add_test(tests, an_event_is_named_by_source_and_id);
    tcase_add_test(tests, an_override_names_its_stage);
    tcase_add_test(tests, a_sequence_is_put_in_order);
    tcase_add_test(tests, all_faults_are_told_at_once);
    tcase_add_loop_test(tests, a_bad_attribute_is_told, 0, COUNT_OF(BAD_ATTRIBUTES));
    tcase_add_loop_test(tests, bad_data_is_told, 0, COUNT_OF(BAD_DATA));
    tcase_add_loop_test(tests, good_data_passes, 0, COUNT_OF(GOOD_DATA));
    tcase_add_test(tests, only_scheduled_types_lie_ahead);
    tcase_add_test(tests, names_are_plain_text);
    tcase_add_test(tests, an_event_is_an_object);
    tcase_add_test(tests, a_prefix_may_stand_before_the_type);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
