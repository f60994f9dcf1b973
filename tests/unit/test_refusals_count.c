/* Rejected events in memory: counted by source, in bounded room, and taken once. */
#include "ingest/refusals.h"

#include "tap.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 3 * REFUSALS_SOURCES, THREADS = 3, EACH = 20000 };

static struct refusals *refusals;

static void set_up(void)
{
    refusals = refusals_create();
}

static void tear_down(void)
{
    refusals_destroy(refusals);
}

static int64_t total(const struct refusal *taken, size_t count)
{
    int64_t events = 0;
    for (size_t i = 0; i < count; i++)
        events += taken[i].events;
    return events;
}

START_TEST(sources_are_told_apart)
{
    size_t count;
    refusals_count(refusals, "shop");
    refusals_count(refusals, "crm");
    refusals_count(refusals, "shop");
    const struct refusal *taken = refusals_take(refusals, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(taken[0].source, "shop");
    ck_assert_int_eq(taken[0].events, 2);
    ck_assert_str_eq(taken[1].source, "crm");
    ck_assert_int_eq(taken[1].events, 1);
}
END_TEST

START_TEST(the_unknown_is_one)
{
    size_t count;
    char longer[EVENT_NAME_LIMIT + 2] = "";
    memset(longer, 'a', sizeof longer - 1);
    refusals_count(refusals, NULL);
    refusals_count(refusals, "");
    refusals_count(refusals, longer);
    const struct refusal *taken = refusals_take(refusals, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(taken[0].source, "");
    ck_assert_int_eq(taken[0].events, 3);
}
END_TEST

START_TEST(what_does_not_fit_has_no_source)
{
    size_t count;
    char source[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(source, sizeof source, "source %d", i);
        refusals_count(refusals, source);
    }
    refusals_count(refusals, "source 0");
    const struct refusal *taken = refusals_take(refusals, &count);
    ck_assert_uint_eq(count, REFUSALS_SOURCES);
    ck_assert_str_eq(taken[0].source, "");
    ck_assert_int_eq(taken[0].events, MANY - (REFUSALS_SOURCES - 1));
    ck_assert_int_eq(taken[1].events, 2);
    ck_assert_int_eq(total(taken, count), MANY + 1);
}
END_TEST

START_TEST(they_are_taken_until_they_are_stored)
{
    size_t count;
    (void)refusals_take(refusals, &count);
    ck_assert_uint_eq(count, 0);
    refusals_count(refusals, "shop");
    ck_assert_int_eq(refusals_take(refusals, &count)->events, 1);
    refusals_count(refusals, "shop");
    refusals_count(refusals, "shop");
    ck_assert_int_eq(refusals_take(refusals, &count)->events, 1);
    refusals_stored(refusals);
    ck_assert_int_eq(refusals_take(refusals, &count)->events, 2);
    refusals_stored(refusals);
    (void)refusals_take(refusals, &count);
    ck_assert_uint_eq(count, 0);
}
END_TEST

static void *count_many(void *source)
{
    for (int i = 0; i < EACH; i++)
        refusals_count(refusals, source);
    return NULL;
}

START_TEST(none_is_lost_between_threads)
{
    static char sources[THREADS][8] = {"shop", "crm", "shop"};
    pthread_t threads[THREADS];
    int64_t events = 0;
    size_t count;
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_many, sources[i]), 0);
    while (events < THREADS * EACH) {
        const struct refusal *taken = refusals_take(refusals, &count);
        events += total(taken, count);
        refusals_stored(refusals);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    (void)refusals_take(refusals, &count);
    ck_assert_uint_eq(count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refusals_count");
    TCase *counting = tcase_create("counting");
    tcase_add_checked_fixture(counting, set_up, tear_down);
    tcase_add_test(counting, sources_are_told_apart);
    tcase_add_test(counting, the_unknown_is_one);
    tcase_add_test(counting, what_does_not_fit_has_no_source);
    tcase_add_test(counting, they_are_taken_until_they_are_stored);
    tcase_add_test(counting, none_is_lost_between_threads);
    suite_add_tcase(suite, counting);
    return tap_run(suite);
}
