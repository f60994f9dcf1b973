/* Claims: a full queue refuses at once and cheaply, and all goes on afterwards; an event at
 * fault harms no other of its commit; whoever posts in bulk does not starve who posts singly.
 */
#include "base/clock.h"
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/cluster.h"
#include "integration/service.h"
#include "tap.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECOND = 1000000,
    CALLS = 64,
    QUEUE = 32,         /* requests that may wait: fewer than the calls */
    POISONED = 8,       /* of so many calls, one is at fault */
    REFUSALS = 200,     /* looked at, one after the other */
    REFUSAL_MS = 50,    /* with sanitizers, on a busy machine: else far less than one */
    SINGLES = 120,      /* looked at, one after the other */
    BULKS = 2,          /* clients who post in bulk meanwhile */
    BULK_EVENTS = 1000, /* a request of theirs */
    SINGLE_MS = 3000,   /* with sanitizers; a release build is some thirty times faster */
    POISON_EVENTS = 500
};

static struct test_cluster cluster;
static struct service service;
static struct client *client;

static void set_up(void)
{
    test_cluster_start(&cluster);
    service_outside(&service, embedded_url(cluster.embedded));
    client = client_create(service.port, service.key);
}

/* With one writer, which takes what came first: all that comes while the database stands still
 * fills the queue. */
static void set_up_small(void)
{
    char limit[12];
    snprintf(limit, sizeof limit, "%d", QUEUE);
    setenv("CLMD_QUEUE_LIMIT", limit, 1);
    setenv("CLMD_WRITERS", "1", 1);
    set_up();
}

static void tear_down(void)
{
    client_destroy(client);
    answer_verified(&service);
    service_remove(&service);
    test_cluster_remove(&cluster);
}

static void print_event(FILE *out, const char *source, int number)
{
    fprintf(
        out,
        "{\"source\":\"%s\",\"id\":\"%d\",\"type\":\"find.lead.created\",\"subject\":\"%s%d\","
        "\"time\":\"2025-01-01T00:00:00Z\",\"data\":{\"channel\":\"ad\"}}",
        source, number, source, number % 100);
}

/* Says that this subject has an identifier, which is somebody else's already. */
static void print_poison(FILE *out, int number)
{
    fprintf(out,
            "{\"source\":\"p\",\"id\":\"%d\",\"type\":\"customer.identified\","
            "\"subject\":\"thief\",\"time\":\"2025-01-01T00:00:00Z\","
            "\"data\":{\"identifiers\":[\"crm:owned\"]}}",
            number);
}

static void take_identifier(void)
{
    struct reply reply =
        client_post(client, "/v1/events",
                    "{\"source\":\"p\",\"id\":\"owner\",\"type\":\"customer.identified\","
                    "\"subject\":\"owner\",\"time\":\"2025-01-01T00:00:00Z\","
                    "\"data\":{\"identifiers\":[\"crm:owned\"]}}");
    ck_assert_int_eq(reply.status, 201);
    reply_clear(&reply);
}

/* Events from `first` on, the poison in the place of one of them (−1: of none). */
static char *write_events(const char *source, int first, int count, int poison)
{
    char *body = NULL;
    size_t size;
    FILE *out = open_memstream(&body, &size);
    ck_assert_ptr_nonnull(out);
    for (int i = 0; i < count; i++) {
        fputs(count == 1 ? "" : i == 0 ? "[" : ",", out);
        if (i == poison)
            print_poison(out, first + i);
        else
            print_event(out, source, first + i);
    }
    fputs(count == 1 ? "" : "]", out);
    fclose(out);
    return body;
}

static int status_of(const char *path)
{
    struct reply reply = client_get(client, path);
    int status = reply.status;
    reply_clear(&reply);
    return status;
}

/* Many calls at once ----------------------------------------------------------------------- */

struct call {
    pthread_t thread;
    char *body;
    atomic_int status; /* 0: not answered yet */
};

