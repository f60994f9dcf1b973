/* The ledger read over HTTP: its filters, and its feed, which a reader follows while others
 * write. */
#include "base/compiler.h"
#include "db/db.h"
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/service.h"
#include "tap.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRITERS = 4, POSTS = 60, ARRAY = 10, EVENTS = WRITERS * POSTS * (1 + ARRAY) / 2 };

static struct service service;
static struct client *client;

static void set_up(void)
{
    setenv("CLMD_WRITERS", "4", 1);
    service_start(&service);
    client = client_create(service.port, service.key);
}

static void tear_down(void)
{
    client_destroy(client);
    service_remove(&service);
}

static int post(struct client *by, const char *body)
{
    struct reply reply = client_post(by, "/v1/events", body);
    int status = reply.status;
    reply_clear(&reply);
    return status;
}

/* The feed ----------------------------------------------------------------------------------
 */

static void print_event(FILE *out, int writer, int number)
{
    fprintf(out,
            "{\"id\":\"%d-%d\",\"source\":\"feed\",\"subject\":\"c%d\","
            "\"type\":\"find.lead.created\",\"time\":\"2026-01-01T00:00:00Z\","
            "\"data\":{\"channel\":\"ad\"}}",
            writer, number, number % 7);
}

struct writer {
    pthread_t thread;
    int number;
    bool is_refused;
};

/* Single events and arrays in turn. */
static void *write_events(void *context)
{
    struct writer *writer = context;
    struct client *own = client_create(service.port, service.key);
    for (int i = 0, event = 0; i < POSTS; i++) {
        char *body = NULL;
        size_t size;
        int count = i % 2 == 0 ? 1 : ARRAY;
        FILE *out = open_memstream(&body, &size);
        for (int j = 0; j < count; j++) {
            fputs(count == 1 ? "" : j == 0 ? "[" : ",", out);
            print_event(out, writer->number, event++);
        }
        fputs(count == 1 ? "" : "]", out);
        fclose(out);
        writer->is_refused |= post(own, body) > 201;
        free(body);
    }
    client_destroy(own);
    return NULL;
}

/* What a reader of the feed has seen. */
struct copy {
    char cursor[256]; /* with its parameter; empty at first */
    json_t *ids;
    bool has_more;
    size_t repeated;
};

static void follow(struct copy *copy)
{
    char path[320];
    snprintf(path, sizeof path, "/v1/changes?limit=7%s", copy->cursor);
    json_t *page = answer_get(client, path), *item;
    size_t i;
    json_array_foreach(json_object_get(page, "data"), i, item)
    {
        const char *id = answer_text(json_object_get(item, "event"), "id");
        copy->repeated += json_object_get(copy->ids, id) != NULL;
        json_object_set_new(copy->ids, id, json_true());
    }
    snprintf(copy->cursor, sizeof copy->cursor, "&cursor=%s", answer_text(page, "next_cursor"));
    copy->has_more = json_is_true(json_object_get(page, "has_more"));
    json_decref(page);
}

static void follow_to_the_end(struct copy *copy)
{
    do
        follow(copy);
    while (copy->has_more);
}

static void execute(struct db *db, const char *sql)
{
    struct problem why = {0};
    ck_assert_msg(db_execute(db, sql, NULL, &why), "%s %s", why.detail, why.log_detail);
}

/* A transaction that writes before all others, and ends after them. */
static struct db *begin_slowly(void)
{
    char url[256];
    snprintf(url, sizeof url, "postgresql://clmd@/postgres?host=%s/socket", service.directory);
    struct db *db = db_create(url, 60);
    execute(db, "begin; insert into lifecycle.event (event_id, occurred_at, type, source, id, "
                "body) select gen_random_uuid(), now(), min(type), 'feed', 'slow', "
                "'{\"id\":\"slow\"}' from lifecycle.event_type");
    return db;
}

