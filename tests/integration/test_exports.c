/* Exports: each data set in each form. */
#include "base/compiler.h"
#include "base/gzip.h"
#include "integration/answers.h"
#include "integration/download.h"
#include "integration/scene.h"
#include "integration/upload.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORDERS = 30000, REJECTS_KEPT = 10000, UNPACKED = 64 * 1024 * 1024 };

static struct reply import_text(const char *text)
{
    return client_ask(client, "POST", "/v1/imports", NDJSON, text, strlen(text));
}

static void post_history(void)
{
    static const char ODD[] =
        "{\"source\":\"odd\",\"id\":\"1\",\"type\":\"find.lead.created\","
        "\"subject\":\"a,\\\"b\\\"\","
        "\"time\":\"2025-01-01T00:00:00.5+01:00\",\"data\":{\"channel\":"
        "\"ad\",\"note\":\"x\\n\\u00fc"
        "\"}}\n"
        "{\"source\":\"odd\",\"id\":\"=1+1\",\"type\":\"find.lead.created\","
        "\"subject\":\"@a,b\",\"time\":\"2025-01-01T00:00:00Z\","
        "\"data\":{\"channel\":\"ad\"}}\n"
        "{\"source\":\"odd\",\"id\":\"'-2\",\"type\":\"find.lead.created\","
        "\"subject\":\"@a,b\",\"time\":\"2025-01-02T00:00:00Z\","
        "\"data\":{\"channel\":\"ad\"}}\n";
    scene_connect();
    char *orders = upload_orders("many", ORDERS);
    upload_done(client, import_text(orders), ORDERS, 0, 0);
    upload_done(client, import_text(ODD), 3, 0, 0);
    scene_disconnect();
    free(orders);
}

/* Every order is a customer's or of one who has ordered before. */
static const struct dataset {
    const char *name, *columns;
    size_t rows;
} DATASETS[] = {
    {"events",
     "event_id,customer,type,source,id,occurred_at,recorded_at,voided,amount,currency,units,"
     "object,event",
     ORDERS + 3},
    {"customers",
     "customer,created_at,stage,cycle,entered_at,first_seen,last_seen,identifiers,merged,"
     "attributes",
     UPLOAD_CUSTOMERS + 2},
    {"visits",
     "customer,ordinal,cycle,stage,kind,entered_at,entered_by,left_at,left_by,left_to,"
     "left_kind,seconds",
     UPLOAD_CUSTOMERS + 2},
    {"transitions", "customer,from,to,kind,occurred_at,event_id,dwell_seconds",
     UPLOAD_CUSTOMERS + 2},
    {"purchases", "customer,order_id,occurred_at,event_id,amount,currency,units", ORDERS},
};

/* The names of an object's members, in their order, as a header of CSV. */
static void expect_columns(json_t *row, const char *columns)
{
    char names[512] = "";
    const char *name;
    json_t *value;
    json_object_foreach(row, name, value)
    {
        size_t length = strlen(names);
        snprintf(names + length, sizeof names - length, "%s%s", length > 0 ? "," : "", name);
    }
    ck_assert_str_eq(names, columns);
}

static size_t count_rows(const char *csv)
{
    size_t rows = 0;
    bool is_quoted = false;
    for (; *csv != '\0'; csv++) {
        is_quoted ^= *csv == '"';
        rows += *csv == '\n' && !is_quoted;
    }
    return rows;
}

START_TEST(each_form_has_every_row)
{
    const struct dataset *dataset = &DATASETS[_i];
    char path[64];
    snprintf(path, sizeof path, "/v1/exports/%s", dataset->name);
    struct download lines = download_all(&service, path, "");
    struct download table = download_all(&service, path, "Accept: text/csv\r\n");
    json_t *rows = download_lines(&lines);
    ck_assert_uint_eq(json_array_size(rows), dataset->rows);
    expect_columns(json_array_get(rows, 0), dataset->columns);
    ck_assert_ptr_nonnull(strstr(lines.head, "Content-Type: application/x-ndjson\r\n"));
    ck_assert_ptr_nonnull(strstr(table.head, "Content-Type: text/csv"));
    ck_assert_int_eq(strncmp(table.text, dataset->columns, strlen(dataset->columns)), 0);
    ck_assert_uint_eq(count_rows(table.text), dataset->rows + 1);
    json_decref(rows);
    download_clear(&lines);
    download_clear(&table);
}
END_TEST

static const char *const ODD_ROWS[][2] = {
    {"events", ",\"a,\"\"b\"\"\",find.lead.created,odd,1,2024-12-31T23:00:00.500000Z,"},
    {"events", ",false,,,,,\"{\"\"source\"\":\"\"odd\"\","},
    {"customers", "\"a,\"\"b\"\"\","},
    {"events", ",\"'@a,b\",find.lead.created,odd,'=1+1,2025-01-01T00:00:00Z,"},
    {"events", ",odd,''-2,2025-01-02T00:00:00Z,"},
    {"customers", "\"'@a,b\","},
    {"visits", "\"a,\"\"b\"\"\",1,1,find,enter,2024-12-31T23:00:00.500000Z,"},
};

START_TEST(cells_are_quoted)
{
    char path[64];
    snprintf(path, sizeof path, "/v1/exports/%s?format=csv", ODD_ROWS[_i][0]);
    struct download table = download_all(&service, path, "");
    ck_assert_ptr_nonnull(strstr(table.text, ODD_ROWS[_i][1]));
    download_clear(&table);
}
END_TEST

