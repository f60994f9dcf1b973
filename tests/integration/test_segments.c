/* Segments over HTTP: put under conditions, refused with pointers, listed with their members,
 * and no name or value ever more than data. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/service.h"
#include "tap.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CUSTOMERS = 40 };

#define PLAIN_JSON "Content-Type: application/json\r\n"
#define ANY "If-Match: *\r\n"

static struct service service;
static struct client *client;

/* Customers c1 to c40 of two countries; each even one has purchased on two days. */
static void post_history(void)
{
    for (int i = 1; i <= CUSTOMERS; i++) {
        char body[1024];
        int length = snprintf(
            body, sizeof body,
            "[{\"specversion\":\"1.0\",\"source\":\"s\",\"id\":\"a%d\",\"subject\":\"c%d\","
            "\"type\":\"customer.identified\",\"time\":\"2025-01-01T00:00:00Z\","
            "\"data\":{\"attributes\":{\"country\":\"%s\",\"it's\":%d}}}",
            i, i, i % 4 < 2 ? "DE" : "AT", i);
        for (int day = 1; day <= (i % 2 == 0 ? 2 : 1); day++)
            length +=
                snprintf(body + length, sizeof body - (size_t)length,
                         ",{\"specversion\":\"1.0\",\"source\":\"s\",\"id\":\"o%d.%d\","
                         "\"subject\":\"c%d\",\"type\":\"sell.order.placed\","
                         "\"time\":\"2025-02-%02dT00:00:00Z\",\"data\":{\"order_id\":\"%d.%d\","
                         "\"amount\":100,\"currency\":\"EUR\",\"units\":1}}",
                         i, day, i, day, i, day);
        snprintf(body + length, sizeof body - (size_t)length, "]");
        struct reply reply = client_post(client, "/v1/events?atomic=true", body);
        ck_assert_int_eq(reply.status, 200);
        reply_clear(&reply);
    }
}

static void set_up(void)
{
    service_start(&service);
    client = client_create(service.port, service.key);
    post_history();
}

static void tear_down(void)
{
    client_destroy(client);
    service_remove(&service);
}

/* The status of a change, whose answer is of no more interest. */
static int change(const char *method, const char *path, const char *fields, const char *body)
{
    struct reply reply =
        client_ask(client, method, path, fields, body, body != NULL ? strlen(body) : 0);
    int status = reply.status;
    reply_clear(&reply);
    return status;
}

static int put(const char *path, const char *fields, const char *where)
{
    char body[1024], all[256];
    snprintf(body, sizeof body, "{\"where\":%s}", where);
    snprintf(all, sizeof all, "%s%s", PLAIN_JSON, fields);
    return change("PUT", path, all, body);
}

/* All rows of a list, by pages of seven. */
static size_t count_rows(const char *path)
{
    char next[1200] = "";
    size_t count = 0;
    do {
        char page_path[1500];
        snprintf(page_path, sizeof page_path, "%s%climit=7%s%s", path,
                 strchr(path, '?') != NULL ? '&' : '?', *next != '\0' ? "&cursor=" : "", next);
        json_t *page = answer_get(client, page_path);
        count += json_array_size(json_object_get(page, "data"));
        bool has_more = json_is_true(json_object_get(page, "has_more"));
        snprintf(next, sizeof next, "%s", has_more ? answer_text(page, "next_cursor") : "");
        json_decref(page);
    } while (*next != '\0');
    return count;
}

static void make_loyal(void)
{
    ck_assert_int_eq(put("/v1/segments/loyal", "", "{\"field\":\"frequency\",\">=\":2}"), 201);
}

START_TEST(a_segment_is_changed_by_who_has_seen_it)
{
    char tag[64], field[128];
    make_loyal();
    ck_assert_int_eq(put("/v1/segments/loyal", "", "{\"field\":\"frequency\",\">=\":3}"), 428);
    struct reply reply = client_get(client, "/v1/segments/loyal");
    ck_assert_int_eq(reply.status, 200);
    ck_assert_ptr_nonnull(strstr(reply.body, "\"where\":{"));
    ck_assert_ptr_nonnull(strstr(reply.body, "\"warning\":null"));
    ck_assert(reply_field(&reply, "ETag", tag, sizeof tag));
    reply_clear(&reply);
    snprintf(field, sizeof field, "If-Match: %s\r\n", tag);
    ck_assert_int_eq(put("/v1/segments/loyal", field, "{\"field\":\"frequency\",\"<\":2}"),
                     200);
    ck_assert_int_eq(put("/v1/segments/loyal", field, "{\"field\":\"frequency\",\">=\":2}"),
                     412);
    json_t *shown = answer_get(client, "/v1/segments/loyal");
    ck_assert_ptr_nonnull(strstr(answer_text(shown, "warning"), "purchased once"));
    json_decref(shown);
    ck_assert_uint_eq(count_rows("/v1/segments"), 1);
    ck_assert_int_eq(change("DELETE", "/v1/segments/loyal", "", NULL), 428);
    ck_assert_int_eq(change("DELETE", "/v1/segments/loyal", field, NULL), 412);
    ck_assert_int_eq(change("DELETE", "/v1/segments/loyal", ANY, NULL), 200);
    ck_assert_int_eq(change("DELETE", "/v1/segments/loyal", ANY, NULL), 404);
    ck_assert_int_eq(change("GET", "/v1/segments/loyal", "", NULL), 404);
    ck_assert_int_eq(change("GET", "/v1/segments/loyal/members", "", NULL), 404);
}
END_TEST

