#include "base/problem.h"

#include "base/utf8.h"
#include "tap.h"

#include <string.h>

START_TEST(every_code_is_explained)
{
    const struct problem_kind *kind = problem_kind((enum problem_code)_i);
    ck_assert_int_ge(kind->status, 400);
    ck_assert_int_lt(kind->status, 600);
    ck_assert_uint_eq(strspn(kind->slug, "abcdefghijklmnopqrstuvwxyz-"), strlen(kind->slug));
    ck_assert_uint_gt(strlen(kind->slug), 0);
    ck_assert_uint_gt(strlen(kind->title), 0);
    ck_assert_uint_gt(strlen(kind->explanation), strlen(kind->title));
    for (int other = 1; other < _i; other++) {
        ck_assert_str_ne(kind->slug, problem_kind((enum problem_code)other)->slug);
        ck_assert_int_gt(kind->status, problem_kind((enum problem_code)other)->status);
    }
}
END_TEST

START_TEST(an_unknown_code_is_an_internal_error)
{
    ck_assert_int_eq(problem_kind(PROBLEM_CODES)->status, 500);
}
END_TEST

START_TEST(a_failure_has_its_words)
{
    struct problem why = {0};
    ck_assert(!fail(&why, PROBLEM_NOT_FOUND, "no event %d", 7));
    ck_assert_int_eq(why.code, PROBLEM_NOT_FOUND);
    ck_assert_str_eq(why.detail, "no event 7");
    ck_assert_uint_eq(why.fault_count, 0);
}
END_TEST

START_TEST(faults_are_gathered_and_bounded)
{
    struct problem why = {0};
    for (int i = 0; i < PROBLEM_FAULTS + 3; i++)
        ck_assert(!fault_add(&why, "/data/amount", "fault %d", i));
    ck_assert_int_eq(why.code, PROBLEM_UNPROCESSABLE);
    ck_assert_str_ne(why.detail, "");
    ck_assert_uint_eq(why.fault_count, PROBLEM_FAULTS);
    ck_assert_str_eq(why.faults[0].pointer, "/data/amount");
    ck_assert_str_eq(why.faults[PROBLEM_FAULTS - 1].detail, "fault 7");
}
END_TEST

START_TEST(a_fault_keeps_the_code_that_was_there)
{
    struct problem why = {0};
    ck_assert(!fail(&why, PROBLEM_MALFORMED, "a query that cannot be read"));
    ck_assert(!fault_add(&why, "?from", "must be a time"));
    ck_assert_int_eq(why.code, PROBLEM_MALFORMED);
    ck_assert_str_eq(why.detail, "a query that cannot be read");
    ck_assert_uint_eq(why.fault_count, 1);
}
END_TEST

/* Whatever is quoted, and wherever it is cut, what is told is UTF-8. */
START_TEST(long_and_broken_text_is_cut_to_whole_characters)
{
    struct problem why = {0};
    char input[400];
    for (size_t at = 0; at + 3 < sizeof input; at += 3)
        memcpy(input + at, "\u20ac", 4);
    ck_assert(!fail(&why, PROBLEM_MALFORMED, "%.*s%s", _i, "xx", input));
    ck_assert(is_utf8(why.detail, strlen(why.detail)));
    ck_assert_uint_gt(strlen(why.detail), sizeof why.detail - 8);
    ck_assert_str_eq(why.detail + strlen(why.detail) - 3, "\u2026");

    ck_assert(!fault_add(&why, input, "not \xff\xfe here \xe2\x82"));
    ck_assert_str_eq(why.faults[0].detail, "not ?? here ??");
    ck_assert(is_utf8(why.faults[0].pointer, strlen(why.faults[0].pointer)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("problem");
    TCase *tests = tcase_create("problem");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, every_code_is_explained, 1, PROBLEM_CODES);
    tcase_add_test(tests, an_unknown_code_is_an_internal_error);
    tcase_add_test(tests, a_failure_has_its_words);
    tcase_add_test(tests, faults_are_gathered_and_bounded);
    tcase_add_test(tests, a_fault_keeps_the_code_that_was_there);
    tcase_add_loop_test(tests, long_and_broken_text_is_cut_to_whole_characters, 0, 3);
    return tap_run(suite);
}
