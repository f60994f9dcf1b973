/* Every list as a table: the same rows in the same pages, with columns for all that is in them.
 */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/scene.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 1024 };

static const char HISTORY[] =
    "{\"id\":\"1\",\"source\":\"test\",\"type\":\"find.lead.created\",\"subject\":\"a, "
    "\\\"b\\\"\","
    "\"time\":\"2026-03-01T10:00:00Z\",\"data\":{\"channel\":\"ad\",\"campaign\":\"x, "
    "\\\"y\\\"\"}}\n"
    "{\"id\":\"2\",\"source\":\"test\",\"type\":\"sell.order.placed\",\"subject\":\"acme\","
    "\"time\":\"2026-03-02T10:00:00Z\",\"data\":{\"order_id\":\"1\",\"amount\":500,"
    "\"currency\":\"EUR\",\"units\":1}}\n"
    "{\"id\":\"3\",\"source\":\"test\",\"type\":\"deliver.fulfilment.started\",\"subject\":"
    "\"acme\","
    "\"time\":\"2026-03-03T10:00:00Z\",\"data\":{\"order_id\":\"1\"}}\n"
    "{\"id\":\"4\",\"source\":\"test\",\"type\":\"bill.subscription.started\",\"subject\":"
    "\"acme\","
    "\"time\":\"2026-03-04T10:00:00Z\",\"data\":{\"subscription_id\":\"1\",\"plan\":\"basic\","
    "\"amount\":900,\"currency\":\"EUR\",\"interval\":\"month\"}}\n"
    "{\"id\":\"5\",\"source\":\"test\",\"type\":\"bill.subscription.started\",\"subject\":"
    "\"acme\","
    "\"time\":\"2026-03-05T10:00:00Z\",\"data\":{\"subscription_id\":\"2\",\"plan\":\"basic\","
    "\"amount\":900,\"currency\":\"EUR\",\"interval\":\"month\"}}\n"
    "{\"id\":\"6\",\"source\":\"test\",\"type\":\"customer.merged\",\"subject\":\"twin\","
    "\"time\":\"2026-03-06T10:00:00Z\",\"data\":{\"into\":\"acme\"}}\n"
    "{\"id\":\"7\",\"source\":\"test\",\"type\":\"customer.merged\",\"subject\":\"triplet\","
    "\"time\":\"2026-03-06T10:00:00Z\",\"data\":{\"into\":\"acme\"}}\n";

static const char RATES[] =
    "{\"data\":[{\"currency\":\"USD\",\"base\":\"EUR\",\"valid_from\":\"2026-01-01\",\"rate\":"
    "0.9},"
    "{\"currency\":\"USD\",\"base\":\"EUR\",\"valid_from\":\"2026-02-01\",\"rate\":0.8}]}";

static void ask(const char *method, const char *path, const char *fields, const char *body,
                int status)
{
    free(answer_ask(client, method, path, fields, body, status, NULL, NULL, 0));
}

static void post_history(void)
{
    char tag[128], fields[256];
    scene_connect();
    ask("POST", "/v1/events", "Content-Type: application/x-ndjson\r\n", HISTORY, 200);
    ask("PUT", "/v1/segments/all", "Content-Type: application/json\r\n",
        "{\"where\":{\"field\":\"stage\",\"exists\":true}}", 201);
    ask("PUT", "/v1/segments/buyers", "Content-Type: application/json\r\n",
        "{\"where\":{\"field\":\"purchases\",\"=\":1}}", 201);
    free(answer_ask(client, "GET", "/v1/rates", "", "", 200, "ETag", tag, sizeof tag));
    snprintf(fields, sizeof fields, "Content-Type: application/json\r\nIf-Match: %s\r\n", tag);
    ask("PUT", "/v1/rates", fields, RATES, 200);
    for (int i = 0; i < 2; i++)
        ask("POST", "/v1/imports", "Content-Type: application/x-ndjson\r\n", HISTORY, 202);
    scene_disconnect();
}

/* The lists, each with a further parameter, and the rows of the history that it has at least.
 */
static const struct {
    const char *path;
    size_t rows;
    bool ends; /* in pages: the feed of changes goes on */
} LISTS[] = {
    {"/v1/customers?stage=bill", 1, true},
    {"/v1/customers?q=a", 2, true},
    {"/v1/customers/acme/timeline", 6, true},
    {"/v1/customers/acme/visits", 3, true},
    {"/v1/customers/acme/transitions", 3, true},
    {"/v1/customers/acme/subscriptions", 2, true},
    {"/v1/customers/acme/metrics?peers=all", 20, false},
    {"/v1/signals?kind=overdue", 0, true},
    {"/v1/events?source=test", 7, true},
    {"/v1/changes", 7, false},
    {"/v1/reconciliation?from=2026-03-01&to=2026-04-01", 4, false},
    {"/v1/event-types", 80, false},
    {"/v1/imports?state=done", 2, true},
    {"/v1/merges?customer=acme", 2, true},
    {"/v1/stages", 6, false},
    {"/v1/stage-models", 2, false},
    {"/v1/metrics", 50, false},
    {"/v1/metrics/acquired/members?from=2026-03-01", 1, true},
    {"/v1/erasures", 0, true},
    {"/v1/segments", 2, true},
    {"/v1/segments/all/members", 2, true},
    {"/v1/rates?currency=USD", 2, true},
};

