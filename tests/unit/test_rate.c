/* How many at the time, and how often: tallies and buckets, also from many threads at once. */
#include "base/compiler.h"
#include "http/rate.h"
#include "http/tally.h"
#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SECOND = 1000000, THREADS = 4, ROUNDS = 20000 };

static const struct rate TEN_A_MINUTE = {10, 60};

START_TEST(a_tally_has_a_limit)
{
    struct tally *tally = tally_create();
    struct tally_place *places[3], *other;
    for (size_t i = 0; i < 3; i++)
        ck_assert(tally_take(tally, 77, 3, &places[i]));
    ck_assert(!tally_take(tally, 77, 3, &other));
    ck_assert(tally_take(tally, 77 + (UINT64_C(1) << 40), 3, &other));
    tally_give(other);
    tally_give(places[0]);
    ck_assert(tally_take(tally, 77, 3, &places[0]));
    ck_assert(!tally_take(tally, 77, 3, &other));
    tally_destroy(tally);
}
END_TEST

/* More parties than places: those without one are let in, and give nothing back. */
START_TEST(a_full_tally_lets_in)
{
    struct tally *tally = tally_create();
    struct tally_place *place = NULL;
    size_t counted = 0;
    for (uint64_t i = 1; i <= 100; i++) {
        ck_assert(tally_take(tally, i << 40, 1, &place));
        counted += place != NULL;
        if (!place)
            tally_give(place);
    }
    ck_assert_uint_gt(counted, 0);
    ck_assert_uint_lt(counted, 100);
    tally_destroy(tally);
}
END_TEST

struct crowd {
    struct tally *tally;
    struct rate_table *table;
    atomic_uint inside, most, let_in;
};

static void *come_and_go(void *argument)
{
    struct crowd *crowd = argument;
    struct tally_place *place;
    for (int i = 0; i < ROUNDS; i++) {
        if (!tally_take(crowd->tally, 5 + (UINT64_C(9) << 30), 2, &place))
            continue;
        unsigned inside = atomic_fetch_add(&crowd->inside, 1) + 1;
        unsigned most = atomic_load(&crowd->most);
        while (inside > most && !atomic_compare_exchange_weak(&crowd->most, &most, inside))
            continue;
        atomic_fetch_sub(&crowd->inside, 1);
        tally_give(place);
    }
    return NULL;
}

static void *ask_often(void *argument)
{
    static const struct rate RATE = {100, 60};
    struct crowd *crowd = argument;
    for (int i = 0; i < ROUNDS; i++)
        if (!rate_take(crowd->table, 99, &RATE, SECOND).is_over)
            atomic_fetch_add(&crowd->let_in, 1);
    return NULL;
}

static void run_together(void *(*run)(void *), struct crowd *crowd)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run, crowd), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

START_TEST(threads_share_the_limits)
{
    struct crowd crowd = {.tally = tally_create(), .table = rate_table_create()};
    struct tally_place *place;
    run_together(come_and_go, &crowd);
    ck_assert_uint_ge(atomic_load(&crowd.most), 1);
    ck_assert_uint_le(atomic_load(&crowd.most), 2);
    ck_assert(tally_take(crowd.tally, 5 + (UINT64_C(9) << 30), 1, &place));
    run_together(ask_often, &crowd);
    ck_assert_uint_eq(atomic_load(&crowd.let_in), 100);
    tally_destroy(crowd.tally);
    rate_table_destroy(crowd.table);
}
END_TEST

START_TEST(a_bucket_is_emptied_and_fills_again)
{
    struct rate_table *table = rate_table_create();
    int64_t now = SECOND;
    for (unsigned i = 1; i <= 10; i++) {
        struct rate_standing standing = rate_take(table, 1, &TEN_A_MINUTE, now);
        ck_assert(!standing.is_over);
        ck_assert_uint_eq(standing.remaining, 10 - i);
        ck_assert_uint_eq(standing.seconds, 6 * i);
    }
    struct rate_standing over = rate_take(table, 1, &TEN_A_MINUTE, now);
    ck_assert(over.is_over);
    ck_assert_uint_eq(over.remaining, 0);
    ck_assert_uint_eq(over.seconds, 6);
    ck_assert(rate_take(table, 1, &TEN_A_MINUTE, now + 5 * SECOND).is_over);
    ck_assert(!rate_take(table, 2, &TEN_A_MINUTE, now).is_over);
    ck_assert(!rate_take(table, 1, &TEN_A_MINUTE, now + 6 * SECOND).is_over);
    ck_assert(rate_take(table, 1, &TEN_A_MINUTE, now + 6 * SECOND).is_over);
    ck_assert_uint_eq(
        rate_take(table, 1, &TEN_A_MINUTE, now + 3600 * (int64_t)SECOND).remaining, 9);
    rate_table_destroy(table);
}
END_TEST

/* However many others there are, each has its own bucket, and a table that is full of them
 * forgets some rather than refuse. */
START_TEST(many_have_buckets)
{
    struct rate_table *table = rate_table_create();
    for (uint64_t who = 1; who <= 200000; who++)
        ck_assert(!rate_take(table, who * UINT64_C(0x9e3779b97f4a7c15), &TEN_A_MINUTE, SECOND)
                       .is_over);
    rate_table_destroy(table);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rate");
    TCase *tests = tcase_create("rate");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_tally_has_a_limit);
    tcase_add_test(tests, a_full_tally_lets_in);
    tcase_add_test(tests, threads_share_the_limits);
    tcase_add_test(tests, a_bucket_is_emptied_and_fills_again);
    tcase_add_test(tests, many_have_buckets);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
