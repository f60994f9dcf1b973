/* Exports that take their time: one snapshot however long it is, and readers who are slow or
 * lose the database on the way. */
#include "integration/answers.h"
#include "integration/download.h"
#include "integration/scene.h"
#include "integration/upload.h"
#include "tap.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ORDERS = 30000, WORKERS = 4 };

static void post_history(void)
{
    scene_connect();
    char *orders = upload_orders("many", ORDERS);
    struct reply reply =
        client_ask(client, "POST", "/v1/imports", NDJSON, orders, strlen(orders));
    upload_done(client, reply, ORDERS, 0, 0);
    scene_disconnect();
    free(orders);
}

/* Pairs of events, each stored in one transaction, until told to stop. */
struct writer {
    pthread_t thread;
    atomic_bool is_stopped;
    atomic_int pairs;
};

static void *write_pairs(void *argument)
{
    struct writer *writer = argument;
    struct client *own = client_create(service.port, service.key);
    while (!atomic_load(&writer->is_stopped)) {
        char body[1024];
        int pair = atomic_fetch_add(&writer->pairs, 1);
        snprintf(
            body, sizeof body,
            "[{\"source\":\"left\",\"id\":\"%d\",\"type\":\"support.case.opened\",\"subject\":"
            "\"c%d\",\"time\":\"2025-01-02T00:00:00Z\",\"data\":{\"case_id\":\"k\"}},"
            "{\"source\":\"right\",\"id\":\"%d\",\"type\":\"support.case.opened\",\"subject\":"
            "\"c%d\",\"time\":\"2025-01-02T00:00:00Z\",\"data\":{\"case_id\":\"k\"}}]",
            pair, pair % UPLOAD_CUSTOMERS, pair, (pair * 7 + 250) % UPLOAD_CUSTOMERS);
        struct reply reply = client_post(own, "/v1/events", body);
        ck_assert_int_eq(reply.status, 200);
        reply_clear(&reply);
    }
    client_destroy(own);
    return NULL;
}

static void await_pairs(struct writer *writer, int least)
{
    time_t deadline = time(NULL) + UPLOAD_PATIENCE_SECONDS;
    while (atomic_load(&writer->pairs) < least && time(NULL) < deadline)
        usleep(10000);
    ck_assert_int_ge(atomic_load(&writer->pairs), least);
}

/* Read slowly, while pairs are stored all over it: none of them is torn. */
START_TEST(it_is_one_snapshot)
{
    struct writer writer = {0};
    ck_assert_int_eq(pthread_create(&writer.thread, NULL, write_pairs, &writer), 0);
    await_pairs(&writer, 21); /* the one before is stored */
    struct download lines = download_begin(&service, "/v1/exports/events", "");
    await_pairs(&writer, atomic_load(&writer.pairs) + 100);
    download_finish(&lines);
    atomic_store(&writer.is_stopped, true);
    pthread_join(writer.thread, NULL);
    ck_assert(lines.is_whole);
    json_t *rows = download_lines(&lines), *row;
    size_t i;
    int left = 0, right = 0;
    json_array_foreach(rows, i, row)
    {
        left += strcmp(answer_text(row, "source"), "left") == 0;
        right += strcmp(answer_text(row, "source"), "right") == 0;
    }
    ck_assert_int_ge(left, 20);
    ck_assert_int_eq(left, right);
    ck_assert_int_lt(left, atomic_load(&writer.pairs));
    json_decref(rows);
    download_clear(&lines);
}
END_TEST

/* Readers that do not read hold their workers, and nothing else. */
START_TEST(slow_readers_hold_up_nobody)
{
    struct download slow[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        slow[i] = download_begin(&service, "/v1/exports/events", "");
    usleep(500000);
    struct download further = download_begin(&service, "/v1/exports/visits", "");
    download_finish(&further);
    ck_assert_int_eq(further.status, 503);
    ck_assert_ptr_nonnull(strstr(further.head, "Retry-After: "));
    download_clear(&further);
    struct writer writer = {0};
    ck_assert_int_eq(pthread_create(&writer.thread, NULL, write_pairs, &writer), 0);
    for (int i = 0; i < 50; i++)
        json_decref(answer_get(client, "/v1/customers?limit=10"));
    await_pairs(&writer, 50);
    atomic_store(&writer.is_stopped, true);
    pthread_join(writer.thread, NULL);
    for (int i = 0; i < WORKERS; i++) {
        download_finish(&slow[i]);
        ck_assert(slow[i].is_whole);
        download_clear(&slow[i]);
    }
}
END_TEST

/* What fails on the way does not look like an end. */
START_TEST(a_lost_database_is_seen)
{
    struct download lines = download_begin(&service, "/v1/exports/events", "");
    usleep(500000);
    ck_assert_int_eq(kill(service_postmaster(&service), SIGKILL), 0);
    sleep(2);
    download_finish(&lines);
    ck_assert_int_eq(lines.status, 200);
    ck_assert(!lines.is_whole);
    download_clear(&lines);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("export_ends");
    TCase *ends = scene_case(suite, "ends", 300);
    tcase_add_unchecked_fixture(ends, post_history, NULL);
    tcase_add_test(ends, it_is_one_snapshot);
    tcase_add_test(ends, slow_readers_hold_up_nobody);
    tcase_add_test(ends, a_lost_database_is_seen);
    return tap_run(suite);
}
