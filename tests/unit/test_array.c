#include "db/array.h"

#include "tap.h"

#include <string.h>

enum { KIBIBYTE = 1024 };

#define ARRAY_IS(value, ...)                                                                   \
    do {                                                                                       \
        static const unsigned char EXPECTED[] = {__VA_ARGS__};                                 \
        ck_assert((value).is_binary);                                                          \
        ck_assert_int_eq((value).length, sizeof EXPECTED);                                     \
        ck_assert_mem_eq((value).data, EXPECTED, sizeof EXPECTED);                             \
    } while (0)

START_TEST(elements_are_big_endian_with_their_lengths)
{
    struct arena *arena = arena_create(KIBIBYTE);
    struct array array = array_create(arena, ARRAY_INT2, KIBIBYTE);
    struct db_value value;
    array_int2(&array, -2);
    array_int2(&array, 258);
    ck_assert(array_finish(&array, &value));
    ARRAY_IS(value, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 21, 0, 0, 0, 2, 0, 0, 0, 1, /* */
             0, 0, 0, 2, 0xff, 0xfe, 0, 0, 0, 2, 1, 2);
    arena_destroy(arena);
}
END_TEST

START_TEST(a_null_is_told_by_the_header_and_has_no_bytes)
{
    struct arena *arena = arena_create(KIBIBYTE);
    struct array array = array_create(arena, ARRAY_TEXT, KIBIBYTE);
    struct db_value value;
    array_text(&array, "é");
    array_text(&array, NULL);
    array_text(&array, "");
    ck_assert(array_finish(&array, &value));
    ARRAY_IS(value, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 3, 0, 0, 0, 1, /* */
             0, 0, 0, 2, 0xc3, 0xa9, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);
    arena_destroy(arena);
}
END_TEST

START_TEST(an_array_without_elements_has_no_dimension)
{
    struct arena *arena = arena_create(KIBIBYTE);
    struct array array = array_create(arena, ARRAY_UUID, KIBIBYTE);
    struct db_value value;
    ck_assert(array_finish(&array, &value));
    ARRAY_IS(value, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 134);
    arena_destroy(arena);
}
END_TEST

START_TEST(a_time_is_its_microseconds)
{
    struct arena *arena = arena_create(KIBIBYTE);
    struct array array = array_create(arena, ARRAY_TIMESTAMPTZ, KIBIBYTE);
    struct db_value value;
    array_int8(&array, -1);
    ck_assert(array_finish(&array, &value));
    ARRAY_IS(value, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 160, 0, 0, 0, 1, 0, 0, 0, 1, /* */
             0, 0, 0, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    arena_destroy(arena);
}
END_TEST

START_TEST(what_does_not_fit_fails_at_the_end)
{
    struct arena *arena = arena_create(KIBIBYTE);
    struct array array = array_create(arena, ARRAY_INT8, 40);
    struct array headless = array_create(arena, ARRAY_INT8, 10);
    struct db_value value;
    array_int8(&array, 1);
    array_int8(&array, 2);
    array_null(&headless);
    ck_assert(!array_finish(&array, &value));
    ck_assert(!array_finish(&headless, &value));
    arena_destroy(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("array");
    TCase *tests = tcase_create("array");
    tcase_add_test(tests, elements_are_big_endian_with_their_lengths);
    tcase_add_test(tests, a_null_is_told_by_the_header_and_has_no_bytes);
    tcase_add_test(tests, an_array_without_elements_has_no_dimension);
    tcase_add_test(tests, a_time_is_its_microseconds);
    tcase_add_test(tests, what_does_not_fit_fails_at_the_end);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
