/* Counting, and what of it Prometheus is told. */
#include "base/exposition.h"
#include "base/problem.h"
#include "http/io_counts.h"
#include "tap.h"

#include <pthread.h>
#include <string.h>

static struct arena *arena;
static struct buffer page;
static struct exposition exposition;

static void set_up(void)
{
    arena = arena_create(1 << 20);
    page = buffer_create(arena, 65536);
    exposition = (struct exposition){.out = &page};
}

static void tear_down(void)
{
    arena_destroy(arena);
}

static const char *written(void)
{
    buffer_append(&page, "", 1);
    ck_assert(!page.failed);
    return page.data;
}

static const struct family REQUESTS = {"x_requests_total", FAMILY_COUNTER, "All of them"};
static const struct family DEPTH = {"x_depth", FAMILY_GAUGE, "How deep"};
static const struct family TIME = {"x_seconds", FAMILY_HISTOGRAM, "How long"};
static const struct family COST = {"x_cost_seconds", FAMILY_SUMMARY, "How dear"};

START_TEST(a_counter_has_its_suffix_everywhere_in_the_text_format)
{
    const struct label labels[] = {{"route", "/a"}, {"status", "200"}, {NULL, NULL}};
    exposition_family(&exposition, &REQUESTS);
    exposition_count(&exposition, labels, 18446744073709551615U);
    exposition_end(&exposition);
    ck_assert_str_eq(written(), "# HELP x_requests_total All of them\n"
                                "# TYPE x_requests_total counter\n"
                                "x_requests_total{route=\"/a\",status=\"200\"} "
                                "18446744073709551615\n");
}
END_TEST

START_TEST(a_counter_of_openmetrics_has_it_in_its_samples)
{
    exposition.is_openmetrics = true;
    exposition_family(&exposition, &REQUESTS);
    exposition_count(&exposition, NULL, 7);
    exposition_family(&exposition, &DEPTH);
    exposition_value(&exposition, NULL, -0.25);
    exposition_end(&exposition);
    ck_assert_str_eq(written(), "# HELP x_requests All of them\n"
                                "# TYPE x_requests counter\n"
                                "x_requests_total 7\n"
                                "# HELP x_depth How deep\n"
                                "# TYPE x_depth gauge\n"
                                "x_depth -0.25\n"
                                "# EOF\n");
}
END_TEST

START_TEST(labels_are_escaped)
{
    const struct label labels[] = {{"said", "a\\b\"c\"\nd"}, {NULL, NULL}};
    exposition_family(&exposition, &DEPTH);
    exposition_count(&exposition, labels, 0);
    ck_assert_ptr_nonnull(strstr(written(), "x_depth{said=\"a\\\\b\\\"c\\\"\\nd\"} 0\n"));
}
END_TEST

START_TEST(buckets_hold_all_that_is_not_above_them)
{
    static const struct scale SCALE = {.unit = 1000, .count = 2, .bounds = {10, 2500}};
    const struct label labels[] = {{"lane", "read"}, {NULL, NULL}};
    struct histogram histogram = {0};
    static const int64_t OBSERVED[] = {-5, 0, 10, 11, 2500, 2501, 90000};
    for (size_t i = 0; i < COUNT_OF(OBSERVED); i++)
        histogram_observe(&histogram, &SCALE, OBSERVED[i]);
    ck_assert_uint_eq(histogram_count(&histogram), 7);
    exposition_family(&exposition, &TIME);
    exposition_histogram(&exposition, labels, &histogram, &SCALE);
    ck_assert_str_eq(written(), "# HELP x_seconds How long\n"
                                "# TYPE x_seconds histogram\n"
                                "x_seconds_bucket{lane=\"read\",le=\"0.01\"} 3\n"
                                "x_seconds_bucket{lane=\"read\",le=\"2.5\"} 5\n"
                                "x_seconds_bucket{lane=\"read\",le=\"+Inf\"} 7\n"
                                "x_seconds_sum{lane=\"read\"} 95.022\n"
                                "x_seconds_count{lane=\"read\"} 7\n");
}
END_TEST

START_TEST(a_summary_is_a_count_and_a_sum)
{
    exposition_family(&exposition, &COST);
    exposition_summary(&exposition, NULL, 3, 0.5);
    ck_assert_str_eq(written(), "# HELP x_cost_seconds How dear\n"
                                "# TYPE x_cost_seconds summary\n"
                                "x_cost_seconds_sum 0.5\n"
                                "x_cost_seconds_count 3\n");
}
END_TEST

START_TEST(histograms_add_up)
{
    struct histogram one = {0}, both = {0};
    histogram_observe(&one, &SCALE_EVENTS, 3);
    histogram_observe(&one, &SCALE_EVENTS, 6000);
    histogram_add(&both, &one);
    histogram_add(&both, &one);
    ck_assert_uint_eq(histogram_count(&both), 4);
    ck_assert_uint_eq(counter_read(&both.sum), 12006);
    ck_assert_uint_eq(counter_read(&both.buckets[2]), 2);
    ck_assert_uint_eq(counter_read(&both.buckets[SCALE_EVENTS.count]), 2);
}
END_TEST

enum { THREADS = 4, ROUNDS = 50000 };

static void *observe(void *histogram)
{
    for (int i = 0; i < ROUNDS; i++)
        histogram_observe(histogram, &SCALE_SECONDS, i);
    return NULL;
}

START_TEST(nothing_is_lost_between_threads)
{
    static struct histogram histogram;
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, observe, &histogram), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(histogram_count(&histogram), THREADS * ROUNDS);
    ck_assert_uint_eq(counter_read(&histogram.sum),
                      (uint64_t)THREADS * ROUNDS * (ROUNDS - 1) / 2);
}
END_TEST

static void check_scale(const struct scale *scale)
{
    ck_assert_uint_le(scale->count, SCALE_LIMIT);
    for (size_t i = 1; i < scale->count; i++)
        ck_assert_uint_lt(scale->bounds[i - 1], scale->bounds[i]);
}

START_TEST(bounds_ascend)
{
    check_scale(&SCALE_SECONDS);
    check_scale(&SCALE_EVENTS);
}
END_TEST

START_TEST(every_problem_has_a_status_of_its_own_row)
{
    for (enum problem_code code = PROBLEM_NONE + 1; code < PROBLEM_CODES; code++) {
        int status = problem_kind(code)->status;
        ck_assert_msg(ANSWER_STATUSES[status_row(status)] == status, "%d", status);
    }
    ck_assert_int_eq(ANSWER_STATUSES[STATUSES - 1], 0);
    ck_assert_uint_eq(status_row(299), STATUSES - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exposition");
    TCase *all = tcase_create("exposition");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_counter_has_its_suffix_everywhere_in_the_text_format);
    tcase_add_test(all, a_counter_of_openmetrics_has_it_in_its_samples);
    tcase_add_test(all, labels_are_escaped);
    tcase_add_test(all, buckets_hold_all_that_is_not_above_them);
    tcase_add_test(all, a_summary_is_a_count_and_a_sum);
    tcase_add_test(all, histograms_add_up);
    tcase_add_test(all, nothing_is_lost_between_threads);
    tcase_add_test(all, bounds_ascend);
    tcase_add_test(all, every_problem_has_a_status_of_its_own_row);
    suite_add_tcase(suite, all);
    return tap_run(suite);
}
