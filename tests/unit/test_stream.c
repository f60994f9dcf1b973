/* Both directions of a stream, each side on a thread of its own. */
#include "http/stream.h"

#include "http/thread.h"
#include "tap.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

enum { MEMORY = 4 * STREAM_CAPACITY, TOTAL = 16 * STREAM_CAPACITY, STEP = 7919, LONG = 20000 };

static struct arena *arena;
static struct stream *stream;
static struct monitor monitor;
static unsigned stirs;

static void stir(void *closure)
{
    ck_assert_ptr_eq(closure, &monitor);
    monitor_lock(&monitor);
    stirs++;
    monitor_signal(&monitor);
    monitor_unlock(&monitor);
}

/* As an I/O thread does when it has suspended the connection. */
static void await_stir(void)
{
    monitor_lock(&monitor);
    while (stirs == 0)
        monitor_wait(&monitor);
    stirs--;
    monitor_unlock(&monitor);
}

static void set_up(void)
{
    monitor_create(&monitor);
    arena = arena_create(MEMORY);
    stream = stream_create(arena, stir, &monitor);
    ck_assert_ptr_nonnull(stream);
    stirs = 0;
}

static void tear_down(void)
{
    arena_destroy(arena);
    monitor_destroy(&monitor);
}

static unsigned char byte_at(size_t position)
{
    return (unsigned char)(position * 31 + position / 256);
}

static void fill(unsigned char *piece, size_t from, size_t length)
{
    for (size_t i = 0; i < length; i++)
        piece[i] = byte_at(from + i);
}

static void expect(const unsigned char *piece, size_t from, size_t length)
{
    size_t i = 0;
    while (i < length && piece[i] == byte_at(from + i))
        i++;
    ck_assert_uint_eq(i, length);
}

static void *read_all(void *unused)
{
    unsigned char piece[STEP / 3];
    size_t at = 0, length;
    enum stream_state state;
    while ((state = stream_read(stream, piece, sizeof piece, &length, LONG)) == STREAM_FLOWS) {
        expect(piece, at, length);
        at += length;
    }
    ck_assert_int_eq(state, STREAM_ENDED);
    ck_assert_uint_eq(at, TOTAL);
    return unused;
}

START_TEST(a_body_goes_through)
{
    pthread_t worker;
    unsigned char piece[STEP];
    ck_assert_int_eq(pthread_create(&worker, NULL, read_all, NULL), 0);
    for (size_t at = 0, length; at < TOTAL; at += length) {
        size_t offered = TOTAL - at < STEP ? TOTAL - at : STEP;
        fill(piece, at, offered);
        length = stream_offer(stream, piece, offered);
        if (length < offered)
            await_stir();
    }
    stream_end(stream);
    pthread_join(worker, NULL);
}
END_TEST

static void *write_all(void *unused)
{
    unsigned char piece[STEP];
    for (size_t at = 0, length; at < TOTAL; at += length) {
        length = TOTAL - at < STEP ? TOTAL - at : STEP;
        fill(piece, at, length);
        ck_assert(stream_write(stream, piece, length));
    }
    stream_end(stream);
    return unused;
}

START_TEST(an_answer_goes_through)
{
    pthread_t worker;
    unsigned char piece[STEP / 2];
    size_t at = 0, length;
    enum stream_state state;
    ck_assert_int_eq(pthread_create(&worker, NULL, write_all, NULL), 0);
    while ((state = stream_accept(stream, piece, sizeof piece, &length)) != STREAM_ENDED) {
        expect(piece, at, length);
        at += length;
        if (state == STREAM_QUIET)
            await_stir();
    }
    ck_assert_uint_eq(at, TOTAL);
    pthread_join(worker, NULL);
}
END_TEST

START_TEST(waiting_has_an_end)
{
    char byte;
    size_t length;
    ck_assert_int_eq(stream_read(stream, &byte, 1, &length, 10), STREAM_QUIET);
    ck_assert_uint_eq(length, 0);
    ck_assert_uint_eq(stirs, 0);
}
END_TEST

/* A full ring is read to its half before the sender is stirred, and once. */
START_TEST(the_sender_is_stirred_when_half_is_free)
{
    static char piece[STREAM_CAPACITY];
    size_t length;
    ck_assert_uint_eq(stream_offer(stream, piece, sizeof piece), sizeof piece);
    ck_assert_uint_eq(stream_offer(stream, "x", 1), 0);
    (void)stream_read(stream, piece, STREAM_CAPACITY / 2 - 1, &length, 0);
    ck_assert_uint_eq(stirs, 0);
    (void)stream_read(stream, piece, 1, &length, 0);
    ck_assert_uint_eq(stirs, 1);
    (void)stream_read(stream, piece, sizeof piece, &length, 0);
    ck_assert_uint_eq(stirs, 1);
}
END_TEST

START_TEST(what_came_before_a_break_is_read)
{
    char text[8];
    size_t length;
    ck_assert_uint_eq(stream_offer(stream, "last", 4), 4);
    stream_break(stream);
    ck_assert(stream_is_broken(stream));
    ck_assert_int_eq(stream_read(stream, text, sizeof text, &length, LONG), STREAM_FLOWS);
    ck_assert_mem_eq(text, "last", length);
    ck_assert_int_eq(stream_read(stream, text, sizeof text, &length, LONG), STREAM_BROKEN);
    ck_assert_uint_eq(stream_offer(stream, "more", 4), 4);
    ck_assert_int_eq(stream_read(stream, text, sizeof text, &length, LONG), STREAM_BROKEN);
}
END_TEST

START_TEST(of_a_broken_answer_nothing_more_is_sent)
{
    char text[8];
    size_t length;
    ck_assert_int_eq(stream_accept(stream, text, sizeof text, &length), STREAM_QUIET);
    ck_assert(stream_write(stream, "half", 4));
    ck_assert_uint_eq(stirs, 1);
    stream_break(stream);
    ck_assert_int_eq(stream_accept(stream, text, sizeof text, &length), STREAM_BROKEN);
    ck_assert_uint_eq(length, 0);
}
END_TEST

static void *break_off(void *unused)
{
    struct timespec moment = {.tv_nsec = 20 * 1000 * 1000};
    nanosleep(&moment, NULL);
    stream_break(stream);
    return unused;
}

START_TEST(a_break_frees_whoever_waits)
{
    static char piece[2 * STREAM_CAPACITY];
    pthread_t other;
    ck_assert_int_eq(pthread_create(&other, NULL, break_off, NULL), 0);
    ck_assert(!stream_write(stream, piece, sizeof piece));
    pthread_join(other, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stream");
    TCase *tests = tcase_create("stream");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, a_body_goes_through);
    tcase_add_test(tests, an_answer_goes_through);
    tcase_add_test(tests, waiting_has_an_end);
    tcase_add_test(tests, the_sender_is_stirred_when_half_is_free);
    tcase_add_test(tests, what_came_before_a_break_is_read);
    tcase_add_test(tests, of_a_broken_answer_nothing_more_is_sent);
    tcase_add_test(tests, a_break_frees_whoever_waits);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
