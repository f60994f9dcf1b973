/* The order of arrival plays no part: random histories, sent in any order, by several writers
 * at once, part of it twice, one by one or in arrays, give the visits that a plain fold gives,
 * and the same metrics to the byte. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/history.h"
#include "integration/service.h"
#include "tap.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WRITERS = 4, AGAIN = HISTORY_EVENTS / 4, SENT = HISTORY_EVENTS + AGAIN, BATCH = 20 };

struct writer {
    pthread_t thread;
    const struct service *service;
    const struct history *history;
    const size_t *positions;
    size_t count;
    unsigned seed;
    int created;
    const char *fault; /* what went wrong, for the main thread to tell */
};

/* How many of them were new; −1 if one was not taken. */
static int send_events(struct client *client, const struct history *history,
                       const size_t *positions, size_t count)
{
    char *body = NULL;
    size_t size;
    int created = -1;
    FILE *out = open_memstream(&body, &size);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i == 0 ? "[" : ",", history->events[positions[i]].body);
    fputs("]", out);
    fclose(out);
    if (count == 1)
        body[strlen(body) - 1] = '\0';
    struct reply reply = client_post(client, "/v1/events", count == 1 ? body + 1 : body);
    const char *totals =
        count > 1 && reply.status == 200 ? strstr(reply.body, "],\"created\":") : NULL;
    if (totals != NULL && strstr(totals, "\"conflict\":0,\"rejected\":0") != NULL)
        created = (int)strtol(totals + strlen("],\"created\":"), NULL, 10);
    else if (count == 1 && (reply.status == 200 || reply.status == 201))
        created = reply.status == 201;
    else
        fprintf(stderr, "# %d %s\n", reply.status, reply.body != NULL ? reply.body : "");
    reply_clear(&reply);
    free(body);
    return created;
}

static void *write_events(void *context)
{
    struct writer *writer = context;
    struct client *client = client_create(writer->service->port, writer->service->key);
    for (size_t done = 0; done < writer->count && writer->fault == NULL;) {
        size_t count = rand_r(&writer->seed) % 3 == 0 ? BATCH : 1;
        if (count > writer->count - done)
            count = writer->count - done;
        int created = send_events(client, writer->history, writer->positions + done, count);
        if (created < 0)
            writer->fault = "an event was not taken";
        writer->created += created;
        done += count;
    }
    client_destroy(client);
    return NULL;
}

/* Each writer sends its part of the positions, all at the same time; how many events were new.
 */