START_TEST(it_may_be_packed)
{
    struct arena *arena = arena_create(2 * (size_t)UNPACKED);
    struct gzip *gzip = gzip_create(arena);
    char *text = arena_alloc_raw(arena, UNPACKED);
    size_t length;
    struct problem why = {0};
    struct download plain = download_all(&service, "/v1/exports/visits", "");
    struct download packed =
        download_all(&service, "/v1/exports/visits", "Accept-Encoding: gzip\r\n");
    ck_assert_ptr_nonnull(strstr(packed.head, "Content-Encoding: gzip\r\n"));
    ck_assert_uint_lt(packed.length, plain.length / 2);
    gzip_feed(gzip, packed.text, packed.length);
    ck_assert(gzip_read(gzip, text, UNPACKED, &length, &why));
    ck_assert(gzip_is_whole(gzip));
    ck_assert_uint_eq(length, plain.length);
    ck_assert_mem_eq(text, plain.text, length);
    download_clear(&plain);
    download_clear(&packed);
    arena_destroy(arena);
}
END_TEST

/* The sender's own texts come out again. */
START_TEST(what_goes_out_can_come_in)
{
    struct download lines = download_all(&service, "/v1/exports/events", "");
    json_t *rows = download_lines(&lines), *row;
    char *text = NULL;
    size_t size, i;
    FILE *out = open_memstream(&text, &size);
    json_array_foreach(rows, i, row)
    {
        json_dumpf(json_object_get(row, "event"), out, JSON_COMPACT);
        fputc('\n', out);
    }
    fclose(out);
    upload_done(client, import_text(text), 0, ORDERS + 3, 0);
    free(text);
    json_decref(rows);
    download_clear(&lines);
}
END_TEST

/* A table is for spreadsheets: no import takes its guarded texts for the senders' own. */
START_TEST(a_table_does_not_come_in)
{
    struct download table = download_all(&service, "/v1/exports/events?format=csv", "");
    struct reply reply = client_ask(client, "POST", "/v1/imports", "Content-Type: text/csv\r\n",
                                    table.text, strcspn(table.text, "\n") + 1);
    ck_assert_msg(reply.status == 422 && strstr(reply.body, "is no field of an event") != NULL,
                  "%d %s", reply.status, reply.body);
    reply_clear(&reply);
    download_clear(&table);
}
END_TEST

static const struct {
    const char *path, *fields;
    int status;
} REFUSALS[] = {
    {"/v1/exports/wishes", "", 404},
    {"/v1/exports", "", 404},
    {"/v1/exports/events?format=xml", "", 422},
    {"/v1/exports/events?limit=1", "", 422},
    {"/v1/exports/events", "Accept: text/html\r\n", 406},
    {"/v1/imports/0190b5a0-0000-7000-8000-000000000000/rejects", "", 404},
    {"/v1/imports/17/rejects", "", 404},
};

START_TEST(wrong_questions_are_refused)
{
    struct download download = download_begin(&service, REFUSALS[_i].path, REFUSALS[_i].fields);
    download_finish(&download);
    ck_assert_msg(download.status == REFUSALS[_i].status, "%s: %d", REFUSALS[_i].path,
                  download.status);
    download_clear(&download);
}
END_TEST

/* The first ones are kept, and all are counted. */
START_TEST(rejects_are_listed)
{
    enum { BAD = REJECTS_KEPT + 50 };
    char *text = NULL, path[128];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (int i = 0; i < BAD; i++)
        fprintf(out, "{\"id\":\"%d\",\"source\":\"bad\",\"type\":\"none\"}\n", i);
    fclose(out);
    struct reply reply = import_text(text);
    ck_assert_int_eq(reply.status, 202);
    json_t *import = upload_reply(&reply);
    ck_assert_int_eq(upload_count(import, "rejected"), BAD);
    ck_assert_int_eq(upload_count(import, "rejects_kept"), REJECTS_KEPT);
    snprintf(path, sizeof path, "/v1/imports/%s/rejects", answer_text(import, "import_id"));
    struct download lines = download_all(&service, path, "");
    json_t *rows = download_lines(&lines), *first = json_array_get(rows, 0);
    ck_assert_uint_eq(json_array_size(rows), REJECTS_KEPT);
    expect_columns(first, "line,reason,errors,input");
    ck_assert_int_eq(upload_count(first, "line"), 1);
    ck_assert_ptr_nonnull(strstr(lines.text, "{\"pointer\":\"/type\",\"detail\":"));
    json_decref(rows);
    json_decref(import);
    download_clear(&lines);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exports");
    TCase *exports = scene_case(suite, "exports", 300);
    tcase_add_unchecked_fixture(exports, post_history, NULL);
    tcase_add_loop_test(exports, each_form_has_every_row, 0, COUNT_OF(DATASETS));
    tcase_add_loop_test(exports, cells_are_quoted, 0, COUNT_OF(ODD_ROWS));
    tcase_add_test(exports, it_may_be_packed);
    tcase_add_test(exports, what_goes_out_can_come_in);
    tcase_add_test(exports, a_table_does_not_come_in);
    tcase_add_loop_test(exports, wrong_questions_are_refused, 0, COUNT_OF(REFUSALS));
    tcase_add_test(exports, rejects_are_listed);
    return tap_run(suite);
}
