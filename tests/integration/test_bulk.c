/* Claims: an event at fault harms no other of its array; whoever posts in bulk does not starve
 * who posts singly. */
#include "base/clock.h"
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/load.h"
#include "integration/service.h"
#include "tap.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SECOND = 1000000,
    ARRAY = 500, /* events, of which one is at fault: */
    FAULTY = 311,
    SINGLES = 120,      /* looked at, one after the other */
    BULKS = 2,          /* clients who post in bulk meanwhile */
    BULK_EVENTS = 1000, /* a request of theirs */
    SINGLE_MS = 3000    /* with sanitizers, on a busy machine */
};

static struct service service;
static struct client *client;

static void set_up(void)
{
    service_start(&service);
    client = client_create(service.port, service.key);
}

static void tear_down(void)
{
    client_destroy(client);
    answer_verified(&service);
    service_remove(&service);
}

START_TEST(a_poisoned_event_of_an_array_fails_alone)
{
    load_take_identifier(client);
    char *body = load_events("a", 0, ARRAY, FAULTY);
    struct reply reply = client_post(client, "/v1/events", body);
    ck_assert_int_eq(reply.status, 200);
    json_t *answer = json_loads(reply.body, 0, NULL);
    json_t *item = json_array_get(json_object_get(answer, "data"), FAULTY);
    ck_assert_int_eq(json_integer_value(json_object_get(answer, "created")), ARRAY - 1);
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
        char *body = load_events(bulk->source, bulk->posted * BULK_EVENTS, BULK_EVENTS, -1);
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
    load_measure(client, "alone", 201, durations, SINGLES);
    load_print("singles alone", durations, SINGLES);
    for (int i = 0; i < BULKS; i++) {
        bulks[i] = (struct bulk){.is_over = &is_over};
        snprintf(bulks[i].source, sizeof bulks[i].source, "bulk%d", i);
        ck_assert_int_eq(pthread_create(&bulks[i].thread, NULL, post_in_bulk, &bulks[i]), 0);
    }
    while (atomic_load(&bulks[0].posted) == 0)
        clock_pause(1);
    int64_t began_at = clock_monotonic();
    load_measure(client, "beside", 201, durations, SINGLES);
    double seconds = (double)(clock_monotonic() - began_at) / SECOND;
    atomic_store(&is_over, true);
    int posted = 0;
    for (int i = 0; i < BULKS; i++) {
        pthread_join(bulks[i].thread, NULL);
        ck_assert(!bulks[i].has_failed);
        posted += bulks[i].posted;
    }
    long slow = load_print("singles beside bulk", durations, SINGLES);
    fprintf(stderr, "# %d events in bulk within %.1f s\n", posted * BULK_EVENTS, seconds);
    ck_assert_int_lt(slow, SINGLE_MS * 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bulk");
    TCase *bulk = tcase_create("bulk");
    tcase_set_timeout(bulk, 180);
    tcase_add_checked_fixture(bulk, set_up, tear_down);
    tcase_add_test(bulk, a_poisoned_event_of_an_array_fails_alone);
    tcase_add_test(bulk, bulk_does_not_starve_singles);
    suite_add_tcase(suite, bulk);
    return tap_run(suite);
}