static int write_at_once(struct writer *writers)
{
    int created = 0;
    for (size_t i = 0; i < WRITERS; i++)
        pthread_create(&writers[i].thread, NULL, write_events, &writers[i]);
    for (size_t i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    for (size_t i = 0; i < WRITERS; i++) {
        ck_assert_msg(writers[i].fault == NULL, "%s", writers[i].fault);
        created += writers[i].created;
    }
    return created;
}

/* Everything once, a quarter of it twice, shuffled, dealt to the writers. */
static void post_history(const struct service *service, const struct history *history,
                         unsigned seed)
{
    size_t positions[SENT];
    for (size_t i = 0; i < SENT; i++)
        positions[i] = i < HISTORY_EVENTS ? i : (size_t)rand_r(&seed) % HISTORY_EVENTS;
    history_shuffle(&seed, positions, SENT);
    struct writer writers[WRITERS];
    for (size_t i = 0; i < WRITERS; i++) {
        size_t from = SENT * i / WRITERS;
        writers[i] = (struct writer){.service = service,
                                     .history = history,
                                     .positions = positions + from,
                                     .count = SENT * (i + 1) / WRITERS - from,
                                     .seed = seed + (unsigned)i};
    }
    ck_assert_int_eq(write_at_once(writers), HISTORY_EVENTS);
}

static char *visits_of(struct client *client, int customer)
{
    char path[64];
    snprintf(path, sizeof path, "/v1/customers/c%d/visits?limit=1000", customer);
    json_t *page = answer_get(client, path);
    char *text = NULL;
    size_t size, i;
    FILE *out = open_memstream(&text, &size);
    json_t *visit;
    json_array_foreach(json_object_get(page, "data"), i, visit) fprintf(
        out, "%s %d %s %s %s\n", answer_text(visit, "stage"),
        (int)json_integer_value(json_object_get(visit, "cycle")), answer_text(visit, "kind"),
        answer_text(visit, "entered_at"), answer_text(visit, "left_at"));
    fclose(out);
    json_decref(page);
    return text;
}

static const char *const WINDOWS[] = {
    "from=2024-12-01&to=2025-10-01",
    "from=2024-12-01&to=2025-10-01&interval=month",
    "from=2024-12-01&to=2025-10-01&interval=quarter&currency=EUR",
    "from=2024-12-01&to=2025-10-01&timezone=Asia/Kathmandu",
    NULL,
};

static void check_purchases(struct client *client, const struct history *history)
{
    long count, amount;
    history_purchases(history, &count, &amount);
    json_t *answer =
        answer_get(client, "/v1/metrics/purchases?from=2024-12-01&to=2025-10-01&currency=EUR");
    json_t *purchases = answer_row(answer, "{\"measure\":\"purchases\"}");
    json_t *money = answer_row(answer, "{\"measure\":\"amount\",\"currency\":\"EUR\"}");
    ck_assert_int_eq(json_integer_value(json_object_get(purchases, "value")), count);
    ck_assert_int_eq(json_integer_value(json_object_get(money, "value")), amount);
    json_decref(answer);
}

START_TEST(any_order_gives_the_same)
{
    unsigned seed = (unsigned)time(NULL) + (unsigned)_i;
    fprintf(stderr, "# seed %u\n", seed);
    struct history *history = history_create(seed);
    char *first = NULL;
    for (unsigned round = 0; round < 2; round++) {
        struct service service;
        service_start(&service);
        post_history(&service, history, seed + round);
        struct client *client = client_create(service.port, service.key);
        for (int customer = 0; customer < HISTORY_CUSTOMERS; customer++) {
            char *expected = history_visits(history, customer);
            char *told = visits_of(client, customer);
            ck_assert_msg(strcmp(told, expected) == 0, "seed %u, c%d:\n%s\nnot\n%s", seed,
                          customer, told, expected);
            free(told);
            free(expected);
        }
        check_purchases(client, history);
        answer_verified(&service);
        char *metrics = answer_all_metrics(client, WINDOWS);
        ck_assert_msg(first == NULL || strcmp(first, metrics) == 0, "seed %u: metrics differ",
                      seed);
        free(first);
        first = metrics;
        client_destroy(client);
        service_remove(&service);
    }
    free(first);
    free(history);
}
END_TEST

/* All writers send everything, in the same order, so that they meet at the same events. */
START_TEST(the_same_events_at_once)
{
    unsigned seed = (unsigned)time(NULL);
    fprintf(stderr, "# seed %u\n", seed);
    struct history *history = history_create(seed);
    struct service service;
    service_start(&service);
    size_t positions[HISTORY_EVENTS];
    for (size_t i = 0; i < HISTORY_EVENTS; i++)
        positions[i] = i;
    struct writer writers[WRITERS];
    for (size_t i = 0; i < WRITERS; i++)
        writers[i] = (struct writer){.service = &service,
                                     .history = history,
                                     .positions = positions,
                                     .count = HISTORY_EVENTS,
                                     .seed = seed + (unsigned)i};
    ck_assert_int_eq(write_at_once(writers), HISTORY_EVENTS);
    struct client *client = client_create(service.port, service.key);
    check_purchases(client, history);
    answer_verified(&service);
    client_destroy(client);
    service_remove(&service);
    free(history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("order");
    TCase *order = tcase_create("order");
    tcase_set_timeout(order, 120);
    tcase_add_loop_test(order, any_order_gives_the_same, 0, 2);
    tcase_add_test(order, the_same_events_at_once);
    suite_add_tcase(suite, order);
    return tap_run(suite);
}
