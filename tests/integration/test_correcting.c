/* Correcting the record: events taken back by their ids, and stages set by hand, in every form.
 * Everything derived follows at once. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/scene.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_TYPE "Content-Type: application/json\r\n"
#define EVENT(type, id, time, data)                                                            \
    "{\"source\":\"shop\",\"id\":\"" id "\",\"type\":\"" type                                  \
    "\",\"subject\":\"acme\",\"time\":\"" time "\",\"data\":{" data "}}"
#define LEAD EVENT("find.lead.created", "lead", "2025-03-01T09:00:00Z", "\"channel\":\"ad\"")
#define ORDER                                                                                  \
    EVENT("sell.order.placed", "order", "2025-03-02T09:00:00.25+01:00",                        \
          "\"order_id\":\"o\",\"amount\":100,\"currency\":\"EUR\",\"units\":1")

/* The answer to a POST as JSON; to be released. */
static json_t *post(const char *path, const char *fields, const char *body, int status)
{
    struct reply reply =
        client_ask(client, "POST", path, fields, body, body != NULL ? strlen(body) : 0);
    ck_assert_msg(reply.status == status, "%s %s: %d %s", path, body, reply.status, reply.body);
    json_t *answer = json_loads(reply.body, 0, NULL);
    ck_assert_ptr_nonnull(answer);
    reply_clear(&reply);
    return answer;
}

/* Posts an event, new or not, and makes the path at which it can be voided. */
static void post_event(const char *event, char path[80])
{
    struct reply reply = client_post(client, "/v1/events", event);
    ck_assert_msg(reply.status == 201 || reply.status == 200, "%s", reply.body);
    json_t *answer = json_loads(reply.body, 0, NULL);
    snprintf(path, 80, "/v1/events/%s/void",
             answer_text(json_object_get(answer, "event"), "event_id"));
    json_decref(answer);
    reply_clear(&reply);
}

static void assert_stage(const char *customer, const char *stage)
{
    char path[64];
    snprintf(path, sizeof path, "/v1/customers/%s", customer);
    json_t *answer = answer_get(client, path);
    ck_assert_str_eq(answer_text(answer, "stage"), stage);
    json_decref(answer);
}

static void assert_purchases(int count)
{
    json_t *answer = answer_get(client, "/v1/metrics/purchases?from=2025-03-01&to=2025-04-01");
    const json_t *row = answer_row(answer, "{\"measure\":\"purchases\"}");
    ck_assert_int_eq(json_integer_value(json_object_get(row, "value")), count);
    json_decref(answer);
}

/* Taking back ------------------------------------------------------------------------------ */

START_TEST(what_is_voided_never_was)
{
    char lead[80], order[80];
    post_event(LEAD, lead);
    post_event(ORDER, order);
    assert_stage("acme", "sell");
    assert_purchases(1);
    struct reply reply = client_ask(client, "POST", order, "", NULL, 0);
    ck_assert_int_eq(reply.status, 201);
    char location[80];
    ck_assert(reply_field(&reply, "Location", location, sizeof location));
    json_t *answer = json_loads(reply.body, 0, NULL);
    const json_t *event = json_object_get(answer, "event");
    ck_assert_str_eq(answer_text(event, "customer"), "acme");
    ck_assert_str_eq(answer_text(event, "stage"), "find");
    ck_assert_str_eq(answer_text(event, "source"), "clmd");
    json_decref(answer);
    reply_clear(&reply);
    assert_stage("acme", "find");
    assert_purchases(0);
    answer = answer_get(client, location);
    event = json_object_get(answer, "event");
    ck_assert_str_eq(answer_text(event, "type"), "event.voided");
    ck_assert_str_eq(answer_text(event, "time"), "2025-03-02T08:00:00.250000Z");
    json_decref(answer);
    answer_verified(&service);
}
END_TEST

START_TEST(voiding_again_is_a_duplicate)
{
    static const char REASON[] = "{\"reason\":\"a \\\"test\\\" \\u20ac\"}";
    char lead[80];
    post_event(LEAD, lead);
    json_decref(post(lead, JSON_TYPE, REASON, 201));
    json_t *answer = post(lead, JSON_TYPE, REASON, 200);
    ck_assert_str_eq(answer_text(answer, "outcome"), "duplicate");
    json_decref(answer);
    answer = post(lead, JSON_TYPE, "{\"reason\":\"another\"}", 409);
    ck_assert_str_eq(answer_text(answer, "detail"),
                     "the event was voided before, for another reason");
    json_decref(answer);
    json_decref(post(lead, "", NULL, 409));
}
END_TEST

START_TEST(a_void_is_final)
{
    char order[80], path[80];
    post_event(ORDER, order);
    json_t *answer = post(order, "", NULL, 200);
    snprintf(path, sizeof path, "/v1/events/%s/void",
             answer_text(json_object_get(answer, "event"), "event_id"));
    json_decref(answer);
    json_decref(post(path, "", NULL, 409));
}
END_TEST

