#include "json/decode.h"

#include "tap.h"

#include <string.h>

static json_t *parse(const char *text, size_t *used, struct problem *why)
{
    *why = (struct problem){0};
    return json_parse(text, strlen(text), used, why);
}

static const struct {
    const char *text;
    size_t used;
} VALUES[] = {
    {"{}", 2},
    {" \r\n\t{\"a\": [1, 2.5, true, null, \"\\u20ac\\ud83d\\ude00\"]}", 53},
    {"{\"a\":1}\n{\"b\":2}\n", 7},
    {"[1,2],[3]", 5},
    {"\"text\" and more", 6},
    {"12 ", 2},
    {"-0.5e-300,", 9},
    {"null", 4},
    {"\"[[[[ a \\\" is no bracket ]\"", 27},
    {"{\"a\":{\"x\":1},\"b\":{\"x\":1}}", 25},
};

START_TEST(one_value_is_taken_from_the_front)
{
    struct problem why;
    size_t used = 0;
    json_t *value = parse(VALUES[_i].text, &used, &why);
    ck_assert_msg(value != NULL, "%s: %s", VALUES[_i].text, why.detail);
    ck_assert_uint_eq(used, VALUES[_i].used);
    ck_assert_uint_eq(json_extent(VALUES[_i].text, strlen(VALUES[_i].text)), used);
    json_decref(value);
}
END_TEST

static const struct {
    const char *text, *detail;
} FAULTS[] = {
    {"", "not valid JSON: it ends too early, at byte 0"},
    {"{\"a\":1", "not valid JSON: it ends too early, at byte 6"},
    {"{\"a\":1,}", "not valid JSON at byte 8"},
    {"{'a':1}", "not valid JSON at byte 2"},
    {"[1 2]", "not valid JSON at byte 4"},
    {"nil", "not valid JSON at byte 3"},
    {"[01]", "not valid JSON at byte 2"},
    {"[+1]", "not valid JSON at byte 2"},
    {"[NaN]", "not valid JSON at byte 4"},
    {"\"a\nb\"", "not valid JSON at byte 2"},
    {"\"\\x\"", "not valid JSON at byte 3"},
    {"\"\\ud800\"", "not valid JSON at byte 8"},
    {"\"\xff\"", "not valid UTF-8 at byte 1"},
    {"\"\xc0\xaf\"", "not valid UTF-8 at byte 1"},
    {"\"\\u0000\"", "not allowed: the character \\u0000 at byte 8"},
    {"{\"\\u0000\":1}", "not allowed: the character \\u0000 in a name at byte 9"},
    {"{\"a\":1,\"a\":1}", "not allowed: the same name twice in one object, at byte 10"},
    {"9223372036854775808", "not allowed: a number that is too large, at byte 19"},
    {"1e400", "not allowed: a number that is too large, at byte 5"},
    {"\xef\xbb\xbf{}", "begins with a byte order mark; send UTF-8 without one"},
};

START_TEST(faults_are_told_in_our_words)
{
    struct problem why;
    size_t used;
    json_t *value = parse(FAULTS[_i].text, &used, &why);
    ck_assert_ptr_null(value);
    ck_assert_int_eq(why.code, PROBLEM_MALFORMED);
    ck_assert_str_eq(why.detail, FAULTS[_i].detail);
}
END_TEST

static json_t *parse_nested(size_t depth, struct problem *why)
{
    static char text[200000];
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
    size_t used;
    return parse(text, &used, why);
}

START_TEST(nesting_has_a_limit)
{
    struct problem why;
    json_t *value = parse_nested(JSON_DEPTH_LIMIT, &why);
    ck_assert_ptr_nonnull(value);
    json_decref(value);
    ck_assert_ptr_null(parse_nested(JSON_DEPTH_LIMIT + 1, &why));
    ck_assert_int_eq(why.code, PROBLEM_MALFORMED);
    ck_assert_str_eq(why.detail, "nested too deeply at byte 64: at most 64 levels");
    ck_assert_ptr_null(parse_nested(90000, &why));
    ck_assert_int_eq(why.code, PROBLEM_MALFORMED);
    ck_assert_uint_eq(json_extent("[[]", 3), 3);
}
END_TEST

START_TEST(numbers_have_a_limit)
{
    struct problem why;
    size_t used;
    char digits[100] = "0.";
    memset(digits + 2, '7', JSON_NUMBER_LIMIT - 2);
    json_t *value = parse(digits, &used, &why);
    ck_assert_ptr_nonnull(value);
    json_decref(value);
    digits[JSON_NUMBER_LIMIT] = '7';
    ck_assert_ptr_null(parse(digits, &used, &why));
    ck_assert_int_eq(why.code, PROBLEM_MALFORMED);
    ck_assert_ptr_null(parse("[1e-20000]", &used, &why));
    ck_assert_int_eq(why.code, PROBLEM_MALFORMED);
    ck_assert_ptr_nonnull(strstr(why.detail, "byte 1 "));
}
END_TEST

START_TEST(the_length_is_the_end)
{
    struct problem why = {0};
    size_t used = 0;
    json_t *value = json_parse("[12]345", 4, &used, &why);
    ck_assert_ptr_nonnull(value);
    ck_assert_uint_eq(used, 4);
    json_decref(value);
    ck_assert_ptr_null(json_parse("[12]345", 3, &used, &why));
    ck_assert_ptr_null(json_parse("{}\0", 0, &used, &why));
}
END_TEST

START_TEST(currencies_are_in_order_and_found)
{
    const char *previous = "", *code;
    int digits = -1, count = 0;
    for (size_t at = 0; (code = currency_at(at, &digits)) != NULL; at++, count++) {
        ck_assert_uint_eq(strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 3);
        ck_assert_uint_eq(strlen(code), 3);
        ck_assert_int_lt(strcmp(previous, code), 0);
        ck_assert_int_eq(currency_digits(code), digits);
        previous = code;
    }
    ck_assert_int_gt(count, 150);
}
END_TEST

static const struct {
    const char *code;
    int digits;
} CURRENCIES[] = {
    {"EUR", 2},  {"USD", 2},  {"JPY", 0},  {"KWD", 3}, {"CLF", 4}, {"UYW", 4},   {"XOF", 0},
    {"XCD", 2},  {"ISK", 0},  {"TND", 3},  {"AED", 2}, {"ZWG", 2}, {"eur", -1},  {"XXX", -1},
    {"XTS", -1}, {"XAU", -1}, {"DEM", -1}, {"", -1},   {"EU", -1}, {"EURO", -1}, {"ZZZ", -1},
};

START_TEST(currencies_have_their_digits)
{
    ck_assert_int_eq(currency_digits(CURRENCIES[_i].code), CURRENCIES[_i].digits);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("parse");
    TCase *tests = tcase_create("parse");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, one_value_is_taken_from_the_front, 0, COUNT_OF(VALUES));
    tcase_add_loop_test(tests, faults_are_told_in_our_words, 0, COUNT_OF(FAULTS));
    tcase_add_test(tests, nesting_has_a_limit);
    tcase_add_test(tests, numbers_have_a_limit);
    tcase_add_test(tests, the_length_is_the_end);
    tcase_add_test(tests, currencies_are_in_order_and_found);
    tcase_add_loop_test(tests, currencies_have_their_digits, 0, COUNT_OF(CURRENCIES));
    return tap_run(suite);
}
