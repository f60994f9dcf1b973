/* Persons, through the door: everything that is held about one comes out; an erasure leaves
 * every metric as it was and no trace of who it was, in no answer and no log; who comes back is
 * refused, in whatever form, and whoever posts meanwhile is told the truth. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/scene.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON "Content-Type: application/json\r\n"
#define ONCE JSON "Idempotency-Key: erase-her\r\n"
#define ERASURE "{\"customer\":\"crm:gudrun\"}"
#define EVENT(id, type, subject, data)                                                         \
    "{\"id\":\"" id "\",\"source\":\"shop\",\"type\":\"" type "\",\"subject\":\"" subject      \
    "\",\"time\":\"2026-02-0" id "T10:00:00Z\",\"data\":" data "}"

static const char *const WINDOWS[] = {"from=2026-01-01&to=2026-04-01", NULL};

static char *must(const char *method, const char *path, const char *fields, const char *body,
                  int status)
{
    return answer_ask(client, method, path, fields, body, status, NULL, NULL, 0);
}

static void tell(const char *method, const char *path, const char *fields, const char *body,
                 int status)
{
    free(must(method, path, fields, body, status));
}

static json_t *read_answer(char *text)
{
    json_t *answer = json_loads(text, 0, NULL);
    ck_assert_msg(answer != NULL, "no JSON: %s", text);
    free(text);
    return answer;
}

/* Nothing that tells who it was. */
static void has_no_trace(const char *where, const char *text)
{
    const char *trace = strstr(text, "gudrun");
    ck_assert_msg(trace == NULL, "in %s: %.200s", where, trace ? trace : "");
}

/* Before ----------------------------------------------------------------------------------- */

static const char *const HISTORY[] = {
    EVENT("1", "customer.identified", "gudrun", "{\"identifiers\":[\"crm:gudrun\"]}"),
    EVENT("2", "find.lead.created", "gudrun", "{\"channel\":\"ad\",\"page\":\"/gudrun\"}"),
    EVENT("3", "sell.order.placed", "crm:gudrun",
          "{\"order_id\":\"of-gudrun\",\"amount\":900,\"currency\":\"EUR\",\"units\":1,"
          "\"note\":\"gudrun's\"}"),
    EVENT("4", "bill.payment.succeeded", "gudrun@work",
          "{\"payment_id\":\"by-gudrun\",\"amount\":900,\"currency\":\"EUR\"}"),
    EVENT("5", "find.lead.created", "other",
          "{\"channel\":\"word_of_mouth\",\"referrer\":\"gudrun\"}"),
};

START_TEST(a_person_is_there)
{
    for (size_t i = 0; i < COUNT_OF(HISTORY); i++)
        tell("POST", "/v1/events", JSON, HISTORY[i], 201);
    tell("POST", "/v1/merges", JSON, "{\"customer\":\"gudrun@work\",\"into\":\"gudrun\"}", 201);
    tell("PUT", "/v1/customers/gudrun", JSON "Idempotency-Key: \"put-gudrun\"\r\n",
         "{\"attributes\":{\"name\":\"gudrun\",\"age\":77}}", 200);
    tell("POST", "/v1/imports", "Content-Type: application/x-ndjson\r\n",
         EVENT("6", "sell.order.placed", "gudrun", "{}") "\n", 202);
}
END_TEST

START_TEST(all_of_it_comes_out)
{
    json_t *export = answer_get(client, "/v1/customers/gudrun%40work/export");
    static const struct {
        const char *part;
        size_t items;
    } PARTS[] = {{"events", 6},  {"mentions", 1}, {"merges", 1},      {"rejects", 1},
                 {"signals", 0}, {"segments", 0}, {"kept_answers", 1}};
    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        json_t *part = json_object_get(export, PARTS[i].part);
        ck_assert_msg(json_array_size(part) == PARTS[i].items, "%s: %zu", PARTS[i].part,
                      json_array_size(part));
    }
    json_t *customer = json_object_get(export, "customer");
    ck_assert_uint_eq(json_array_size(json_object_get(customer, "identifiers")), 3);
    ck_assert_str_eq(answer_text(json_object_get(customer, "attributes"), "name"), "gudrun");
    json_t *facts = json_object_get(export, "facts");
    ck_assert_uint_eq(json_array_size(json_object_get(facts, "purchase")), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(facts, "acquisition")), 1);
    json_decref(export);
    tell("GET", "/v1/customers/nobody/export", "", "", 404);
}
END_TEST

