#include "http/body.h"

#include "gzip.h"
#include "tap.h"

#include <string.h>

enum { MEMORY = 16 * 1024 * 1024, LIMIT = 100 * 1024 };

static struct arena *arena;
static struct body body;
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

static char *repeated(char character, size_t length)
{
    char *text = arena_alloc(arena, length + 1);
    return memset(text, character, length);
}

static void assert_body(const char *expected)
{
    const char *text;
    size_t length;
    ck_assert_msg(body_end(&body, &text, &length, &why), "%s", why.detail);
    ck_assert_uint_eq(length, strlen(expected));
    ck_assert_int_eq(memcmp(text, expected, length + 1), 0);
}

static void assert_refused(enum problem_code code)
{
    const char *text;
    size_t length;
    ck_assert(!body_end(&body, &text, &length, &why));
    ck_assert_int_eq(why.code, code);
}

START_TEST(pieces_make_a_body)
{
    ck_assert(body_begin(&body, arena, LIMIT, 7, false, &why));
    body_take(&body, "one", 3);
    body_take(&body, " two", 4);
    assert_body("one two");
    ck_assert(body_begin(&body, arena, LIMIT, 0, false, &why));
    assert_body("");
    char *largest = repeated('x', LIMIT);
    ck_assert(body_begin(&body, arena, LIMIT, 0, false, &why));
    body_take(&body, largest, LIMIT);
    assert_body(largest);
}
END_TEST

START_TEST(what_is_over_the_limit_is_dropped)
{
    ck_assert(body_begin(&body, arena, LIMIT, 0, false, &why));
    char *piece = repeated('x', LIMIT);
    for (int i = 0; i < 1000; i++)
        body_take(&body, piece, LIMIT);
    ck_assert_uint_eq(body.received, UINT64_C(1000) * LIMIT);
    ck_assert_uint_le(body.text.capacity, LIMIT);
    assert_refused(PROBLEM_TOO_LARGE);
}
END_TEST

START_TEST(what_nobody_wants_is_watched)
{
    body_drop(&body, arena, LIMIT);
    body_take(&body, "unwanted", 8);
    assert_body("");
    char *piece = repeated('x', LIMIT);
    body_drop(&body, arena, LIMIT);
    body_take(&body, piece, LIMIT);
    body_take(&body, piece, 1);
    assert_refused(PROBLEM_TOO_LARGE);
}
END_TEST

START_TEST(a_packed_body_is_unpacked)
{
    char *text = repeated('x', LIMIT), *packed = arena_alloc(arena, LIMIT);
    size_t size = gzip_pack(text, LIMIT, packed, LIMIT);
    for (size_t piece = 1; piece <= size; piece += 7) {
        ck_assert(body_begin(&body, arena, LIMIT, size, true, &why));
        for (size_t at = 0; at < size; at += piece)
            body_take(&body, packed + at, size - at < piece ? size - at : piece);
        assert_body(text);
    }
}
END_TEST

/* Both the bytes on the wire and the unpacked ones count. */
START_TEST(a_bomb_is_not_unpacked_beyond_the_limit)
{
    enum { BOMB = 8 * 1024 * 1024 };
    char *packed = arena_alloc(arena, LIMIT);
    size_t size = gzip_pack(repeated('\0', BOMB), BOMB, packed, LIMIT);
    ck_assert(body_begin(&body, arena, LIMIT, size, true, &why));
    body_take(&body, packed, size);
    ck_assert_uint_le(body.text.capacity, LIMIT);
    assert_refused(PROBLEM_TOO_LARGE);
    size = gzip_pack("", 0, packed, LIMIT);
    ck_assert(body_begin(&body, arena, LIMIT, 0, true, &why));
    for (size_t sent = 0; sent <= LIMIT; sent += size)
        body_take(&body, packed, size);
    assert_refused(PROBLEM_TOO_LARGE);
}
END_TEST

START_TEST(what_is_not_gzip_is_refused)
{
    char packed[256];
    size_t size = gzip_pack("text", 4, packed, sizeof packed);
    ck_assert(body_begin(&body, arena, LIMIT, 0, true, &why));
    body_take(&body, packed, size - 1);
    assert_refused(PROBLEM_MALFORMED);
    ck_assert(body_begin(&body, arena, LIMIT, 0, true, &why));
    body_take(&body, packed, size);
    body_take(&body, "garbage behind", 14);
    assert_refused(PROBLEM_MALFORMED);
    ck_assert(body_begin(&body, arena, LIMIT, 0, true, &why));
    body_take(&body, "{\"plain\":true}", 14);
    assert_refused(PROBLEM_MALFORMED);
    ck_assert(body_begin(&body, arena, LIMIT, 0, true, &why));
    assert_refused(PROBLEM_MALFORMED);
}
END_TEST

START_TEST(without_memory_it_says_so)
{
    struct arena *small = arena_create(1000);
    ck_assert(body_begin(&body, small, LIMIT, 0, false, &why));
    body_take(&body, repeated('x', LIMIT), LIMIT);
    assert_refused(PROBLEM_INTERNAL);
    arena_destroy(small);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("body");
    TCase *tests = tcase_create("body");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, pieces_make_a_body);
    tcase_add_test(tests, what_is_over_the_limit_is_dropped);
    tcase_add_test(tests, what_nobody_wants_is_watched);
    tcase_add_test(tests, a_packed_body_is_unpacked);
    tcase_add_test(tests, a_bomb_is_not_unpacked_beyond_the_limit);
    tcase_add_test(tests, what_is_not_gzip_is_refused);
    tcase_add_test(tests, without_memory_it_says_so);
    return tap_run(suite);
}
