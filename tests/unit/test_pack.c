/* What was packed, unpacked again. */
#include "base/gzip.h"
#include "base/pack.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

enum { MEMORY = 16 * 1024 * 1024, LENGTH = 1024 * 1024 };

static struct arena *arena;
static char text[LENGTH], packed[2 * LENGTH], unpacked[LENGTH + 1];

static void set_up(void)
{
    arena = arena_create(MEMORY);
}

static void tear_down(void)
{
    arena_destroy(arena);
}

/* In pieces of one size, read with room of another. */
static size_t pack(size_t length, size_t piece, size_t room)
{
    struct packer *packer = packer_create(arena);
    size_t total = 0, read, at = 0;
    ck_assert_ptr_nonnull(packer);
    do {
        size_t next = length - at < piece ? length - at : piece;
        packer_feed(packer, text + at, next, at + next == length);
        at += next;
        while ((read = packer_read(packer, packed + total, room)) > 0)
            total += read;
    } while (at < length);
    return total;
}

static void expect_same(size_t packed_length, size_t length)
{
    struct problem why = {0};
    struct gzip *gzip = gzip_create(arena);
    size_t read;
    gzip_feed(gzip, packed, packed_length);
    ck_assert(gzip_read(gzip, unpacked, sizeof unpacked, &read, &why));
    ck_assert(gzip_is_whole(gzip));
    ck_assert_uint_eq(read, length);
    ck_assert_mem_eq(unpacked, text, length);
}

START_TEST(a_text_comes_back)
{
    for (size_t i = 0; i < LENGTH; i++)
        text[i] = (char)('a' + i % 17);
    size_t length = pack(LENGTH, 10000, 777);
    ck_assert_uint_lt(length, LENGTH / 10);
    expect_same(length, LENGTH);
}
END_TEST

START_TEST(noise_comes_back)
{
    srandom(1);
    for (size_t i = 0; i < LENGTH; i++)
        text[i] = (char)random();
    expect_same(pack(LENGTH, LENGTH, sizeof packed), LENGTH);
    expect_same(pack(LENGTH, 1, 65536), LENGTH);
}
END_TEST

START_TEST(nothing_is_a_text_too)
{
    size_t length = pack(0, 1, 100);
    ck_assert_uint_gt(length, 0);
    expect_same(length, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pack");
    TCase *tests = tcase_create("pack");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_text_comes_back);
    tcase_add_test(tests, noise_comes_back);
    tcase_add_test(tests, nothing_is_a_text_too);
    return tap_run(suite);
}