START_TEST(not_everybody_may)
{
    static const char *const CREATE[] = {
        "key", "create", "--name", "r", "--scope", "customers:read,customers:write,events:read",
        NULL};
    char output[512];
    ck_assert_int_eq(service_command(&service, CREATE, output, sizeof output), 0);
    char *key = strstr(output, "clm_");
    ck_assert_msg(key != NULL, "%s", output);
    key[strcspn(key, " \r\n")] = '\0';
    struct client *reader = client_create(service.port, key);
    free(answer_ask(reader, "GET", "/v1/customers/gudrun/export", "", "", 403, NULL, NULL, 0));
    free(answer_ask(reader, "POST", "/v1/erasures", JSON, ERASURE, 403, NULL, NULL, 0));
    free(answer_ask(reader, "GET", "/v1/erasures", "", "", 403, NULL, NULL, 0));
    client_destroy(reader);
}
END_TEST

/* The erasure ------------------------------------------------------------------------------ */

/* The end of the feed, and what came of it from a cursor on; to be released. */
static json_t *follow(const char *cursor)
{
    char path[1200];
    snprintf(path, sizeof path, "/v1/changes?limit=1000%s%s", cursor ? "&cursor=" : "",
             cursor ? cursor : "");
    return answer_get(client, path);
}

static void check_proof(char *text)
{
    has_no_trace("the proof", text);
    json_t *proof = read_answer(text);
    static const struct {
        const char *name;
        json_int_t count;
    } COUNTS[] = {{"customers", 2}, {"identifiers", 3}, {"attributes", 2},  {"events", 6},
                  {"mentions", 1},  {"rejects", 1},     {"kept_answers", 1}};
    for (size_t i = 0; i < COUNT_OF(COUNTS); i++) {
        json_int_t count = json_integer_value(json_object_get(proof, COUNTS[i].name));
        ck_assert_msg(count == COUNTS[i].count, "%s: %lld", COUNTS[i].name, (long long)count);
    }
    json_decref(proof);
}

START_TEST(an_erasure_changes_no_sum)
{
    char location[128], replayed[16];
    char *before = answer_all_metrics(client, WINDOWS);
    json_t *end = follow(NULL);
    tell("POST", "/v1/erasures", JSON, "{\"customer\":\"\"}", 422);
    tell("POST", "/v1/erasures", JSON, "{\"customer\":\"nobody\"}", 404);
    tell("POST", "/v1/erasures", JSON, "{\"subject\":\"gudrun\"}", 422);
    check_proof(answer_ask(client, "POST", "/v1/erasures", ONCE, ERASURE, 201, "Location",
                           location, sizeof location));
    check_proof(answer_ask(client, "POST", "/v1/erasures", ONCE, ERASURE, 201,
                           "Idempotent-Replayed", replayed, sizeof replayed));
    tell("POST", "/v1/erasures", ONCE, "{\"customer\":\"gudrun\"}", 422);
    tell("POST", "/v1/erasures", JSON, ERASURE, 410);
    check_proof(must("GET", location, "", "", 200));
    char *after = answer_all_metrics(client, WINDOWS);
    ck_assert_str_eq(before, after);
    json_t *again = follow(answer_text(end, "next_cursor"));
    json_t *data = json_object_get(again, "data");
    ck_assert_uint_eq(json_array_size(data), 7); /* six of hers, and the other's lead */
    json_decref(again);
    json_decref(end);
    free(before);
    free(after);
}
END_TEST

static const char *const PLACES[] = {
    "/v1/customers", "/v1/events",           "/v1/changes", "/v1/merges",
    "/v1/signals",   "/v1/exports/events",   "/v1/imports", "/v1/exports/purchases",
    "/v1/audit",     "/v1/exports/customers"};

START_TEST(no_answer_has_a_trace)
{
    char *answer = must("GET", PLACES[_i], "", "", 200);
    has_no_trace(PLACES[_i], answer);
    free(answer);
}
END_TEST

START_TEST(no_log_has_a_trace)
{
    static char text[1 << 20];
    FILE *log = fopen(service.log_path, "r");
    ck_assert_ptr_nonnull(log);
    text[fread(text, 1, sizeof text - 1, log)] = '\0';
    fclose(log);
    ck_assert_ptr_nonnull(strstr(text, "/v1/erasures"));
    has_no_trace("the log", text);
}
END_TEST

int main(void)
{
    setenv("CLMD_LOG_LEVEL", "debug", 1);
    Suite *suite = suite_create("persons");
    TCase *tests = scene_case(suite, "persons", 60);
    tcase_add_test(tests, a_person_is_there);
    tcase_add_test(tests, all_of_it_comes_out);
    tcase_add_test(tests, not_everybody_may);
    tcase_add_test(tests, an_erasure_changes_no_sum);
    tcase_add_loop_test(tests, no_answer_has_a_trace, 0, COUNT_OF(PLACES));
    tcase_add_test(tests, no_log_has_a_trace);
    return tap_run(suite);
}