static void *make_call(void *context)
{
    struct call *call = context;
    struct client *own = client_create(service.port, service.key);
    struct reply reply = client_post(own, "/v1/events", call->body);
    atomic_store(&call->status, reply.status != 0 ? reply.status : -1);
    reply_clear(&reply);
    client_destroy(own);
    return NULL;
}

static void start_calls(struct call *calls)
{
    for (int i = 0; i < CALLS; i++) {
        calls[i].body = write_events("s", i, 1, i % POISONED == 0 ? 0 : -1);
        atomic_store(&calls[i].status, 0);
        ck_assert_int_eq(pthread_create(&calls[i].thread, NULL, make_call, &calls[i]), 0);
    }
}

static void end_calls(struct call *calls)
{
    for (int i = 0; i < CALLS; i++) {
        pthread_join(calls[i].thread, NULL);
        free(calls[i].body);
    }
}

static int count_status(const struct call *calls, int status)
{
    int count = 0;
    for (int i = 0; i < CALLS; i++)
        count += atomic_load(&calls[i].status) == status;
    return count;
}

/* Figures ---------------------------------------------------------------------------------- */

static int by_size(const void *left, const void *right)
{
    long one = *(const long *)left, other = *(const long *)right;
    return (one > other) - (one < other);
}

/* Sorts durations, and tells of them; the 99th of a hundred, in microseconds. */
static long tell_durations(const char *what, long *durations, int count)
{
    qsort(durations, (size_t)count, sizeof *durations, by_size);
    fprintf(stderr, "# %s: p50 %.2f ms, p99 %.2f ms\n", what,
            (double)durations[count / 2] / 1000, (double)durations[count * 99 / 100] / 1000);
    return durations[count * 99 / 100];
}

/* Posts singly; how long each took, and that it was answered so. */
static void measure(const char *source, int status, long *durations, int count)
{
    for (int i = 0; i < count; i++) {
        char *body = write_events(source, i, 1, -1);
        int64_t began_at = clock_monotonic();
        struct reply reply = client_post(client, "/v1/events", body);
        durations[i] = (long)(clock_monotonic() - began_at);
        ck_assert_msg(reply.status == status, "%d %s", reply.status, reply.body);
        char seconds[16];
        ck_assert(status != 503 || reply_field(&reply, "Retry-After", seconds, sizeof seconds));
        reply_clear(&reply);
        free(body);
    }
}

/* The claims ------------------------------------------------------------------------------- */

/* As soon as one is refused, the queue is full, and stays so. */
static void fill_queue(struct call *calls)
{
    int64_t deadline = clock_monotonic() + 20 * SECOND;
    take_identifier();
    test_cluster_signal(&cluster, SIGSTOP);
    start_calls(calls);
    while (count_status(calls, 503) == 0) {
        ck_assert_msg(clock_monotonic() < deadline, "the queue does not fill");
        clock_pause(1);
    }
}

/* What queued is one commit, in which the events at fault fail alone. */
static void empty_queue(struct call *calls)
{
    int stored = 0, failed = 0;
    test_cluster_signal(&cluster, SIGCONT);
    end_calls(calls);
    for (int i = 0; i < CALLS; i++) {
        int status = atomic_load(&calls[i].status), sound = i % POISONED == 0 ? 409 : 201;
        ck_assert_msg(status == sound || status == 503, "%d", status);
        stored += status == 201;
        failed += status == 409;
    }
    fprintf(stderr, "# %d stored, %d at fault\n", stored, failed);
    ck_assert_int_gt(stored + failed, QUEUE);
}

START_TEST(a_full_queue_refuses_at_once)
{
    struct call calls[CALLS];
    long durations[REFUSALS];
    fill_queue(calls);
    measure("refused", 503, durations, REFUSALS);
    int64_t began_at = clock_monotonic();
    ck_assert_int_eq(status_of("/healthz"), 200);
    ck_assert_int_eq(status_of("/readyz"), 503);
    ck_assert_int_lt(clock_monotonic() - began_at, SECOND);
    empty_queue(calls);
    ck_assert_int_eq(status_of("/readyz"), 200);
    ck_assert_int_lt(tell_durations("refusals", durations, REFUSALS), REFUSAL_MS * 1000);
    measure("refused", 201, durations, 1);
}
END_TEST

