/* What the data of an event says of costs, of periods, and of who is who. */
#include "ingest/event_data.h"

#include "tap.h"

#include <stdio.h>
#include <string.h>

static struct event_values values;
static struct problem why;

static bool reads(const char *type, const char *text)
{
    size_t used;
    why = (struct problem){.code = PROBLEM_NONE};
    json_t *data = json_parse(text, strlen(text), &used, &why);
    ck_assert_ptr_nonnull(data);
    bool is_valid = event_data_read(data, vocabulary_find(type), &values, &why);
    json_decref(data);
    return is_valid;
}

#define EURO(amount) "\"amount\":" amount ",\"currency\":\"EUR\""
#define COST "\"cost\":{" EURO("5") "}"

static const struct {
    const char *type, *data;
    int facets;
} FACETS[] = {
    {"find.lead.created", "{\"channel\":\"ad\"}", 0},
    {"find.lead.created", "{\"channel\":\"ad\",\"cost\":null}", 0},
    {"find.lead.created", "{\"channel\":\"ad\"," COST "}", FACET_COST},
    {"support.case.closed",
     "{\"case_id\":\"c\",\"resolution\":\"r\",\"minutes\":12.5," COST "}", FACET_COST},
    {"support.cost.recorded", "{" EURO("5") ",\"minutes\":3}", FACET_SPEND},
    {"sell.cost.recorded", "{" EURO("5") "," COST "}", FACET_SPEND | FACET_COST},
    {"find.spend.recorded",
     "{" EURO("5") ",\"purpose\":\"retention\",\"period_start\":\"2026-02-01\","
                   "\"period_end\":\"2026-02-01\"}",
     FACET_SPEND},
};

START_TEST(facets_tell_of_costs)
{
    ck_assert(reads(FACETS[_i].type, FACETS[_i].data));
    ck_assert_int_eq(values.facets, FACETS[_i].facets);
}
END_TEST

static const struct {
    const char *start, *end;
    bool is_right;
} PERIODS[] = {
    {"2026-02-01", "2026-02-01", true},
    {"2026-02-01", "2026-01-31", false},
    {"2026-02-01", "2026-01-31T23:00:00+01:00", false},
    {"2026-02-01", "2026-02-01T00:00:00-11:00", true},
    {"2026-02-01T01:00:00+01:00", "2026-02-01T00:00:00Z", true},
    {"2026-02-01T01:00:00+01:00", "2026-01-31T23:59:59Z", false},
    {"2026-02-01", "soon", false},
};

START_TEST(a_period_ends_after_it_begins)
{
    char data[256];
    snprintf(data, sizeof data,
             "{\"feature\":\"f\",\"quantity\":1,\"period_start\":\"%s\",\"period_end\":\"%s\"}",
             PERIODS[_i].start, PERIODS[_i].end);
    bool is_right = reads("deliver.usage.recorded", data);
    ck_assert_int_eq(is_right, PERIODS[_i].is_right);
    ck_assert_uint_eq(why.fault_count, is_right ? 0 : 1);
    ck_assert(is_right || strcmp(why.faults[0].pointer, "/data/period_end") == 0);
}
END_TEST

START_TEST(a_period_may_be_open)
{
    ck_assert(reads("bill.subscription.renewed",
                    "{\"subscription_id\":\"s\",\"period_end\":\"2026-01-01\"}"));
}
END_TEST

#define DEEP(inner)                                                                            \
    "{\"attributes\":{\"1\":{\"2\":{\"3\":{\"4\":{\"5\":{\"6\":{\"7\":[[[[[[[" inner           \
    "]]]]]]]}}}}}}}}}"

static const struct {
    const char *type, *data, *pointer; /* NULL: nothing is wrong */
} IDENTITIES[] = {
    {"customer.identified", "{}", NULL},
    {"customer.identified", "{\"identifiers\":[],\"attributes\":{\"a\":null}}", NULL},
    {"customer.identified", "{\"identifiers\":[\"a b:c\",\"\u00e4\"]}", NULL},
    {"customer.identified", "{\"identifiers\":[\"a\",\"\"]}", "/data/identifiers/1"},
    {"customer.identified", "{\"identifiers\":[\"a\",\" b\"]}", "/data/identifiers/1"},
    {"customer.identified", "{\"identifiers\":[\"a\\tb\"]}", "/data/identifiers/0"},
    {"customer.identified", "{\"identifiers\":[7]}", "/data/identifiers/0"},
    {"customer.attributes_changed", DEEP("[7]"), NULL},
    {"customer.attributes_changed", DEEP("[[7]]"), NULL},
    {"customer.attributes_changed", DEEP("[[{}]]"), "/data/attributes"},
    {"customer.merged", "{\"into\":\"a\"}", NULL},
    {"customer.merged", "{\"into\":\"a\\u0085\"}", NULL},
    {"customer.merged", "{\"into\":\"a\\u007f\"}", "/data/into"},
    {"customer.unmerged", "{\"into\":\"a \"}", "/data/into"},
    {"support.case.opened", "{\"case_id\":\"k\",\"into\":\"a \"}", NULL},
};

START_TEST(names_and_attributes_are_checked)
{
    const char *pointer = IDENTITIES[_i].pointer;
    bool is_read = reads(IDENTITIES[_i].type, IDENTITIES[_i].data);
    ck_assert_msg(is_read == (pointer == NULL), "%s: %s", IDENTITIES[_i].data,
                  why.faults[0].detail);
    if (pointer != NULL)
        ck_assert_str_eq(why.faults[0].pointer, pointer);
}
END_TEST

START_TEST(an_identifier_is_as_long_as_a_subject)
{
    char name[EVENT_NAME_LIMIT + 2] = "", data[512];
    memset(name, 'x', EVENT_NAME_LIMIT);
    snprintf(data, sizeof data, "{\"identifiers\":[\"%s\"]}", name);
    ck_assert(reads("customer.identified", data));
    name[EVENT_NAME_LIMIT] = 'x';
    snprintf(data, sizeof data, "{\"identifiers\":[\"%s\"]}", name);
    ck_assert(!reads("customer.identified", data));
    ck_assert_str_eq(why.faults[0].pointer, "/data/identifiers/0");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event_data");
    TCase *tests = tcase_create("event_data");
    tcase_add_loop_test(tests, facets_tell_of_costs, 0, COUNT_OF(FACETS));
    tcase_add_loop_test(tests, a_period_ends_after_it_begins, 0, COUNT_OF(PERIODS));
    tcase_add_test(tests, a_period_may_be_open);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, names_and_attributes_are_checked, 0, COUNT_OF(IDENTITIES));
    tcase_add_test(tests, an_identifier_is_as_long_as_a_subject);
    return tap_run(suite);
}
