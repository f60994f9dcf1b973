/* Claim: an acknowledged event survives kill -9 of the service and of the database, and is
 * there exactly once. Writers post orders and repeat each until it is acknowledged, while one
 * or the other is killed in the midst of it; in the end every order counts once. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/service.h"
#include "tap.h"

#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WRITERS = 4, ORDERS = 400, KILLS = 6, PATIENCE_SECONDS = 90 };

struct scene {
    struct service service;
    atomic_int port; /* changes when the service starts again */
    atomic_int acknowledged;
    atomic_int duplicates; /* of repeated sendings: stored, but the answer was lost */
};

struct writer {
    pthread_t thread;
    struct scene *scene;
    int number;
    bool is_done;
};

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
}

/* Posts until it is acknowledged; the status of the acknowledgement, 0 out of patience. */
static int post_order(struct scene *scene, struct client **client, int *port, int writer,
                      int order)
{
    char body[512];
    snprintf(
        body, sizeof body,
        "{\"source\":\"w%d\",\"id\":\"%d\",\"type\":\"sell.order.placed\",\"subject\":\"c%d\","
        "\"time\":\"2025-01-01T00:00:00Z\",\"data\":{\"order_id\":\"%d\",\"amount\":1,"
        "\"currency\":\"EUR\",\"units\":1}}",
        writer, order, (writer + order) % 50, order);
    time_t deadline = time(NULL) + PATIENCE_SECONDS;
    while (time(NULL) < deadline) {
        if (*client == NULL || *port != atomic_load(&scene->port)) {
            if (*client != NULL)
                client_destroy(*client);
            *port = atomic_load(&scene->port);
            *client = client_create(*port, scene->service.key);
        }
        struct reply reply = client_post(*client, "/v1/events", body);
        int status = reply.status;
        reply_clear(&reply);
        if (status == 201 || status == 200)
            return status;
        if (status != 0 && status != 503)
            return 0;
        pause_briefly();
    }
    return 0;
}

static void *write_orders(void *context)
{
    struct writer *writer = context;
    struct client *client = NULL;
    int port = 0, order = 0;
    for (; order < ORDERS; order++) {
        int status = post_order(writer->scene, &client, &port, writer->number, order);
        if (status == 0)
            break;
        atomic_fetch_add(&writer->scene->acknowledged, 1);
        if (status == 200)
            atomic_fetch_add(&writer->scene->duplicates, 1);
    }
    writer->is_done = order == ORDERS;
    if (client != NULL)
        client_destroy(client);
    return NULL;
}

/* The file may still name the one killed before: then it is read again. */
static void kill_postmaster(const struct service *service)
{
    time_t deadline = time(NULL) + PATIENCE_SECONDS;
    pid_t postmaster = service_postmaster(service);
    while ((postmaster <= 1 || kill(postmaster, SIGKILL) != 0) && time(NULL) < deadline) {
        pause_briefly();
        postmaster = service_postmaster(service);
    }
    ck_assert_msg(time(NULL) < deadline, "there was no postmaster to kill");
}

static void kill_in_the_midst(struct scene *scene, bool is_database)
{
    for (int i = 1; i <= KILLS; i++) {
        time_t deadline = time(NULL) + PATIENCE_SECONDS;
        while (atomic_load(&scene->acknowledged) < WRITERS * ORDERS * i / (KILLS + 1) &&
               time(NULL) < deadline)
            pause_briefly();
        if (is_database) {
            kill_postmaster(&scene->service);
        } else {
            service_kill(&scene->service);
            service_again(&scene->service);
            atomic_store(&scene->port, scene->service.port);
        }
    }
}

static void check_all_there_once(const struct service *service)
{
    answer_verified(service);
    struct client *client = client_create(service->port, service->key);
    json_t *answer = answer_get(client, "/v1/metrics/purchases?from=2025-01-01&to=2025-01-02");
    json_t *row = answer_row(answer, "{\"measure\":\"purchases\"}");
    ck_assert_int_eq(json_integer_value(json_object_get(row, "value")), WRITERS * ORDERS);
    json_decref(answer);
    client_destroy(client);
}

START_TEST(acknowledged_is_stored_once)
{
    struct scene scene = {0};
    service_start(&scene.service);
    atomic_store(&scene.port, scene.service.port);
    struct writer writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.scene = &scene, .number = i};
        pthread_create(&writers[i].thread, NULL, write_orders, &writers[i]);
    }
    kill_in_the_midst(&scene, _i == 1);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    for (int i = 0; i < WRITERS; i++)
        ck_assert_msg(writers[i].is_done, "writer %d ran out of patience", i);
    fprintf(stderr, "# %d acknowledged, %d of them at a repetition\n",
            atomic_load(&scene.acknowledged), atomic_load(&scene.duplicates));
    check_all_there_once(&scene.service);
    service_remove(&scene.service);
}
END_TEST

/* What was accepted before SIGTERM is answered, and what was answered is stored. */
START_TEST(a_stop_leaves_nothing_unanswered)
{
    struct scene scene = {0};
    service_start(&scene.service);
    atomic_store(&scene.port, scene.service.port);
    struct writer writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.scene = &scene, .number = i};
        pthread_create(&writers[i].thread, NULL, write_orders, &writers[i]);
    }
    for (int i = 1; i <= 3; i++) {
        while (atomic_load(&scene.acknowledged) < WRITERS * ORDERS * i / 4)
            pause_briefly();
        ck_assert_int_eq(service_stop(&scene.service), 0);
        service_again(&scene.service);
        atomic_store(&scene.port, scene.service.port);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    ck_assert_msg(atomic_load(&scene.duplicates) == 0,
                  "%d events were stored, but their senders had no answer",
                  atomic_load(&scene.duplicates));
    check_all_there_once(&scene.service);
    service_remove(&scene.service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crash");
    TCase *crash = tcase_create("crash");
    tcase_set_timeout(crash, 300);
    tcase_add_loop_test(crash, acknowledged_is_stored_once, 0, 2);
    tcase_add_test(crash, a_stop_leaves_nothing_unanswered);
    suite_add_tcase(suite, crash);
    return tap_run(suite);
}