START_TEST(what_cannot_be_is_told)
{
    struct reply reply = client_ask(
        client, "PUT", "/v1/segments/x", PLAIN_JSON,
        "{\"title\":7,\"where\":{\"or\":[{\"field\":\"frequency\",\"=\":\"2\"},{\"and\":[]}]}}",
        strlen("{\"title\":7,\"where\":{\"or\":[{\"field\":\"frequency\",\"=\":\"2\"},"
               "{\"and\":[]}]}}"));
    ck_assert_int_eq(reply.status, 422);
    ck_assert_ptr_nonnull(strstr(reply.body, "{\"pointer\":\"/title\""));
    ck_assert_ptr_nonnull(strstr(reply.body, "{\"pointer\":\"/where/or/0/=\""));
    ck_assert_ptr_nonnull(strstr(reply.body, "{\"pointer\":\"/where/or/1/and\""));
    reply_clear(&reply);
    ck_assert_int_eq(put("/v1/segments/No", "", "{\"field\":\"frequency\",\"=\":1}"), 422);
    ck_assert_int_eq(put("/v1/segments/x", "", "{\"field\":\"frequency\",\"=\":1,\"=\":2}"),
                     400);
    ck_assert_int_eq(change("GET", "/v1/customers?segment=none", "", NULL), 422);
    ck_assert_int_eq(change("GET", "/v1/customers?status=happy", "", NULL), 422);
    ck_assert_int_eq(change("GET", "/v1/customers?updated_after=soon", "", NULL), 422);
}
END_TEST

START_TEST(members_come_in_pages)
{
    make_loyal();
    ck_assert_int_eq(
        put("/v1/segments/german", "", "{\"field\":\"attributes.country\",\"=\":\"DE\"}"), 201);
    ck_assert_uint_eq(count_rows("/v1/segments/loyal/members"), CUSTOMERS / 2);
    ck_assert_uint_eq(count_rows("/v1/segments/german/members"), CUSTOMERS / 2);
    ck_assert_uint_eq(count_rows("/v1/customers?segment=german&stage=sell"), CUSTOMERS / 2);
    ck_assert_uint_eq(count_rows("/v1/customers?segment=german&stage=find"), 0);
    ck_assert_uint_eq(count_rows("/v1/customers?segment=loyal&q=c1"), 5);
    ck_assert_uint_eq(count_rows("/v1/customers?updated_after=2025-01-01"), CUSTOMERS);
    ck_assert_uint_eq(count_rows("/v1/customers?updated_after=2099-01-01"), 0);
}
END_TEST

START_TEST(everyone_is_of_one_status)
{
    static const char *const STATUSES[] = {"prospect", "active",  "at_risk",
                                           "lapsed",   "churned", "ended"};
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(STATUSES); i++) {
        char path[64];
        snprintf(path, sizeof path, "/v1/customers?status=%s", STATUSES[i]);
        count += count_rows(path);
    }
    ck_assert_uint_eq(count, CUSTOMERS);
}
END_TEST

/* Each as a value, and as the name of an attribute: none is met, and nothing is harmed. */
START_TEST(what_would_be_sql_is_a_value)
{
    static const char *const TEXTS[] = {
        "' or true --",
        "'; drop table lifecycle.event; --",
        "\\\\'",
        "$1",
        "%s%I%L",
        "\\\") or (\\\"1\\\"=\\\"1",
        "{value}",
        "{0}') or ('1'='1",
        "country' is not null or '",
    };
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        char where[512];
        snprintf(where, sizeof where,
                 "{\"or\":[{\"field\":\"attributes.country\",\"in\":[\"%s\"]},"
                 "{\"field\":\"attributes.%s\",\"=\":\"%s\"}]}",
                 TEXTS[i], TEXTS[i], TEXTS[i]);
        ck_assert_int_eq(put("/v1/segments/evil", i == 0 ? "" : ANY, where),
                         i == 0 ? 201 : 200);
        ck_assert_uint_eq(count_rows("/v1/segments/evil/members"), 0);
    }
    ck_assert_int_eq(put("/v1/segments/evil", ANY, "{\"field\":\"attributes.it's\",\"<=\":9}"),
                     200);
    ck_assert_uint_eq(count_rows("/v1/segments/evil/members"), 9);
    answer_verified(&service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("segments");
    TCase *tests = tcase_create("segments");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_segment_is_changed_by_who_has_seen_it);
    tcase_add_test(tests, what_cannot_be_is_told);
    tcase_add_test(tests, members_come_in_pages);
    tcase_add_test(tests, everyone_is_of_one_status);
    tcase_add_test(tests, what_would_be_sql_is_a_value);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