START_TEST(a_reader_of_the_feed_gets_each_event_once)
{
    struct writer writers[WRITERS];
    struct copy copy = {.ids = json_object()};
    struct db *slow = begin_slowly();
    follow_to_the_end(&copy);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.number = i};
        pthread_create(&writers[i].thread, NULL, write_events, &writers[i]);
    }
    for (int i = 0; i < 2 * POSTS; i++)
        follow(&copy);
    ck_assert_uint_eq(json_object_size(copy.ids), 0); /* the slow one may still come before */
    execute(slow, "commit");
    for (int i = 0; i < 2 * POSTS; i++)
        follow(&copy);
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(writers[i].thread, NULL);
        ck_assert(!writers[i].is_refused);
    }
    follow_to_the_end(&copy);
    ck_assert_uint_eq(json_object_size(copy.ids), EVENTS + 1);
    ck_assert_uint_eq(copy.repeated, 0);
    follow_to_the_end(&copy);
    ck_assert_int_eq(post(client,
                          "{\"id\":\"later\",\"source\":\"feed\",\"subject\":\"c1\","
                          "\"type\":\"find.lead.created\",\"data\":{\"channel\":\"ad\"},"
                          "\"time\":\"2020-01-01T00:00:00Z\"}"),
                     201);
    follow_to_the_end(&copy);
    ck_assert_ptr_nonnull(json_object_get(copy.ids, "later"));
    ck_assert_uint_eq(copy.repeated, 0);
    json_decref(copy.ids);
    db_destroy(slow);
}
END_TEST

/* Lists -------------------------------------------------------------------------------------
 */

static const char *const HISTORY[] = {
    "{\"id\":\"1\",\"source\":\"crm\",\"subject\":\"a\",\"type\":\"find.lead.created\","
    "\"time\":\"2026-01-01T10:00:00Z\",\"data\":{\"channel\":\"ad\"}}",
    "{\"id\":\"2\",\"source\":\"bank\",\"subject\":\"a\",\"type\":\"bill.payment.succeeded\","
    "\"time\":\"2026-01-02T10:00:00Z\",\"data\":{\"payment_id\":\"1\",\"amount\":500,"
    "\"currency\":\"EUR\"}}",
    "{\"id\":\"3\",\"source\":\"bank\",\"subject\":\"b c\",\"type\":\"bill.payment.succeeded\","
    "\"time\":\"2026-01-03T10:00:00Z\",\"data\":{\"payment_id\":\"2\",\"amount\":700,"
    "\"currency\":\"EUR\"}}",
    "{\"id\":\"4\",\"source\":\"crm\",\"subject\":\"a\",\"type\":\"event.voided\","
    "\"time\":\"2026-01-04T10:00:00Z\",\"data\":{\"source\":\"bank\",\"id\":\"2\"}}",
};

static const struct {
    const char *query, *ids; /* NULL: refused; `pointer` then */
    const char *pointer;
} LISTS[] = {
    {"", "4 3 2 1 ", NULL},
    {"?limit=1", "4 3 2 1 ", NULL},
    {"?customer=a&limit=2", "4 2 1 ", NULL},
    {"?customer=b+c", "3 ", NULL},
    {"?customer=nobody", "", NULL},
    {"?type=bill.payment.succeeded", "3 2 ", NULL},
    {"?stage=bill&customer=a", "2 ", NULL},
    {"?source=crm&limit=1", "4 1 ", NULL},
    {"?occurred_from=2026-01-02&occurred_to=2026-01-03T10:00:00Z", "2 ", NULL},
    {"?occurred_from=2026-01-02T11%3A00%3A00%2B01%3A00", "4 3 2 ", NULL},
    {"?type=no.such.type", NULL, "?type"},
    {"?stage=nowhere", NULL, "?stage"},
    {"?source=", NULL, "?source"},
    {"?occurred_from=yesterday", NULL, "?occurred_from"},
    {"?occurred_from=2026-01-02&occurred_to=2026-01-02", NULL, "?occurred_to"},
    {"?cursor=nonsense", NULL, "?cursor"},
    {"?limit=1001", NULL, "?limit"},
};

