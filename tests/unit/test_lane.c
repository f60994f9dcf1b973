#include "base/clock.h"
#include "http/lane.h"
#include "http/request.h"
#include "http/thread.h"
#include "tap.h"

#include <string.h>

enum { REQUESTS = 64, SECOND = 1000000 };

/* What the workers did; they wait at the gate until it opens. */
static struct monitor monitor;
static bool is_open;
static size_t at_gate;
static size_t batches, sizes[REQUESTS], done_count;
static struct request *done_order[REQUESTS];

static struct request requests[REQUESTS];

static void pass_gate(void)
{
    monitor_lock(&monitor);
    at_gate++;
    monitor_broadcast(&monitor);
    while (!is_open)
        monitor_wait(&monitor);
    monitor_unlock(&monitor);
}

static void open_gate(void)
{
    monitor_lock(&monitor);
    is_open = true;
    monitor_broadcast(&monitor);
    monitor_unlock(&monitor);
}

static void await_gate(size_t arrivals)
{
    int64_t deadline = clock_monotonic() + 10 * SECOND;
    monitor_lock(&monitor);
    while (at_gate < arrivals)
        ck_assert(monitor_wait_until(&monitor, deadline));
    monitor_unlock(&monitor);
}

static void await_done(size_t count)
{
    monitor_lock(&monitor);
    while (done_count < count)
        monitor_wait(&monitor);
    monitor_unlock(&monitor);
}

static bool answer(struct request *request, struct problem *why)
{
    pass_gate();
    if (request == &requests[1])
        return fail(why, PROBLEM_CONFLICT, "refused");
    return respond_text(request, request->db ? 200 : 500, NULL, "", 0);
}

static void answer_batch(struct request *const *batch, size_t count, struct db *db)
{
    pass_gate();
    monitor_lock(&monitor);
    sizes[batches++] = count;
    monitor_unlock(&monitor);
    for (size_t i = 0; i < count; i++)
        (void)respond_text(batch[i], db ? 201 : 500, NULL, "", 0);
}

static void note_done(struct request *request)
{
    monitor_lock(&monitor);
    done_order[done_count++] = request;
    monitor_broadcast(&monitor);
    monitor_unlock(&monitor);
}

static const struct route ONE = {.answer = answer, .answer_batch = answer_batch};
static const struct route OTHER = {.answer = answer, .answer_batch = answer_batch};

static void set_up(void)
{
    monitor_create(&monitor);
    for (size_t i = 0; i < REQUESTS; i++)
        requests[i] = (struct request){
            .arena = arena_create(65536), .route = &ONE, .weight = 1, .id = "test"};
}

static void tear_down(void)
{
    for (size_t i = 0; i < REQUESTS; i++)
        arena_destroy(requests[i].arena);
    monitor_destroy(&monitor);
}

static struct lane *start(unsigned workers, unsigned queue_limit, unsigned batch_weight)
{
    struct problem why = {0};
    struct lane_options options = {.name = "test",
                                   .database_url = "host=/nonexistent",
                                   .statement_seconds = 1,
                                   .workers = workers,
                                   .queue_limit = queue_limit,
                                   .batch_weight = batch_weight,
                                   .done = note_done};
    struct lane *lane = lane_start(&options, &why);
    ck_assert_msg(lane != NULL, "%s", why.detail);
    return lane;
}

START_TEST(every_request_is_answered_once)
{
    struct lane *lane = start(4, REQUESTS, 0);
    open_gate();
    for (size_t i = 0; i < REQUESTS; i++)
        ck_assert(lane_submit(lane, &requests[i]));
    lane_stop(lane);
    lane_destroy(lane);
    ck_assert_uint_eq(done_count, REQUESTS);
    for (size_t i = 0; i < REQUESTS; i++)
        ck_assert_int_eq(requests[i].answer.status, i == 1 ? 409 : 200);
}
END_TEST

