/* Claims: an answer lasts until something is stored, through whatever server, and who has it is
 * told so; several metrics are answered at once, against the window before, as a table; the
 * customers behind a row are as many as it says; and no question has an answer that is an error
 * of ours, however little there is to tell. */
#include "base/clock.h"
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/service.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_SIZE = 64, SOON_MILLISECONDS = 3000, CUSTOMERS = 5 };

static struct service first, second;
static struct client *client, *beside;

static void set_up(void)
{
    service_start(&first);
    service_beside(&second, &first);
    client = client_create(first.port, first.key);
    beside = client_create(second.port, second.key);
}

static void tear_down(void)
{
    client_destroy(client);
    client_destroy(beside);
    service_remove(&second);
    service_remove(&first);
}

static void place_order(struct client *through, const char *subject, const char *day)
{
    char body[320];
    snprintf(body, sizeof body,
             "{\"id\":\"%s %s\",\"source\":\"shop\",\"type\":\"sell.order.placed\","
             "\"subject\":\"%s\",\"time\":\"%sT12:00:00Z\",\"data\":{\"order_id\":\"%s %s\","
             "\"amount\":1000,\"currency\":\"EUR\",\"units\":1}}",
             subject, day, subject, day, subject, day);
    struct reply reply = client_post(through, "/v1/events", body);
    ck_assert_msg(reply.status == 201, "%d %s", reply.status, reply.body);
    reply_clear(&reply);
}

/* The status of a question under a tag; the tag of the answer. */
static int ask(struct client *through, const char *path, const char *known, char tag[TAG_SIZE])
{
    char fields[128] = "";
    if (known != NULL)
        snprintf(fields, sizeof fields, "If-None-Match: %s\r\n", known);
    struct reply reply = client_ask(through, "GET", path, fields, NULL, 0);
    int status = reply.status;
    ck_assert((status == 200) == (reply.length > 0));
    ck_assert(reply_field(&reply, "ETag", tag, TAG_SIZE));
    reply_clear(&reply);
    return status;
}

/* PostgreSQL may have work of its own to do: an answer lasts once that is over. */
static void await_status(struct client *through, const char *path, int status)
{
    char tag[TAG_SIZE], known[TAG_SIZE];
    int found = 0;
    for (int waited = 0; found != status && waited < SOON_MILLISECONDS; waited += 50) {
        ck_assert_int_eq(ask(through, path, NULL, known), 200);
        clock_pause(300);
        found = ask(through, path, known, tag);
        ck_assert(found != 304 || strcmp(tag, known) == 0);
    }
    ck_assert_int_eq(found, status);
}

static const char ORDERS[] = "/v1/metrics/purchases?from=2025-01-01&to=2025-04-01";

START_TEST(an_answer_lasts_until_something_is_stored)
{
    char tag[TAG_SIZE], other[TAG_SIZE];
    place_order(client, "a", "2025-01-10");
    await_status(client, ORDERS, 304);
    ck_assert_int_eq(ask(client, ORDERS, NULL, tag), 200);
    ck_assert_int_eq(strncmp(tag, "W/\"", 3), 0);
    for (int i = 0; i < 20; i++) {
        char day[16];
        snprintf(day, sizeof day, "2025-02-%02d", i + 1);
        place_order(client, "a", day);
        ck_assert_int_eq(ask(client, ORDERS, tag, other), 200);
        ck_assert_str_ne(tag, other);
        memcpy(tag, other, sizeof tag);
    }
}
END_TEST

START_TEST(what_another_server_stored_is_seen_within_a_second)
{
    char tag[TAG_SIZE], other[TAG_SIZE];
    await_status(client, ORDERS, 304);
    ck_assert_int_eq(ask(client, ORDERS, NULL, tag), 200);
    place_order(beside, "b", "2025-01-11");
    clock_pause(1100);
    ck_assert_int_eq(ask(client, ORDERS, tag, other), 200);
    await_status(client, ORDERS, 304);
    ck_assert_int_eq(ask(client, ORDERS, NULL, tag), 200);
    clock_pause(1100);
    ck_assert_int_eq(ask(beside, ORDERS, tag, other), 304); /* all servers tell alike */
}
END_TEST

