#include "base/arena.h"

#include "tap.h"

#include <stdint.h>
#include <string.h>

enum { MEBIBYTE = 1024 * 1024 };

static const size_t SIZES[] = {0, 1, 15, 16, 17, 255, 4000, 4096, 4097, 16384, 70000, 300000};

START_TEST(pieces_are_aligned_zeroed_and_apart)
{
    struct arena *arena = arena_create(MEBIBYTE);
    unsigned char *pieces[COUNT_OF(SIZES)];
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        pieces[i] = arena_alloc(arena, SIZES[i]);
        ck_assert_ptr_nonnull(pieces[i]);
        ck_assert_uint_eq((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t at = 0; at < SIZES[i]; at++)
            ck_assert_uint_eq(pieces[i][at], 0);
        memset(pieces[i], (int)i + 1, SIZES[i]);
    }
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        for (size_t at = 0; at < SIZES[i]; at++)
            ck_assert_uint_eq(pieces[i][at], i + 1);
    }
    arena_destroy(arena);
}
END_TEST

START_TEST(the_limit_can_be_reached_but_not_passed)
{
    struct arena *arena = arena_create(100);
    ck_assert_ptr_null(arena_alloc(arena, 129));
    ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX));
    ck_assert_ptr_nonnull(arena_alloc(arena, 100));
    ck_assert_ptr_null(arena_alloc_raw(arena, 100));
    ck_assert_ptr_null(arena_copy(arena, "does not fit", 12));
    ck_assert_ptr_null(arena_print(arena, "%d", 1));
    arena_destroy(arena);

    arena = arena_create(SIZE_MAX);
    ck_assert_ptr_null(arena_alloc_raw(arena, SIZE_MAX - 8));
    ck_assert_ptr_nonnull(arena_alloc_raw(arena, MEBIBYTE));
    arena_destroy(arena);
}
END_TEST

/* The step from a shared chunk to one of its own, and growing there, lies on the way. */
START_TEST(a_piece_grows_with_what_it_holds)
{
    struct arena *arena = arena_create(4 * MEBIBYTE);
    char *text = arena_grow(arena, NULL, 0, 16);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', 16);
    for (size_t size = 16; size < MEBIBYTE; size *= 2) {
        text = arena_grow(arena, text, size, 2 * size);
        ck_assert_ptr_nonnull(text);
        ck_assert_int_eq(text[0], 'x');
        ck_assert_int_eq(text[size - 1], 'x');
        memset(text + size, 'x', size);
    }
    ck_assert_ptr_null(arena_grow(arena, text, MEBIBYTE, 5 * MEBIBYTE));
    ck_assert_int_eq(text[MEBIBYTE - 1], 'x');
    ck_assert_ptr_eq(arena_grow(arena, text, MEBIBYTE, 10), text);
    arena_destroy(arena);
}
END_TEST

START_TEST(texts_end_in_nul)
{
    struct arena *arena = arena_create(MEBIBYTE);
    ck_assert_str_eq(arena_copy(arena, "customer", 6), "custom");
    ck_assert_str_eq(arena_copy(arena, NULL, 0), "");
    ck_assert_str_eq(arena_print(arena, "%s %d", "visit", 7), "visit 7");
    arena_destroy(arena);
}
END_TEST

static char order[8];

static void note(void *letter)
{
    strncat(order, letter, 1);
}

START_TEST(deferred_releases_run_last_first)
{
    struct arena *arena = arena_create(MEBIBYTE);
    char letters[] = {'a', 'b', 'c'};
    for (size_t i = 0; i < sizeof letters; i++)
        ck_assert(arena_defer(arena, note, &letters[i]));
    ck_assert_str_eq(order, "");
    arena_destroy(arena);
    ck_assert_str_eq(order, "cba");
}
END_TEST

START_TEST(what_cannot_be_deferred_is_released_at_once)
{
    struct arena *arena = arena_create(0);
    char letter = 'x';
    ck_assert(!arena_defer(arena, note, &letter));
    ck_assert_str_eq(order, "x");
    arena_destroy(arena);
    ck_assert_str_eq(order, "x");
    arena_destroy(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arena");
    TCase *tests = tcase_create("arena");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, pieces_are_aligned_zeroed_and_apart);
    tcase_add_test(tests, the_limit_can_be_reached_but_not_passed);
    tcase_add_test(tests, a_piece_grows_with_what_it_holds);
    tcase_add_test(tests, texts_end_in_nul);
    tcase_add_test(tests, deferred_releases_run_last_first);
    tcase_add_test(tests, what_cannot_be_deferred_is_released_at_once);
    return tap_run(suite);
}
