/* Imports that do not come to their end: clients that break off, a service and a database that
 * are killed meanwhile. Sent again, everything is there once. */
#include "integration/answers.h"
#include "integration/scene.h"
#include "integration/upload.h"
#include "tap.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MANY = 30000 };

#define ORDER(id) id ",shop,sell.order.placed,c1,2025-01-01T00:00:00Z,"
#define HEADER "id,source,type,subject,time,data.order_id,data.amount,data.currency,data.units"

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
}

static struct reply import_bytes(const char *path, const char *fields, const char *body,
                                 size_t length)
{
    return client_ask(client, "POST", path, fields, body, length);
}

/* Clients and servers that go away ----------------------------------------------------------
 */

/* The row that was cut off is no row, even if what came of it looks whole. */
START_TEST(a_dropped_connection_keeps_what_came)
{
    static const char ROWS[] = HEADER "\n" ORDER("d1") "o1,1,EUR,1\n" ORDER("d2") "o2,1,EUR,1";
    int socket_fd = upload_begin(&service, CSV);
    ck_assert(upload_bytes(socket_fd, ROWS, sizeof ROWS - 1));
    close(socket_fd);
    json_t *import = upload_await(client, "interrupted");
    ck_assert_int_eq(upload_count(import, "created"), 1);
    ck_assert_int_eq(upload_count(import, "lines"), 1);
    ck_assert_int_eq(upload_count(import, "line"), 2);
    ck_assert_int_eq(upload_count(import, "bytes"), (json_int_t)sizeof ROWS - 1);
    json_decref(import);
    upload_done(client, import_bytes("/v1/imports", CSV, ROWS, sizeof ROWS - 1), 1, 1, 0);
}
END_TEST

/* What a slow sender has sent is stored while it is silent. */
START_TEST(a_slow_sender_is_seen_to_go_on)
{
    static const char FIRST[] = HEADER "\n" ORDER("e1") "o1,1,EUR,1\n", SECOND[] = ORDER("e2");
    int socket_fd = upload_begin(&service, CSV);
    ck_assert(upload_bytes(socket_fd, FIRST, sizeof FIRST - 1));
    time_t deadline = time(NULL) + UPLOAD_PATIENCE_SECONDS;
    json_int_t created = 0;
    while (created == 0 && time(NULL) < deadline) {
        json_t *import = upload_await(client, "running");
        created = upload_count(import, "created");
        json_decref(import);
        pause_briefly();
    }
    ck_assert_int_eq(created, 1);
    ck_assert(upload_bytes(socket_fd, SECOND, sizeof SECOND - 1));
    close(socket_fd);
    json_decref(upload_await(client, "interrupted"));
}
END_TEST

struct sender {
    pthread_t thread;
    int socket;
    const char *text;
    size_t length;
};

static void *send_on(void *argument)
{
    const struct sender *sender = argument;
    (void)upload_bytes(sender->socket, sender->text, sender->length);
    return NULL;
}

static void await_stored(json_int_t least)
{
    time_t deadline = time(NULL) + UPLOAD_PATIENCE_SECONDS;
    json_int_t lines = 0;
    while (lines < least && time(NULL) < deadline) {
        json_t *import = upload_await(client, "running");
        lines = upload_count(import, "lines");
        json_decref(import);
        pause_briefly();
    }
    ck_assert_int_ge(lines, least);
}

START_TEST(a_killed_service_keeps_what_it_told)
{
    scene_open();
    scene_connect();
    char *orders = upload_orders("killed", MANY);
    size_t length = strlen(orders);
    struct sender sender = {
        .socket = upload_begin(&service, NDJSON), .text = orders, .length = length};
    ck_assert_int_eq(pthread_create(&sender.thread, NULL, send_on, &sender), 0);
    await_stored(1);
    service_kill(&service);
    pthread_join(sender.thread, NULL);
    close(sender.socket);
    service_again(&service);
    scene_disconnect();
    scene_connect();
    json_t *import = upload_await(client, "interrupted");
    json_int_t told = upload_count(import, "created");
    ck_assert_int_gt(told, 0);
    ck_assert_str_ne(answer_text(import, "finished_at"), "-");
    json_decref(import);
    struct reply reply = import_bytes("/v1/imports", NDJSON, orders, length);
    ck_assert_int_eq(reply.status, 202);
    import = upload_reply(&reply);
    ck_assert_int_ge(upload_count(import, "duplicate"), told);
    ck_assert_int_eq(upload_count(import, "duplicate") + upload_count(import, "created"), MANY);
    json_decref(import);
    free(orders);
    scene_disconnect();
    scene_close();
}
END_TEST

/* A database that goes away is waited for. */
START_TEST(a_killed_database_is_outlived)
{
    char *orders = upload_orders("outlived", MANY);
    size_t length = strlen(orders);
    struct sender sender = {
        .socket = upload_begin(&service, NDJSON), .text = orders, .length = length};
    ck_assert_int_eq(pthread_create(&sender.thread, NULL, send_on, &sender), 0);
    await_stored(1);
    ck_assert_int_eq(kill(service_postmaster(&service), SIGKILL), 0);
    pthread_join(sender.thread, NULL);
    close(sender.socket);
    json_t *import = upload_await(client, "interrupted");
    ck_assert_int_eq(upload_count(import, "lines"), MANY);
    ck_assert_int_eq(upload_count(import, "line"), MANY);
    json_decref(import);
    upload_done(client, import_bytes("/v1/imports", NDJSON, orders, length), 0, MANY, 0);
    free(orders);
}
END_TEST

/* The bulk lane is full; single events are posted all the same. */
START_TEST(further_imports_are_told_to_wait)
{
    enum { WORKERS = 4 };
    int sockets[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        sockets[i] = upload_begin(&service, NDJSON);
    time_t deadline = time(NULL) + UPLOAD_PATIENCE_SECONDS;
    size_t running = 0;
    while (running < WORKERS && time(NULL) < deadline) {
        json_t *page = answer_get(client, "/v1/imports?state=running");
        running = json_array_size(json_object_get(page, "data"));
        json_decref(page);
        pause_briefly();
    }
    char seconds[16];
    struct reply reply = import_bytes("/v1/imports", NDJSON, "{}\n", 3);
    ck_assert_int_eq(reply.status, 503);
    ck_assert(reply_field(&reply, "Retry-After", seconds, sizeof seconds));
    reply_clear(&reply);
    char *order = upload_orders("single", 1);
    reply = client_post(client, "/v1/events", order);
    ck_assert_int_eq(reply.status, 201);
    reply_clear(&reply);
    free(order);
    for (int i = 0; i < WORKERS; i++)
        close(sockets[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_ends");
    TCase *ends = scene_case(suite, "ends", 300), *kills = tcase_create("kills");
    tcase_add_test(ends, a_dropped_connection_keeps_what_came);
    tcase_add_test(ends, a_slow_sender_is_seen_to_go_on);
    tcase_add_test(ends, a_killed_database_is_outlived);
    tcase_add_test(ends, further_imports_are_told_to_wait);
    tcase_set_timeout(kills, 300);
    tcase_add_test(kills, a_killed_service_keeps_what_it_told);
    suite_add_tcase(suite, kills);
    return tap_run(suite);
}