START_TEST(a_change_of_settings_ends_an_answer)
{
    char tag[TAG_SIZE], other[TAG_SIZE];
    await_status(client, ORDERS, 304);
    ck_assert_int_eq(ask(client, ORDERS, NULL, tag), 200);
    free(answer_ask(client, "PATCH", "/v1/settings",
                    "Content-Type: application/merge-patch+json\r\nIf-Match: *\r\n",
                    "{\"timezone\":\"Europe/Berlin\"}", 200, NULL, NULL, 0));
    ck_assert_int_eq(ask(client, ORDERS, tag, other), 200);
}
END_TEST

START_TEST(other_questions_have_other_tags)
{
    char tag[TAG_SIZE], other[TAG_SIZE];
    ck_assert_int_eq(ask(client, ORDERS, NULL, tag), 200);
    ck_assert_int_eq(
        ask(client, "/v1/metrics/purchases?from=2025-01-01&to=2025-04-02", tag, other), 200);
    ck_assert_int_eq(ask(client,
                         "/v1/metrics/purchases?from=2025-01-01&to=2025-04-01&format=csv", tag,
                         other),
                     200);
    free(answer_ask(client, "GET", ORDERS, "If-None-Match: *\r\n", "", 304, NULL, NULL, 0));
}
END_TEST

/* Answers ---------------------------------------------------------------------------------- */

START_TEST(a_dashboard_is_one_request)
{
    place_order(client, "a", "2025-01-10");
    place_order(client, "a", "2025-02-10");
    json_t *answers = answer_get(
        client, "/v1/metrics?names=purchases,repeat_rate&from=2025-02-01&to=2025-03-01"
                "&currency=EUR&compare_to=previous");
    json_t *data = json_object_get(answers, "data");
    ck_assert_uint_eq(json_array_size(data), 2);
    json_t *row = answer_row(json_array_get(data, 0), "{\"measure\":\"purchases\"}");
    json_t *previous = json_object_get(row, "previous");
    ck_assert_int_eq(json_integer_value(json_object_get(previous, "value")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(previous, "change")), 0);
    ck_assert_str_eq(
        answer_text(json_object_get(json_array_get(data, 0), "parameters"), "currency"), "EUR");
    ck_assert_ptr_null(
        json_object_get(json_object_get(json_array_get(data, 1), "parameters"), "currency"));
    json_decref(answers);
}
END_TEST

START_TEST(an_answer_is_a_table_for_who_likes_that)
{
    static const char PATH[] = "/v1/metrics/repeat_rate?from=2025-01-01&to=2025-02-01";
    char type[64];
    place_order(client, "a", "2025-01-10");
    place_order(client, "a", "2025-01-11");
    char *table = answer_ask(client, "GET", PATH, "Accept: text/csv\r\n", "", 200,
                             "Content-Type", type, sizeof type);
    ck_assert_str_eq(type, "text/csv; charset=utf-8");
    ck_assert_str_eq(table, "period,value,unit,numerator,denominator,n,complete,reason\r\n"
                            ",1,ratio,1,1,1,true,\r\n");
    free(table);
}
END_TEST

START_TEST(what_cannot_be_asked_is_told_where)
{
    static const struct {
        const char *path;
        int status;
        const char *pointer; /* "": none */
    } REFUSALS[] = {
        {"/v1/metrics/mood", 404, ""},
        {"/v1/metrics/mood/members", 404, ""},
        {"/v1/metrics/gaps?currency=EUR", 422, "?currency"},
        {"/v1/metrics/gaps?segment=nobody", 422, "?segment"},
        {"/v1/metrics/gaps?group_by=mood", 422, "?group_by"},
        {"/v1/metrics/gaps?compare_to=next", 422, "?compare_to"},
        {"/v1/metrics/gaps?format=xml", 422, "?format"},
        {"/v1/metrics/gaps?interval=day&from=2020-01-01&to=2024-01-01", 422, "?interval"},
        {"/v1/metrics?names=gaps,mood", 422, "?names"},
        {"/v1/metrics?names=", 422, "?names"},
        {"/v1/metrics?names=gaps,,gaps", 422, "?names"},
        {"/v1/metrics?from=2025-01-01", 422, "?names"},
        {"/v1/metrics/lifecycle/members?from=2025-01-01&to=2025-02-01", 422, "?period"},
        {"/v1/metrics/lifecycle/members?from=2025-01-01&to=2025-02-01&period=2025-01", 422,
         "?group"},
        {"/v1/metrics/lifecycle/members?from=2025-01-01&group=active", 422, "?group"},
        {"/v1/metrics/revenue/members", 422, ""},
    };
    for (size_t i = 0; i < COUNT_OF(REFUSALS); i++) {
        char wanted[64];
        struct reply reply = client_get(client, REFUSALS[i].path);
        snprintf(wanted, sizeof wanted, "\"pointer\":\"%s\"", REFUSALS[i].pointer);
        ck_assert_msg(reply.status == REFUSALS[i].status, "%s: %d %s", REFUSALS[i].path,
                      reply.status, reply.body);
        ck_assert_msg(!REFUSALS[i].pointer[0] || strstr(reply.body, wanted) != NULL, "%s: %s",
                      REFUSALS[i].path, reply.body);
        reply_clear(&reply);
    }
}
END_TEST