static const struct {
    const char *fields, *body;
    int status;
    const char *text; /* that the answer contains */
} WISHES[] = {
    {JSON_TYPE, "{\"reason\":", 400, "JSON"},
    {JSON_TYPE, "{} {}", 400, "more than one"},
    {JSON_TYPE, "[]", 422, "object"},
    {JSON_TYPE, "{\"reason\":7}", 422, "\"/reason\""},
    {JSON_TYPE, "{\"reason\":\"\"}", 422, "\"/reason\""},
    {JSON_TYPE, "{\"why\":\"x\"}", 422, "other than reason"},
    {"Content-Type: text/plain\r\n", "x", 415, "application/json"},
    {JSON_TYPE "Accept: text/html\r\n", "{}", 406, "Accept"},
    {"Content-Type: application/x-www-form-urlencoded\r\n", "", 404, "no event has this id"},
    {JSON_TYPE, "{\"reason\":null}", 404, "no event has this id"},
};

START_TEST(bad_wishes_are_refused)
{
    static const char NOWHERE[] = "/v1/events/0190b5a0-0000-7000-8000-000000000000/void";
    struct reply reply = client_ask(client, "POST", NOWHERE, WISHES[_i].fields, WISHES[_i].body,
                                    strlen(WISHES[_i].body));
    ck_assert_msg(reply.status == WISHES[_i].status &&
                      strstr(reply.body, WISHES[_i].text) != NULL,
                  "%d %s", reply.status, reply.body);
    reply_clear(&reply);
    json_decref(post("/v1/events/17/void", "", NULL, 404));
}
END_TEST

/* Setting a stage -------------------------------------------------------------------------- */

#define OVERRIDE(subject)                                                                      \
    "{\"specversion\":\"1.0\",\"source\":\"desk\",\"id\":\"" subject                           \
    "\",\"type\":\"stage.overridden\",\"subject\":\"" subject                                  \
    "\",\"time\":\"2025-03-03T09:00:00Z\",\"data\":{\"stage\":\"loyalty\",\"reason\":\"known " \
    "better\"}}"

static const struct {
    const char *subject, *query, *fields, *body;
} OVERRIDES[] = {
    {"one", "", JSON_TYPE, OVERRIDE("one")},
    {"array", "", JSON_TYPE, "[" OVERRIDE("array") "]"},
    {"event", "", "Content-Type: application/cloudevents+json\r\n", OVERRIDE("event")},
    {"batch", "", "Content-Type: application/cloudevents-batch+json\r\n",
     "[" OVERRIDE("batch") "]"},
    {"lines", "", "Content-Type: application/x-ndjson\r\n", OVERRIDE("lines") "\n"},
    {"whole", "?atomic=true", JSON_TYPE, "[" OVERRIDE("whole") "]"},
    {"binary", "",
     JSON_TYPE
     "ce-specversion: 1.0\r\nce-source: desk\r\nce-id: binary\r\nce-subject: binary\r\n"
     "ce-type: stage.overridden\r\nce-time: 2025-03-03T09:00:00Z\r\n",
     "{\"stage\":\"loyalty\"}"},
};

START_TEST(a_stage_is_set_in_every_form)
{
    char path[64], lead[512];
    const char *subject = OVERRIDES[_i].subject;
    snprintf(
        lead, sizeof lead,
        "{\"source\":\"crm\",\"id\":\"%s\",\"type\":\"find.lead.created\",\"subject\":\"%s\","
        "\"time\":\"2025-03-01T09:00:00Z\",\"data\":{\"channel\":\"ad\"}}",
        subject, subject);
    json_decref(post("/v1/events", JSON_TYPE, lead, 201));
    assert_stage(subject, "find");
    snprintf(path, sizeof path, "/v1/events%s", OVERRIDES[_i].query);
    struct reply reply = client_ask(client, "POST", path, OVERRIDES[_i].fields,
                                    OVERRIDES[_i].body, strlen(OVERRIDES[_i].body));
    ck_assert_msg(strstr(reply.body, "\"to\":\"loyalty\"") != NULL, "%s", reply.body);
    reply_clear(&reply);
    assert_stage(subject, "loyalty");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("correcting");
    TCase *tests = scene_case(suite, "correcting", 60);
    tcase_add_test(tests, what_is_voided_never_was);
    tcase_add_test(tests, voiding_again_is_a_duplicate);
    tcase_add_test(tests, a_void_is_final);
    tcase_add_loop_test(tests, bad_wishes_are_refused, 0, COUNT_OF(WISHES));
    tcase_add_loop_test(tests, a_stage_is_set_in_every_form, 0, COUNT_OF(OVERRIDES));
    return tap_run(suite);
}
