#include "base/ring.h"

#include "tap.h"

#include <string.h>

enum { CAPACITY = 8, MEMORY = 4096 };

static struct arena *arena;
static struct ring ring;

static void set_up(void)
{
    arena = arena_create(MEMORY);
    ck_assert(ring_create(arena, CAPACITY, &ring));
}

static void tear_down(void)
{
    arena_destroy(arena);
}

static void expect(const char *text)
{
    char taken[CAPACITY + 1] = "";
    ck_assert_uint_eq(ring_take(&ring, taken, strlen(text)), strlen(text));
    ck_assert_str_eq(taken, text);
}

START_TEST(first_in_is_first_out)
{
    ck_assert_uint_eq(ring_put(&ring, "abc", 3), 3);
    ck_assert_uint_eq(ring_put(&ring, "de", 2), 2);
    expect("ab");
    expect("cde");
    ck_assert_uint_eq(ring_take(&ring, (char[1]){0}, 1), 0);
}
END_TEST

START_TEST(no_more_goes_in_than_there_is_room)
{
    ck_assert_uint_eq(ring_put(&ring, "0123456789", 10), CAPACITY);
    ck_assert_uint_eq(ring_room(&ring), 0);
    ck_assert_uint_eq(ring_put(&ring, "x", 1), 0);
    char all[16];
    ck_assert_uint_eq(ring_take(&ring, all, sizeof all), CAPACITY);
    ck_assert_mem_eq(all, "01234567", CAPACITY);
    ck_assert_uint_eq(ring_room(&ring), CAPACITY);
}
END_TEST

/* Every position of the seam, every length. */
START_TEST(the_end_goes_on_at_the_beginning)
{
    for (size_t start = 0; start < CAPACITY; start++)
        for (size_t length = 0; length <= CAPACITY; length++) {
            char taken[CAPACITY];
            ring.first = start;
            ck_assert_uint_eq(ring_put(&ring, "ABCDEFGH", length), length);
            ck_assert_uint_eq(ring_take(&ring, taken, CAPACITY), length);
            ck_assert_mem_eq(taken, "ABCDEFGH", length);
        }
}
END_TEST

START_TEST(a_ring_needs_memory)
{
    ck_assert(!ring_create(arena, (size_t)2 * MEMORY, &ring));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ring");
    TCase *tests = tcase_create("ring");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, first_in_is_first_out);
    tcase_add_test(tests, no_more_goes_in_than_there_is_room);
    tcase_add_test(tests, the_end_goes_on_at_the_beginning);
    tcase_add_test(tests, a_ring_needs_memory);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
