/* traceparent, read as strictly as W3C Trace Context wants it. */
#include "base/compiler.h"
#include "base/trace.h"
#include "tap.h"

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static const struct {
    const char *field;
    bool is_sampled;
} GOOD[] = {
    {"00-" ID "-" SPAN "-01", true},
    {"00-" ID "-" SPAN "-00", false},
    {"00-" ID "-" SPAN "-ff", true},
    {"00-" ID "-" SPAN "-02", false},
    {"cc-" ID "-" SPAN "-01", true},
    {"cc-" ID "-" SPAN "-01-what-the-future-will-be-like", true},
};

START_TEST(what_is_well_formed_is_read)
{
    struct trace trace;
    ck_assert(trace_read(GOOD[_i].field, &trace));
    ck_assert_str_eq(trace.id, ID);
    ck_assert_str_eq(trace.parent, SPAN);
    ck_assert_int_eq(trace.is_sampled, GOOD[_i].is_sampled);
}
END_TEST

static const char *const BAD[] = {
    "",
    "00",
    "00-" ID "-" SPAN,
    "00-" ID "-" SPAN "-",
    "00-" ID "-" SPAN "-0",
    "00-" ID "-" SPAN "-01-",
    "00-" ID "-" SPAN "-01-more",
    "00-" ID "-" SPAN "-011",
    "00-" ID "-" SPAN "-01 ",
    " 00-" ID "-" SPAN "-01",
    "00-" ID "-" SPAN "-0g",
    "0g-" ID "-" SPAN "-01",
    "ff-" ID "-" SPAN "-01",
    "cc-" ID "-" SPAN "-01.",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
    "00-" ID "-00F067AA0BA902B7-01",
    "00-00000000000000000000000000000000-" SPAN "-01",
    "00-" ID "-0000000000000000-01",
    "00_" ID "-" SPAN "-01",
    "00-" ID "_" SPAN "-01",
    "00-" ID "-" SPAN "_01",
    "00-4bf92f3577b34da6a3ce929d0e0e473\"-" SPAN "-01",
    "00-" ID SPAN "-" SPAN "-01",
};

START_TEST(what_is_not_is_no_trace)
{
    struct trace trace;
    ck_assert_msg(!trace_read(BAD[_i], &trace), "%s", BAD[_i]);
    ck_assert_str_eq(trace.id, "");
    ck_assert_str_eq(trace.parent, "");
    ck_assert(!trace.is_sampled);
}
END_TEST

START_TEST(no_field_is_no_trace)
{
    struct trace trace;
    ck_assert(!trace_read(NULL, &trace));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trace");
    TCase *all = tcase_create("trace");
    tcase_add_loop_test(all, what_is_well_formed_is_read, 0, COUNT_OF(GOOD));
    tcase_add_loop_test(all, what_is_not_is_no_trace, 0, COUNT_OF(BAD));
    tcase_add_test(all, no_field_is_no_trace);
    suite_add_tcase(suite, all);
    return tap_run(suite);
}
