#include "http/auth.h"
#include "ingest/bounds.h"
#include "tap.h"

#include <string.h>

static const struct {
    const char *types, *type;
    bool is_allowed;
} TYPES[] = {
    {NULL, "bill.payment.failed", true},
    {"bill.*", "bill.payment.failed", true},
    {"bill.*", "billing.run.ended", false},
    {"bill.*", "sell.bill.written", false},
    {"bill.payment.*", "bill.invoice.issued", false},
    {"bill.payment.failed", "bill.payment.failed", true},
    {"bill.payment.failed", "bill.payment.fail", false},
    {"bill.payment.fail", "bill.payment.failed", false},
    {"sell.order.placed\nbill.*", "bill.payment.failed", true},
    {"sell.order.placed\nbill.*", "sell.order.placed", true},
    {"sell.order.placed\nbill.*", "sell.order.cancelled", false},
    {"", "bill.payment.failed", false},
};

START_TEST(types_are_bound_by_name_or_by_beginning)
{
    ck_assert(bounds_allow_type(TYPES[_i].types, TYPES[_i].type) == TYPES[_i].is_allowed);
}
END_TEST

START_TEST(each_thing_out_of_bounds_is_a_fault)
{
    const struct event_type *voided = vocabulary_find("event.voided");
    const struct rights rights = {.sources = "shop\ntill", .types = "bill.*"};
    struct event event = {.type = voided, .source = "web", .values = {.target_source = "till"}};
    struct problem why = {.code = PROBLEM_NONE};
    ck_assert(!bounds_check(&rights, &event, &why));
    ck_assert_int_eq(why.code, PROBLEM_FORBIDDEN);
    ck_assert_uint_eq(why.fault_count, 2);
    ck_assert_str_eq(why.faults[0].pointer, "/source");
    ck_assert_str_eq(why.faults[1].pointer, "/type");
    event = (struct event){.type = vocabulary_find("bill.payment.failed"), .source = "till"};
    ck_assert(bounds_check(&rights, &event, &why));
}
END_TEST

START_TEST(what_a_key_takes_back_is_bound_too)
{
    const struct rights rights = {.sources = "shop"};
    struct event event = {.type = vocabulary_find("event.voided"),
                          .source = "shop",
                          .values = {.target_source = "shop"}};
    struct problem why = {.code = PROBLEM_NONE};
    ck_assert(bounds_check(&rights, &event, &why));
    event.values.target_source = "web";
    ck_assert(!bounds_check(&rights, &event, &why));
    ck_assert_uint_eq(why.fault_count, 1);
    ck_assert_str_eq(why.faults[0].pointer, "/data/source");
}
END_TEST

START_TEST(without_bounds_anything_goes)
{
    const struct rights free = {.scopes = SCOPE_EVENTS_WRITE};
    const struct event event = {.type = vocabulary_find("bill.payment.failed"), .source = "s"};
    struct problem why = {.code = PROBLEM_NONE};
    ck_assert(bounds_check(&free, &event, &why));
    ck_assert(bounds_check(NULL, &event, &why));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bounds");
    TCase *tests = tcase_create("bounds");
    tcase_add_loop_test(tests, types_are_bound_by_name_or_by_beginning, 0, COUNT_OF(TYPES));
    tcase_add_test(tests, each_thing_out_of_bounds_is_a_fault);
    tcase_add_test(tests, what_a_key_takes_back_is_bound_too);
    tcase_add_test(tests, without_bounds_anything_goes);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