/* The first is taken alone; what queues meanwhile goes by the weight, in order. */
START_TEST(batches_go_by_weight_and_route)
{
    static const size_t EXPECTED[] = {1, 3, 1, 2, 1};
    struct lane *lane = start(1, REQUESTS, 10);
    requests[3].weight = 8; /* 1 + 1 + 8 */
    requests[4].weight = 50;
    requests[7].route = &OTHER;
    ck_assert(lane_submit(lane, &requests[0]));
    await_gate(1);
    for (size_t i = 1; i < 8; i++)
        ck_assert(lane_submit(lane, &requests[i]));
    ck_assert_uint_eq(lane_depth(lane), 7);
    open_gate();
    lane_stop(lane);
    lane_destroy(lane);
    ck_assert_uint_eq(batches, COUNT_OF(EXPECTED));
    for (size_t i = 0; i < COUNT_OF(EXPECTED); i++)
        ck_assert_uint_eq(sizes[i], EXPECTED[i]);
    for (size_t i = 0; i < 8; i++) {
        ck_assert_ptr_eq(done_order[i], &requests[i]);
        ck_assert_int_eq(requests[i].answer.status, 201);
    }
}
END_TEST

/* While the first is busy, the second leaves less than a quarter of a batch to it, for a while.
 */
START_TEST(another_worker_joins_for_a_good_batch)
{
    struct lane *lane = start(2, REQUESTS, 80);
    ck_assert(lane_submit(lane, &requests[0]));
    await_gate(1);
    requests[1].weight = 20;
    ck_assert(lane_submit(lane, &requests[1]));
    await_gate(2);
    open_gate();
    lane_stop(lane);
    lane_destroy(lane);
    ck_assert_uint_eq(batches, 2);
}
END_TEST

START_TEST(another_worker_joins_for_what_waits_too_long)
{
    enum { PATIENCE = 10000 };
    struct lane *lane = start(2, REQUESTS, 80);
    ck_assert(lane_submit(lane, &requests[0]));
    await_gate(1);
    int64_t submitted_at = clock_monotonic();
    ck_assert(lane_submit(lane, &requests[2]));
    await_gate(2);
    ck_assert_int_ge(clock_monotonic(), submitted_at + PATIENCE);
    open_gate();
    lane_stop(lane);
    lane_destroy(lane);
    ck_assert_uint_eq(batches, 2);
}
END_TEST

START_TEST(a_full_queue_takes_no_more)
{
    struct lane *lane = start(1, 2, 0);
    ck_assert(lane_submit(lane, &requests[0]));
    await_gate(1);
    ck_assert(lane_submit(lane, &requests[2]));
    ck_assert(lane_submit(lane, &requests[3]));
    ck_assert(!lane_submit(lane, &requests[4]));
    ck_assert_uint_eq(lane_depth(lane), 2);
    open_gate();
    lane_stop(lane);
    lane_destroy(lane);
    ck_assert_uint_eq(done_count, 3);
}
END_TEST

/* As in the bulk lane: nobody waits, and whoever has got an answer finds the worker free. */
START_TEST(a_lane_without_a_queue_takes_what_it_has_workers_for)
{
    struct lane *lane = start(2, 0, 0);
    ck_assert(lane_submit(lane, &requests[0]));
    await_gate(1);
    ck_assert(lane_submit(lane, &requests[2]));
    ck_assert(!lane_submit(lane, &requests[3]));
    open_gate();
    await_done(2);
    ck_assert(lane_submit(lane, &requests[3]));
    ck_assert(lane_submit(lane, &requests[4]));
    lane_stop(lane);
    lane_destroy(lane);
    ck_assert_uint_eq(done_count, 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lane");
    TCase *tests = tcase_create("lane");
    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_request_is_answered_once);
    tcase_add_test(tests, batches_go_by_weight_and_route);
    tcase_add_test(tests, another_worker_joins_for_a_good_batch);
    tcase_add_test(tests, another_worker_joins_for_what_waits_too_long);
    tcase_add_test(tests, a_full_queue_takes_no_more);
    tcase_add_test(tests, a_lane_without_a_queue_takes_what_it_has_workers_for);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