/* The records of a table, whose cells may hold line ends; the header is one. */
static size_t count_records(const char *table)
{
    size_t records = 0;
    for (bool is_quoted = false; *table != '\0'; table++) {
        is_quoted ^= *table == '"';
        records += !is_quoted && *table == '\n';
    }
    return records;
}

/* What is an object may be columns of its own, called by both names. */
static bool has_column(const char *table, const char *name)
{
    size_t length = strlen(name);
    const char *end = strchr(table, '\r');
    for (const char *cell = table; cell < end; cell += strcspn(cell, ",\r") + 1)
        if (strncmp(cell, name, length) == 0 && strchr(",\r_", cell[length]) != NULL)
            return true;
    return false;
}

static void check_table(const char *path, const json_t *rows, const char *table)
{
    size_t i;
    json_t *row, *value;
    const char *name;
    ck_assert_msg(count_records(table) == json_array_size(rows) + 1, "%s: %s", path, table);
    json_array_foreach(rows, i, row) json_object_foreach(row, name, value)
        ck_assert_msg(has_column(table, name), "%s has no column %s: %s", path, name, table);
}

START_TEST(a_list_is_a_table)
{
    const char *path = LISTS[_i].path;
    char form[PATH_SIZE], type[64];
    json_t *page = answer_get(client, path), *rows = json_object_get(page, "data");
    ck_assert_msg(json_array_size(rows) >= LISTS[_i].rows, "%s: %zu rows", path,
                  json_array_size(rows));
    snprintf(form, sizeof form, "%s%cformat=csv", path, strchr(path, '?') ? '&' : '?');
    char *table =
        answer_ask(client, "GET", form, "", "", 200, "Content-Type", type, sizeof type);
    ck_assert_str_eq(type, "text/csv; charset=utf-8");
    check_table(path, rows, table);
    free(table);
    table = answer_ask(client, "GET", path, "Accept: text/csv\r\n", "", 200, "Content-Type",
                       type, sizeof type);
    ck_assert_str_eq(type, "text/csv; charset=utf-8");
    free(table);
    json_decref(page);
}
END_TEST

/* By ?format=csv, page by page: the pages without their headers are the whole. */
START_TEST(pages_of_a_table_follow_each_other)
{
    char path[PATH_SIZE], link[PATH_SIZE], *end;
    size_t records = 0, pages = 0;
    if (!LISTS[_i].ends || LISTS[_i].rows < 2)
        return;
    snprintf(path, sizeof path, "%.*s?limit=1&format=csv", (int)strcspn(LISTS[_i].path, "?"),
             LISTS[_i].path);
    do {
        struct reply reply = client_get(client, path);
        ck_assert_msg(reply.status == 200, "%s: %s", path, reply.body);
        records += count_records(reply.body) - 1;
        bool has_more = reply_field(&reply, "Link", link, sizeof link);
        reply_clear(&reply);
        end = has_more ? strchr(link, '>') : NULL;
        if (end != NULL)
            snprintf(path, sizeof path, "%.*s", (int)(end - link - 1), link + 1);
        pages++;
    } while (end != NULL);
    ck_assert_uint_ge(records, LISTS[_i].rows);
    ck_assert_uint_ge(pages, records);
}
END_TEST

START_TEST(a_table_has_a_tag_of_its_own)
{
    char plain[128], table[128], fields[160];
    free(answer_ask(client, "GET", "/v1/rates", "", "", 200, "ETag", plain, sizeof plain));
    free(answer_ask(client, "GET", "/v1/rates?format=csv", "", "", 200, "ETag", table,
                    sizeof table));
    ck_assert_str_ne(plain, table);
    snprintf(fields, sizeof fields, "If-None-Match: %s\r\n", table);
    ask("GET", "/v1/rates?format=csv", fields, "", 304);
    ask("GET", "/v1/rates", fields, "", 200);
}
END_TEST

START_TEST(what_is_no_form_is_refused)
{
    ask("GET", "/v1/customers?format=xml", "", "", 422);
    ask("GET", "/v1/stages?format=", "", "", 422);
    ask("GET", "/v1/customers", "Accept: text/html\r\n", "", 406);
    ask("GET", "/v1/customers/nobody/visits?format=csv", "", "", 404);
    ask("GET", "/v1/customers/acme?format=csv", "", "", 422);
}
END_TEST

/* Its digest is right, and its key ("x y") no time and no UUID. */
START_TEST(a_cursor_made_by_hand_is_refused_by_its_name)
{
    static const char PATH[] = "/v1/erasures?cursor=ZDdhMDlkZGFlNzI5eCB5";
    char *body = answer_ask(client, "GET", PATH, "", "", 422, NULL, NULL, 0);
    ck_assert_ptr_nonnull(strstr(body, "\"pointer\":\"?cursor\""));
    free(body);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lists");
    TCase *tests = scene_case(suite, "lists", 120);
    tcase_add_unchecked_fixture(tests, post_history, NULL);
    tcase_add_loop_test(tests, a_list_is_a_table, 0, COUNT_OF(LISTS));
    tcase_add_loop_test(tests, pages_of_a_table_follow_each_other, 0, COUNT_OF(LISTS));
    tcase_add_test(tests, a_table_has_a_tag_of_its_own);
    tcase_add_test(tests, what_is_no_form_is_refused);
    tcase_add_test(tests, a_cursor_made_by_hand_is_refused_by_its_name);
    return tap_run(suite);
}
