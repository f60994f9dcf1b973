#include "base/buffer.h"

#include "tap.h"

#include <string.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_create(1024 * 1024);
}

static void tear_down(void)
{
    arena_destroy(arena);
}

static void assert_holds(const struct buffer *buffer, const char *text)
{
    ck_assert(!buffer->failed);
    ck_assert_uint_eq(buffer->length, strlen(text));
    ck_assert_int_eq(memcmp(buffer->data, text, buffer->length), 0);
}

START_TEST(texts_follow_each_other)
{
    struct buffer buffer = buffer_create(arena, 1000);
    ck_assert_ptr_null(buffer.data);
    buffer_append(&buffer, "a\0b", 1);
    buffer_append(&buffer, NULL, 0);
    buffer_text(&buffer, "bc");
    buffer_print(&buffer, "%s=%d", "n", 5);
    memcpy(buffer_extend(&buffer, 3), "xyz", 3);
    assert_holds(&buffer, "abcn=5xyz");
}
END_TEST

START_TEST(it_grows_to_its_limit_and_remembers_what_did_not_fit)
{
    struct buffer buffer = buffer_create(arena, 10000);
    for (int i = 0; i < 1000; i++)
        buffer_text(&buffer, "0123456789");
    ck_assert(!buffer.failed);
    ck_assert_uint_eq(buffer.length, 10000);
    for (size_t at = 0; at < buffer.length; at++)
        ck_assert_int_eq(buffer.data[at], '0' + (int)(at % 10));
    ck_assert_ptr_null(buffer_extend(&buffer, 1));
    ck_assert(buffer.failed);
    buffer_text(&buffer, "");
    ck_assert(buffer.failed);
}
END_TEST

START_TEST(print_fills_the_last_byte)
{
    struct buffer buffer = buffer_create(arena, 5);
    buffer_print(&buffer, "%s", "12345");
    assert_holds(&buffer, "12345");
    buffer_print(&buffer, "%s", "");
    assert_holds(&buffer, "12345");
    buffer_print(&buffer, "%s", "6");
    ck_assert(buffer.failed);
}
END_TEST

START_TEST(after_a_failure_nothing_is_added)
{
    struct buffer buffer = buffer_create(arena, 4);
    buffer_text(&buffer, "abc");
    buffer_text(&buffer, "de");
    buffer_text(&buffer, "f");
    ck_assert(buffer.failed);
    ck_assert_uint_eq(buffer.length, 3);
}
END_TEST

START_TEST(an_arena_without_memory_is_a_failure)
{
    struct arena *small = arena_create(512);
    struct buffer buffer = buffer_create(small, SIZE_MAX);
    for (int i = 0; i < 100; i++)
        buffer_text(&buffer, "0123456789");
    ck_assert(buffer.failed);
    ck_assert_ptr_null(buffer_extend(&buffer, SIZE_MAX));
    arena_destroy(small);
}
END_TEST

static const struct {
    const char *text, *json;
} ESCAPES[] = {
    {"", "\"\""},
    {"plain", "\"plain\""},
    {"say \"hi\" \\ there", "\"say \\\"hi\\\" \\\\ there\""},
    {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
    {"\x01mid\x1f", "\"\\u0001mid\\u001f\""},
    {"gr\u00fc\u00df \u20ac", "\"gr\u00fc\u00df \u20ac\""},
    {NULL, "null"},
};

START_TEST(json_strings_are_escaped)
{
    struct buffer buffer = buffer_create(arena, 1000);
    buffer_json_text(&buffer, ESCAPES[_i].text);
    assert_holds(&buffer, ESCAPES[_i].json);
}
END_TEST

START_TEST(nul_in_a_json_string_is_escaped)
{
    struct buffer buffer = buffer_create(arena, 1000);
    buffer_json(&buffer, "a\0b", 3);
    assert_holds(&buffer, "\"a\\u0000b\"");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("buffer");
    TCase *tests = tcase_create("buffer");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, texts_follow_each_other);
    tcase_add_test(tests, it_grows_to_its_limit_and_remembers_what_did_not_fit);
    tcase_add_test(tests, print_fills_the_last_byte);
    tcase_add_test(tests, after_a_failure_nothing_is_added);
    tcase_add_test(tests, an_arena_without_memory_is_a_failure);
    tcase_add_loop_test(tests, json_strings_are_escaped, 0, COUNT_OF(ESCAPES));
    tcase_add_test(tests, nul_in_a_json_string_is_escaped);
    return tap_run(suite);
}
