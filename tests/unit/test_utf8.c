#include "base/utf8.h"

#include "base/compiler.h"
#include "tap.h"

#include <string.h>

static const char *const GOOD[] = {
    "",
    "plain text of more than eight bytes",
    "\x7f",
    "\xc2\x80\u07ff",
    "\u0800\uffff\xed\x9f\xbf\ue000",
    "\U00010000\U0010ffff",
    "seven..\u20ac at the edge of a word",
};

static const char *const BAD[] = {
    "\x80",     /* a continuation without a beginning */
    "\xc0\xaf", /* overlong forms of '/' */
    "\xe0\x80\xaf",
    "\xf0\x80\x80\xaf",
    "\xc1\xbf",
    "\xe0\x9f\xbf",
    "\xf0\x8f\xbf\xbf", /* overlong, the largest */
    "\xed\xa0\x80",
    "\xed\xbf\xbf", /* surrogates */
    "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80",
    "\xff", /* past U+10FFFF */
    "\xc3",
    "\xe2\x82",
    "\xf0\x9f\x92", /* cut short */
    "\xe2\x28\xa1",
    "\xf0\x9f\x28\x80", /* ASCII in the midst of a character */
    "nearly right\xe2",
};

START_TEST(well_formed_text_is_accepted)
{
    ck_assert(is_utf8(GOOD[_i], strlen(GOOD[_i])));
}
END_TEST

START_TEST(ill_formed_text_is_refused)
{
    ck_assert(!is_utf8(BAD[_i], strlen(BAD[_i])));
}
END_TEST

START_TEST(characters_have_their_length)
{
    ck_assert_uint_eq(utf8_length("", 0), 0);
    ck_assert_uint_eq(utf8_length("a", 1), 1);
    ck_assert_uint_eq(utf8_length("\0", 1), 1);
    ck_assert_uint_eq(utf8_length("\u00e9", 2), 2);
    ck_assert_uint_eq(utf8_length("\u20ac", 3), 3);
    ck_assert_uint_eq(utf8_length("\u20ac", 2), 0);
    ck_assert_uint_eq(utf8_length("\U0001f4a9", 4), 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("utf8");
    TCase *tests = tcase_create("utf8");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, well_formed_text_is_accepted, 0, COUNT_OF(GOOD));
    tcase_add_loop_test(tests, ill_formed_text_is_refused, 0, COUNT_OF(BAD));
    tcase_add_test(tests, characters_have_their_length);
    return tap_run(suite);
}