START_TEST(a_poisoned_event_of_an_array_fails_alone)
{
    take_identifier();
    char *body = write_events("a", 0, POISON_EVENTS, 311);
    struct reply reply = client_post(client, "/v1/events", body);
    ck_assert_int_eq(reply.status, 200);
    json_t *answer = json_loads(reply.body, 0, NULL);
    json_t *item = json_array_get(json_object_get(answer, "data"), 311);
    ck_assert_int_eq(json_integer_value(json_object_get(answer, "created")), POISON_EVENTS - 1);
    json_t *problem = json_object_get(item, "problem");
    ck_assert_int_eq(json_integer_value(json_object_get(problem, "status")), 409);
    json_decref(answer);
    reply_clear(&reply);
    free(body);
}
END_TEST

struct bulk {
    pthread_t thread;
    char source[8];
    atomic_bool *is_over;
    atomic_int posted; /* requests */
    bool has_failed;
};

static void *post_in_bulk(void *context)
{
    struct bulk *bulk = context;
    struct client *own = client_create(service.port, service.key);
    while (!atomic_load(bulk->is_over) && !bulk->has_failed) {
        char *body = write_events(bulk->source, bulk->posted * BULK_EVENTS, BULK_EVENTS, -1);
        struct reply reply = client_post(own, "/v1/events", body);
        bulk->has_failed = reply.status != 200;
        atomic_fetch_add(&bulk->posted, 1);
        reply_clear(&reply);
        free(body);
    }
    client_destroy(own);
    return NULL;
}

START_TEST(bulk_does_not_starve_singles)
{
    struct bulk bulks[BULKS];
    atomic_bool is_over = false;
    long durations[SINGLES];
    measure("alone", 201, durations, SINGLES);
    tell_durations("singles alone", durations, SINGLES);
    for (int i = 0; i < BULKS; i++) {
        bulks[i] = (struct bulk){.is_over = &is_over};
        snprintf(bulks[i].source, sizeof bulks[i].source, "bulk%d", i);
        ck_assert_int_eq(pthread_create(&bulks[i].thread, NULL, post_in_bulk, &bulks[i]), 0);
    }
    while (atomic_load(&bulks[0].posted) == 0)
        clock_pause(1);
    int64_t began_at = clock_monotonic();
    measure("beside", 201, durations, SINGLES);
    double seconds = (double)(clock_monotonic() - began_at) / SECOND;
    atomic_store(&is_over, true);
    int posted = 0;
    for (int i = 0; i < BULKS; i++) {
        pthread_join(bulks[i].thread, NULL);
        ck_assert(!bulks[i].has_failed);
        posted += bulks[i].posted;
    }
    long slow = tell_durations("singles beside bulk", durations, SINGLES);
    fprintf(stderr, "# %d events in bulk within %.1f s\n", posted * BULK_EVENTS, seconds);
    ck_assert_int_lt(slow, SINGLE_MS * 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pressure");
    TCase *small = tcase_create("queue"), *usual = tcase_create("bulk");
    tcase_set_timeout(small, 120);
    tcase_set_timeout(usual, 120);
    tcase_add_checked_fixture(small, set_up_small, tear_down);
    tcase_add_checked_fixture(usual, set_up, tear_down);
    tcase_add_test(small, a_full_queue_refuses_at_once);
    tcase_add_test(usual, a_poisoned_event_of_an_array_fails_alone);
    tcase_add_test(usual, bulk_does_not_starve_singles);
    suite_add_tcase(suite, small);
    suite_add_tcase(suite, usual);
    return tap_run(suite);
}