/* The ids on all pages of a list. */
static void read_list(const char *query, FILE *out)
{
    char path[512], first[256];
    snprintf(first, sizeof first, "/v1/events%s", query);
    snprintf(path, sizeof path, "%s", first);
    for (bool has_more = true; has_more;) {
        json_t *page = answer_get(client, path), *item;
        size_t i;
        json_array_foreach(json_object_get(page, "data"), i, item)
            fprintf(out, "%s ", answer_text(json_object_get(item, "event"), "id"));
        has_more = json_is_true(json_object_get(page, "has_more"));
        snprintf(path, sizeof path, "%s%ccursor=%s", first, *query ? '&' : '?',
                 answer_text(page, "next_cursor"));
        json_decref(page);
    }
}

static void check_list(const char *query, const char *ids)
{
    char *told = NULL;
    size_t size;
    FILE *out = open_memstream(&told, &size);
    read_list(query, out);
    fclose(out);
    ck_assert_msg(strcmp(told, ids) == 0, "%s gives %s", query, told);
    free(told);
}

static void check_refusal(const char *query, const char *pointer)
{
    char path[256], text[64];
    snprintf(path, sizeof path, "/v1/events%s", query);
    snprintf(text, sizeof text, "{\"pointer\":\"%s\"", pointer);
    struct reply reply = client_get(client, path);
    ck_assert_int_eq(reply.status, 422);
    ck_assert_msg(strstr(reply.body, text) != NULL, "%s: %s", query, reply.body);
    reply_clear(&reply);
}

START_TEST(events_are_listed_by_filters)
{
    for (size_t i = 0; i < COUNT_OF(HISTORY); i++)
        ck_assert_int_eq(post(client, HISTORY[i]), 201);
    for (size_t i = 0; i < COUNT_OF(LISTS); i++)
        if (LISTS[i].ids != NULL)
            check_list(LISTS[i].query, LISTS[i].ids);
        else
            check_refusal(LISTS[i].query, LISTS[i].pointer);
}
END_TEST

static const struct {
    const char *query, *rows; /* or a pointer: it is refused there */
} TOTALS[] = {
    {"?source=bank&from=2026-01-01&to=2026-02-01",
     "[{\"day\":null,\"source\":\"bank\",\"type\":\"bill.payment.succeeded\","
     "\"currency\":\"EUR\",\"events\":2,\"amount\":1200,\"voided_events\":1,"
     "\"voided_amount\":500}]"},
    {"?from=2026-01-03&to=2026-01-05&by=day",
     "[{\"day\":\"2026-01-03\",\"source\":\"bank\",\"type\":\"bill.payment.succeeded\","
     "\"currency\":\"EUR\",\"events\":1,\"amount\":700,\"voided_events\":0,"
     "\"voided_amount\":0},"
     "{\"day\":\"2026-01-04\",\"source\":\"crm\",\"type\":\"event.voided\","
     "\"currency\":null,\"events\":1,\"amount\":null,\"voided_events\":0,"
     "\"voided_amount\":null}]"},
    {"?from=2025-01-01&to=2026-01-01", "[]"},
    {"?from=2026-01-01", "?to"},
    {"?from=2026-01-01&to=2026-01-01", "?to"},
    {"?from=2026-01-01T00:00:00Z&to=2026-01-02", "?from"},
    {"?from=2026-01-01&to=2026-01-02&by=week", "?by"},
};

/* Everything is sent twice: a duplicate counts for nothing. */
START_TEST(the_ledger_is_held_against_the_sender)
{
    for (size_t i = 0; i < 2 * COUNT_OF(HISTORY); i++)
        ck_assert_int_le(post(client, HISTORY[i / 2]), 201);
    for (size_t i = 0; i < COUNT_OF(TOTALS); i++) {
        char path[256];
        const char *rows = TOTALS[i].rows;
        snprintf(path, sizeof path, "/v1/reconciliation%s", TOTALS[i].query);
        struct reply reply = client_get(client, path);
        ck_assert_int_eq(reply.status, *rows == '[' ? 200 : 422);
        ck_assert_msg(strstr(reply.body, rows) != NULL, "%s: %s", path, reply.body);
        reply_clear(&reply);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resources");
    TCase *tests = tcase_create("resources");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_reader_of_the_feed_gets_each_event_once);
    tcase_add_test(tests, events_are_listed_by_filters);
    tcase_add_test(tests, the_ledger_is_held_against_the_sender);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
