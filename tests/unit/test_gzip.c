#include "base/gzip.h"

#include "gzip.h"
#include "tap.h"

#include <string.h>

enum { ROOM = 1024 * 1024 };

static const char TEXT[] = "{\"id\":\"1\"}\n{\"id\":\"2\"}\n{\"id\":\"2\"}\n";

static struct arena *arena;

static void set_up(void)
{
    arena = arena_create(8 * (size_t)ROOM);
}

static void tear_down(void)
{
    arena_destroy(arena);
}

static size_t pack(const void *text, size_t length, char *packed)
{
    return gzip_pack(text, length, packed, ROOM);
}

/* Reads all that a piece holds, `step` bytes at a time. */
static bool read_piece(struct gzip *gzip, struct buffer *out, size_t step, struct problem *why)
{
    char room[64];
    size_t length;
    do {
        if (!gzip_read(gzip, room, step, &length, why))
            return false;
        ck_assert_uint_le(length, step);
        buffer_append(out, room, length);
    } while (length == step);
    return true;
}

static void assert_holds(const struct buffer *buffer, const char *text)
{
    ck_assert(!buffer->failed);
    ck_assert_uint_eq(buffer->length, strlen(text));
    ck_assert_int_eq(memcmp(buffer->data, text, buffer->length), 0);
}

/* However it is cut on its way in and out. */
START_TEST(pieces_of_any_size_make_the_text)
{
    struct problem why = {0};
    char *packed = arena_alloc(arena, ROOM);
    size_t size = pack(TEXT, sizeof TEXT - 1, packed);
    size_t piece = (size_t)_i;
    for (size_t step = 1; step <= 64; step++) {
        struct gzip *gzip = gzip_create(arena);
        struct buffer out = buffer_create(arena, 1000);
        for (size_t at = 0; at < size; at += piece) {
            ck_assert(!gzip_is_whole(gzip));
            gzip_feed(gzip, packed + at, size - at < piece ? size - at : piece);
            ck_assert(read_piece(gzip, &out, step, &why));
        }
        ck_assert(gzip_is_whole(gzip));
        assert_holds(&out, TEXT);
    }
}
END_TEST

START_TEST(members_follow_each_other)
{
    struct problem why = {0};
    char *packed = arena_alloc(arena, 4 * (size_t)ROOM);
    size_t size = pack("one ", 4, packed);
    size += pack("", 0, packed + size);
    size += pack("two", 3, packed + size);
    struct gzip *gzip = gzip_create(arena);
    struct buffer out = buffer_create(arena, 1000);
    gzip_feed(gzip, packed, size);
    ck_assert(read_piece(gzip, &out, sizeof "two", &why));
    ck_assert(gzip_is_whole(gzip));
    gzip_feed(gzip, packed, 1);
    ck_assert(read_piece(gzip, &out, 1, &why));
    ck_assert(!gzip_is_whole(gzip));
    assert_holds(&out, "one two");
}
END_TEST

START_TEST(what_is_cut_short_is_not_whole)
{
    struct problem why = {0};
    char *packed = arena_alloc(arena, ROOM);
    size_t size = pack(TEXT, sizeof TEXT - 1, packed);
    for (size_t cut = 0; cut < size; cut++) {
        struct gzip *gzip = gzip_create(arena);
        struct buffer out = buffer_create(arena, 1000);
        gzip_feed(gzip, packed, cut);
        ck_assert(read_piece(gzip, &out, 64, &why));
        ck_assert(!gzip_is_whole(gzip));
    }
}
END_TEST

/* The text, its checksum or its length is another one then; or nothing can be read at all. The
 * hints in the header tell only when and where it was packed. */
START_TEST(no_damaged_byte_goes_unseen)
{
    enum { HINTS = 3, TEXT_BEGINS = 10 };
    char *packed = arena_alloc(arena, ROOM);
    size_t size = pack(TEXT, sizeof TEXT - 1, packed);
    for (size_t at = 0; at < size; at++) {
        struct problem why = {0};
        struct gzip *gzip = gzip_create(arena);
        struct buffer out = buffer_create(arena, 1000);
        if (at >= HINTS && at < TEXT_BEGINS)
            continue;
        packed[at] ^= 0x01;
        gzip_feed(gzip, packed, size);
        bool is_read = read_piece(gzip, &out, 64, &why);
        ck_assert(!is_read || !gzip_is_whole(gzip));
        ck_assert(is_read || why.code == PROBLEM_MALFORMED);
        packed[at] ^= 0x01;
    }
}
END_TEST

static const char *const OTHERS[] = {"plain text", "\x78\x9c\x03\x00\x00\x00\x00\x01",
                                     "\x1f\x8b\x07 another method", "PK\x03\x04"};

START_TEST(other_forms_are_refused)
{
    struct problem why = {0};
    char room[64];
    size_t length;
    struct gzip *gzip = gzip_create(arena);
    gzip_feed(gzip, OTHERS[_i], strlen(OTHERS[_i]) + 1);
    ck_assert(!gzip_read(gzip, room, sizeof room, &length, &why));
    ck_assert_int_eq(why.code, PROBLEM_MALFORMED);
    ck_assert_uint_eq(length, 0);
}
END_TEST

START_TEST(garbage_behind_a_member_is_refused)
{
    struct problem why = {0};
    char *packed = arena_alloc(arena, ROOM), room[64];
    size_t size = pack("x", 1, packed), length;
    struct gzip *gzip = gzip_create(arena);
    memcpy(packed + size, "garbage", 7);
    gzip_feed(gzip, packed, size + 7);
    ck_assert(!gzip_read(gzip, room, sizeof room, &length, &why));
    ck_assert_int_eq(why.code, PROBLEM_MALFORMED);
}
END_TEST

/* A million zeros come in a thousand bytes: no more is unpacked than asked for. */
START_TEST(a_bomb_is_read_as_far_as_wanted)
{
    struct problem why = {0};
    char *zeros = arena_alloc(arena, ROOM), *packed = arena_alloc(arena, ROOM), room[64];
    size_t size = pack(zeros, ROOM, packed), length;
    ck_assert_uint_lt(size, 2000);
    struct gzip *gzip = gzip_create(arena);
    gzip_feed(gzip, packed, size);
    for (int i = 0; i < 100; i++) {
        ck_assert(gzip_read(gzip, room, sizeof room, &length, &why));
        ck_assert_uint_eq(length, sizeof room);
    }
    ck_assert(!gzip_is_whole(gzip));
}
END_TEST

START_TEST(an_arena_without_memory_gives_none)
{
    struct arena *small = arena_create(16);
    ck_assert_ptr_null(gzip_create(small));
    arena_destroy(small);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gzip");
    TCase *tests = tcase_create("gzip");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, pieces_of_any_size_make_the_text, 1, 64);
    tcase_add_test(tests, members_follow_each_other);
    tcase_add_test(tests, what_is_cut_short_is_not_whole);
    tcase_add_test(tests, no_damaged_byte_goes_unseen);
    tcase_add_loop_test(tests, other_forms_are_refused, 0, COUNT_OF(OTHERS));
    tcase_add_test(tests, garbage_behind_a_member_is_refused);
    tcase_add_test(tests, a_bomb_is_read_as_far_as_wanted);
    tcase_add_test(tests, an_arena_without_memory_gives_none);
    return tap_run(suite);
}
