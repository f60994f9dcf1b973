/* The order of arrival plays no part: random histories, sent in any order, by several writers
 * at once, part of it twice, one by one or in arrays, give the visits that a plain fold gives,
 * and the same metrics to the byte. */
#include "base/compiler.h"
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
    const char *fault; /* what went wrong, for the main thread to tell */
};

static bool send_events(struct client *client, const struct history *history,
                        const size_t *positions, size_t count)
{
    char *body = NULL;
    size_t size;
    FILE *out = open_memstream(&body, &size);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i == 0 ? "[" : ",", history->events[positions[i]].body);
    fputs("]", out);
    fclose(out);
    if (count == 1)
        body[strlen(body) - 1] = '\0';
    struct reply reply = client_post(client, "/v1/events", count == 1 ? body + 1 : body);
    bool is_good = reply.status == 200 || reply.status == 201;
    if (is_good && count > 1)
        is_good = strstr(reply.body, "\"conflict\":0") != NULL &&
                  strstr(reply.body, "\"rejected\":0") != NULL;
    if (!is_good)
        fprintf(stderr, "# %d %s\n", reply.status, reply.body != NULL ? reply.body : "");
    reply_clear(&reply);
    free(body);
    return is_good;
}

static void *write_events(void *context)
{
    struct writer *writer = context;
    struct client *client = client_create(writer->service->port, writer->service->key);
    for (size_t done = 0; done < writer->count && writer->fault == NULL;) {
        size_t count = rand_r(&writer->seed) % 3 == 0 ? BATCH : 1;
        if (count > writer->count - done)
            count = writer->count - done;
        if (!send_events(client, writer->history, writer->positions + done, count))
            writer->fault = "an event was not taken";
        done += count;
    }
    client_destroy(client);
    return NULL;
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
        pthread_create(&writers[i].thread, NULL, write_events, &writers[i]);
    }
    for (size_t i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    for (size_t i = 0; i < WRITERS; i++)
        ck_assert_msg(writers[i].fault == NULL, "%s", writers[i].fault);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "-";
}

static char *visits_of(struct client *client, int customer)
{
    char path[64];
    snprintf(path, sizeof path, "/v1/customers/c%d/visits?limit=1000", customer);
    struct reply reply = client_get(client, path);
    json_t *page = reply.status == 200 ? json_loads(reply.body, 0, NULL) : NULL;
    char *text = NULL;
    size_t size, i;
    FILE *out = open_memstream(&text, &size);
    json_t *visit;
    json_array_foreach(json_object_get(page, "data"), i, visit) fprintf(
        out, "%s %d %s %s %s\n", text_of(visit, "stage"),
        (int)json_integer_value(json_object_get(visit, "cycle")), text_of(visit, "kind"),
        text_of(visit, "entered_at"), text_of(visit, "left_at"));
    fclose(out);
    json_decref(page);
    reply_clear(&reply);
    return text;
}

/* Every metric of the catalogue by month and for the whole window, without computed_at. */
static char *all_metrics(struct client *client)
{
    char *text = NULL;
    size_t size, i;
    FILE *out = open_memstream(&text, &size);
    struct reply catalogue = client_get(client, "/v1/metrics");
    json_t *list = json_loads(catalogue.body, 0, NULL), *metric;
    static const char *const WINDOWS[] = {
        "", "&interval=month", "&interval=quarter&currency=EUR", "&timezone=Asia/Kathmandu"};
    json_array_foreach(json_object_get(list, "data"), i, metric)
    {
        for (size_t j = 0; j < COUNT_OF(WINDOWS); j++) {
            char path[160];
            snprintf(path, sizeof path, "/v1/metrics/%s?from=2024-12-01&to=2025-10-01%s",
                     text_of(metric, "name"), WINDOWS[j]);
            struct reply reply = client_get(client, path);
            char *end = reply.body != NULL ? strstr(reply.body, "\"computed_at\"") : NULL;
            if (end != NULL)
                *end = '\0';
            fprintf(out, "%s %d %s\n", path, reply.status,
                    reply.status == 200 ? reply.body : "refused");
            reply_clear(&reply);
        }
    }
    fclose(out);
    json_decref(list);
    reply_clear(&catalogue);
    return text;
}

static void check_purchases(struct client *client, const struct history *history)
{
    long count, amount;
    history_purchases(history, &count, &amount);
    struct reply reply =
        client_get(client, "/v1/metrics/purchases?from=2024-12-01&to=2025-10-01&currency=EUR");
    json_t *answer = json_loads(reply.body, 0, NULL), *row;
    size_t i, found = 0;
    json_array_foreach(json_object_get(answer, "data"), i, row)
    {
        const char *measure = text_of(json_object_get(row, "group"), "measure");
        double value = json_number_value(json_object_get(row, "value"));
        if (strcmp(measure, "purchases") == 0 || strcmp(measure, "amount") == 0) {
            long expected = measure[0] == 'p' ? count : amount;
            ck_assert_msg(value == (double)expected, "%s: %f, not %ld", measure, value,
                          expected);
            found++;
        }
    }
    ck_assert_uint_eq(found, 2);
    json_decref(answer);
    reply_clear(&reply);
}

static void check_verified(const struct service *service)
{
    static const char *const VERIFY[] = {"verify", NULL};
    char output[4096];
    ck_assert_msg(service_command(service, VERIFY, output, sizeof output) == 0, "%s", output);
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
        check_verified(&service);
        char *metrics = all_metrics(client);
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

int main(void)
{
    Suite *suite = suite_create("order");
    TCase *order = tcase_create("order");
    tcase_set_timeout(order, 120);
    tcase_add_loop_test(order, any_order_gives_the_same, 0, 2);
    suite_add_tcase(suite, order);
    return tap_run(suite);
}