/* Members ---------------------------------------------------------------------------------- */

START_TEST(members_come_in_pages_and_are_as_many_as_the_row_says)
{
    static const char QUESTION[] = "/v1/metrics/lifecycle/members?from=2025-01-01&to=2025-03-01"
                                   "&interval=month&period=2025-02&limit=2"
                                   "&group=%7B%22measure%22:%22active%22%7D";
    char path[512];
    size_t members = 0;
    const char *cursor = "";
    for (int i = 0; i < CUSTOMERS; i++) {
        char subject[8];
        snprintf(subject, sizeof subject, "c%d", i);
        place_order(client, subject, "2025-02-10");
    }
    place_order(client, "early", "2025-01-10");
    snprintf(path, sizeof path, "%s", QUESTION);
    for (int pages = 0; cursor != NULL && pages < CUSTOMERS; pages++) {
        json_t *page = answer_get(client, path);
        ck_assert_int_eq(json_integer_value(json_object_get(page, "n")), CUSTOMERS);
        ck_assert_int_eq(
            json_integer_value(json_object_get(json_object_get(page, "row"), "value")),
            CUSTOMERS);
        members += json_array_size(json_object_get(page, "data"));
        cursor = json_string_value(json_object_get(page, "next_cursor"));
        if (cursor != NULL)
            snprintf(path, sizeof path, "%s&cursor=%s", QUESTION, cursor);
        json_decref(page);
    }
    ck_assert_uint_eq(members, CUSTOMERS);
}
END_TEST

/* Where there is nothing ------------------------------------------------------------------- */

static bool takes(const json_t *metric, const char *parameter)
{
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(metric, "parameters"), i, name)
    {
        if (strcmp(json_string_value(name), parameter) == 0)
            return true;
    }
    return false;
}

/* Every row has a value, or a reason why there is none. */
static void check_rows(const char *path, const json_t *answer)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(answer, "data"), i, row)
    {
        bool has_value = json_is_number(json_object_get(row, "value"));
        bool has_reason = json_is_string(json_object_get(row, "reason"));
        ck_assert_msg(has_value != has_reason, "%s: row %zu", path, i);
    }
}

static void ask_everything(void)
{
    static const char *const WINDOWS[] = {"?", "?from=1990-01-01&to=1991-01-01",
                                          "?from=2090-01-01&to=2091-01-01",
                                          "?from=2025-01-01&to=2025-07-01&compare_to=previous"};
    size_t i;
    json_t *metric, *catalogue = answer_get(client, "/v1/metrics");
    json_array_foreach(json_object_get(catalogue, "data"), i, metric)
    {
        for (size_t window = 0; window < COUNT_OF(WINDOWS); window++) {
            char path[256];
            snprintf(path, sizeof path, "/v1/metrics/%s%s%s", answer_text(metric, "name"),
                     WINDOWS[window], takes(metric, "currency") ? "&currency=JPY" : "");
            json_t *answer = answer_get(client, path);
            check_rows(path, answer);
            json_decref(answer);
        }
    }
    json_decref(catalogue);
}

START_TEST(nothing_is_no_error)
{
    ask_everything();
    place_order(client, "a", "2025-03-01");
    ask_everything();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tests = tcase_create("metrics");
    tcase_set_timeout(tests, 240);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_answer_lasts_until_something_is_stored);
    tcase_add_test(tests, what_another_server_stored_is_seen_within_a_second);
    tcase_add_test(tests, a_change_of_settings_ends_an_answer);
    tcase_add_test(tests, other_questions_have_other_tags);
    tcase_add_test(tests, a_dashboard_is_one_request);
    tcase_add_test(tests, an_answer_is_a_table_for_who_likes_that);
    tcase_add_test(tests, what_cannot_be_asked_is_told_where);
    tcase_add_test(tests, members_come_in_pages_and_are_as_many_as_the_row_says);
    tcase_add_test(tests, nothing_is_no_error);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
