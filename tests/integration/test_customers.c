/* Who is who, through the door: customers are put and patched; conditions hold, and of several
 * changes to one state one wins. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/scene.h"
#include "tap.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON "Content-Type: application/json\r\n"
#define PATCH "Content-Type: application/merge-patch+json\r\n"

/* The answer must have this status; the ETag is copied where it is wanted, and the body is to
 * be freed. */
static char *must(const char *method, const char *path, const char *fields, const char *body,
                  int status, char tag[64])
{
    return answer_ask(client, method, path, fields, body, status, "ETag", tag, 64);
}

/* What is refused -------------------------------------------------------------------------- */

static const struct {
    const char *method, *path, *fields, *body;
    int status;
    const char *text; /* that the answer must contain; NULL: none */
} REFUSALS[] = {
    {"PUT", "/v1/customers/r", JSON, "{\"attributes\":", 400, NULL},
    {"PUT", "/v1/customers/r", JSON, "{} {}", 400, NULL},
    {"PUT", "/v1/customers/r", JSON, "", 400, NULL},
    {"PUT", "/v1/customers/r", JSON, "[]", 422, "\"pointer\":\"\""},
    {"PUT", "/v1/customers/r", JSON, "{\"attributes\":[]}", 422, "\"/attributes\""},
    {"PUT", "/v1/customers/r", JSON, "{\"attribute\":{}}", 422, "\"/attribute\""},
    {"PUT", "/v1/customers/r", JSON, "{\"a/b~c\":1}", 422, "\"/a~1b~0c\""},
    {"PUT", "/v1/customers/r", JSON, "{\"identifiers\":\"x\"}", 422, "\"/identifiers\""},
    {"PUT", "/v1/customers/r", JSON, "{\"identifiers\":[\"x\",1]}", 422, "\"/identifiers/1\""},
    {"PUT", "/v1/customers/r", JSON, "{\"identifiers\":[\"\"]}", 422, "\"/identifiers/0\""},
    {"PUT", "/v1/customers/r", JSON, "{\"identifiers\":[\" x\"]}", 422, "\"/identifiers/0\""},
    {"PUT", "/v1/customers/r", JSON, "{\"identifiers\":[\"a\\nb\"]}", 422,
     "\"/identifiers/0\""},
    {"PUT", "/v1/customers/r", JSON,
     "{\"attributes\":{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}}", 422, "\"/attributes\""},
    {"PUT", "/v1/customers/r%0a", JSON, "{}", 422, NULL},
    {"PUT", "/v1/customers/%20r", JSON, "{}", 422, NULL},
    {"PUT", "/v1/customers/r", PATCH, "{}", 415, NULL},
    {"PUT", "/v1/customers/r", JSON "If-Match: r\r\n", "{}", 400, NULL},
    {"PUT", "/v1/customers/r", JSON "If-Match: *\r\n", "{}", 412, NULL},
    {"PATCH", "/v1/customers/r", PATCH, "{}", 404, NULL},
    {"PATCH", "/v1/customers/r", JSON, "{}", 415, NULL},
    {"PATCH", "/v1/customers/r", PATCH, "{\"identifiers\":null}", 422, "\"/identifiers\""},
    {"POST", "/v1/customers/r", JSON, "{}", 405, "/problems/"},
    {"POST", "/v1/merges", JSON, "{\"customer\":\"r\"}", 422, "\"/into\""},
    {"POST", "/v1/merges", JSON, "{\"customer\":\"r\",\"into\":\"s\"}", 422, "\"/customer\""},
    {"POST", "/v1/merges", JSON, "{\"customer\":\"r\",\"into\":\"s\",\"why\":1}", 422,
     "\"/why\""},
    {"POST", "/v1/merges/r/revert", JSON, "{}", 404, NULL},
    {"POST", "/v1/merges/0190b5a0-0000-7000-8000-000000000000/revert", JSON, "{}", 404, NULL},
};

START_TEST(bad_changes_are_refused)
{
    char *body = must(REFUSALS[_i].method, REFUSALS[_i].path, REFUSALS[_i].fields,
                      REFUSALS[_i].body, REFUSALS[_i].status, NULL);
    ck_assert_msg(REFUSALS[_i].text == NULL || strstr(body, REFUSALS[_i].text) != NULL,
                  "%s: %s", REFUSALS[_i].body, body);
    free(body);
}
END_TEST

START_TEST(nothing_was_stored)
{
    struct reply reply = client_get(client, "/v1/customers");
    ck_assert_str_eq(reply.body, "{\"data\":[],\"next_cursor\":null,\"has_more\":false}");
    reply_clear(&reply);
}
END_TEST

/* Conditions ------------------------------------------------------------------------------- */

START_TEST(a_state_has_one_tag)
{
    char put[64], got[64], same[64], patched[64], field[128];
    static const char BODY[] =
        "{\"identifiers\":[\"crm:7\"],\"attributes\":{\"country\":\"DE\"}}";
    free(must("PUT", "/v1/customers/tagged", JSON "If-None-Match: *\r\n", BODY, 201, put));
    free(must("GET", "/v1/customers/crm:7", "", "", 200, got));
    ck_assert_str_eq(put, got);
    free(must("PUT", "/v1/customers/crm:7", JSON, BODY, 200, same));
    ck_assert_str_eq(put, same);
    snprintf(field, sizeof field, "If-None-Match: %s\r\n", put);
    free(must("GET", "/v1/customers/tagged", field, "", 304, got));
    free(must("PUT", "/v1/customers/tagged", JSON "If-None-Match: *\r\n", BODY, 412, NULL));
    snprintf(field, sizeof field, PATCH "If-Match: %s\r\n", put);
    free(must("PATCH", "/v1/customers/tagged", field, "{\"attributes\":{\"country\":null}}",
              200, patched));
    ck_assert_str_ne(put, patched);
    free(must("PATCH", "/v1/customers/tagged", field, "{\"attributes\":{\"country\":\"FR\"}}",
              412, NULL));
    free(must("GET", "/v1/customers/tagged", "", "", 200, got));
    ck_assert_str_eq(patched, got);
}
END_TEST

enum { RIVALS = 8 };

struct rival {
    pthread_t thread;
    const char *method, *path;
    char fields[160], body[96];
    int status;
};

static void *change(void *context)
{
    struct rival *rival = context;
    struct client *own = client_create(service.port, service.key);
    struct reply reply = client_ask(own, rival->method, rival->path, rival->fields, rival->body,
                                    strlen(rival->body));
    rival->status = reply.status;
    reply_clear(&reply);
    client_destroy(own);
    return NULL;
}

/* How many of the rivals, all at the same time, got this status; the others must get 412. */
static int win(const char *method, const char *path, const char *fields, int status)
{
    struct rival rivals[RIVALS];
    int winners = 0;
    for (int i = 0; i < RIVALS; i++) {
        rivals[i] = (struct rival){.method = method, .path = path};
        snprintf(rivals[i].fields, sizeof rivals[i].fields, "%s", fields);
        snprintf(rivals[i].body, sizeof rivals[i].body, "{\"attributes\":{\"%s\":%d}}", method,
                 i);
        ck_assert_int_eq(pthread_create(&rivals[i].thread, NULL, change, &rivals[i]), 0);
    }
    for (int i = 0; i < RIVALS; i++)
        pthread_join(rivals[i].thread, NULL);
    for (int i = 0; i < RIVALS; i++) {
        ck_assert_msg(rivals[i].status == status || rivals[i].status == 412, "%d",
                      rivals[i].status);
        winners += rivals[i].status == status;
    }
    return winners;
}

START_TEST(one_of_many_changes_wins)
{
    char tag[64], fields[160], path[64];
    for (int round = 0; round < 4; round++) {
        snprintf(path, sizeof path, "/v1/customers/contested-%d", round);
        ck_assert_int_eq(win("PUT", path, JSON "If-None-Match: *\r\n", 201), 1);
        free(must("GET", path, "", "", 200, tag));
        snprintf(fields, sizeof fields, PATCH "If-Match: %s\r\n", tag);
        int winners = win("PATCH", path, fields, 200);
        ck_assert_int_eq(winners, 1);
    }
}
END_TEST

/* Events ----------------------------------------------------------------------------------- */

#define EVENT(id, type, subject, data)                                                         \
    "{\"source\":\"s\",\"id\":\"" id "\",\"type\":\"" type "\",\"subject\":\"" subject         \
    "\",\"time\":\"2025-03-01T12:00:00Z\",\"data\":" data "}"
#define LEAD(id, subject) EVENT(id, "find.lead.created", subject, "{\"channel\":\"ad\"}")
#define IDENTIFIED(id, subject, names)                                                         \
    EVENT(id, "customer.identified", subject, "{\"identifiers\":[" names "]}")

/* A taken identifier spoils its own event only, and is pointed to. */
START_TEST(a_taken_identifier_is_refused_alone)
{
    char *body = must("POST", "/v1/events", JSON,
                      "[" LEAD("1", "ann:1") "," IDENTIFIED("2", "ann", "\"ann:1\"") "," LEAD(
                          "3", "bob:1") "," IDENTIFIED("4", "bob", "\"bob:2\",\"ann:1\"") "]",
                      200, NULL);
    ck_assert_msg(strstr(body, "\"created\":3,\"duplicate\":0,\"conflict\":0,\"rejected\":1"),
                  "%s", body);
    ck_assert_msg(strstr(body, "\"status\":409") != NULL, "%s", body);
    ck_assert_msg(strstr(body, "\"/3/data/identifiers/1\"") != NULL, "%s", body);
    free(body);
    body = must("GET", "/v1/customers/ann", "", "", 200, NULL);
    ck_assert_msg(strstr(body, "\"stage\":\"find\"") != NULL, "%s", body);
    free(body);
    free(must("GET", "/v1/customers/bob:2", "", "", 404, NULL));
    body = must("PUT", "/v1/customers/bob:1", JSON, "{\"identifiers\":[\"bob:2\",\"ann\"]}",
                409, NULL);
    ck_assert_msg(strstr(body, "\"/identifiers/1\"") != NULL, "%s", body);
    free(body);
}
END_TEST

static const struct {
    const char *event, *pointer;
    int status;
} BAD_EVENTS[] = {
    {IDENTIFIED("5", "eve", "\"a\\u0007\""), "\"/data/identifiers/0\"", 422},
    {IDENTIFIED("5", "eve", "\"a\",\"b \""), "\"/data/identifiers/1\"", 422},
    {EVENT("5", "customer.merged", "eve", "{\"into\":\"eve\"}"), "\"/data/into\"", 422},
    {EVENT("5", "customer.merged", "eve", "{\"into\":\" x\"}"), "\"/data/into\"", 422},
    {EVENT("5", "customer.merged", "eve", "{}"), "\"/data/into\"", 422},
    {EVENT("5", "customer.attributes_changed", "eve",
           "{\"attributes\":{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}}"),
     "\"/data/attributes\"", 422},
};

START_TEST(bad_events_are_refused)
{
    char *body =
        must("POST", "/v1/events", JSON, BAD_EVENTS[_i].event, BAD_EVENTS[_i].status, NULL);
    ck_assert_msg(strstr(body, BAD_EVENTS[_i].pointer) != NULL, "%s", body);
    free(body);
    free(must("GET", "/v1/customers/eve", "", "", 404, NULL));
}
END_TEST

/* Twice what fits by halves; what is too much is refused, whichever way it comes. */
START_TEST(attributes_have_a_limit)
{
    enum { HALF = 40000 };
    char *body = malloc(HALF + 256), *value = malloc(HALF + 1), *answer;
    memset(value, 'x', HALF);
    value[HALF] = '\0';
    snprintf(body, HALF + 256, "{\"attributes\":{\"one\":\"%s\"}}", value);
    free(must("PUT", "/v1/customers/large", JSON, body, 201, NULL));
    snprintf(body, HALF + 256, "{\"attributes\":{\"two\":\"%s\"}}", value);
    answer = must("PATCH", "/v1/customers/large", PATCH, body, 413, NULL);
    ck_assert_msg(strstr(answer, "\"/attributes\"") != NULL, "%s", answer);
    free(answer);
    snprintf(
        body, HALF + 256,
        EVENT("6", "customer.attributes_changed", "large", "{\"attributes\":{\"two\":\"%s\"}}"),
        value);
    answer = must("POST", "/v1/events", JSON, body, 413, NULL);
    ck_assert_msg(strstr(answer, "\"/data/attributes\"") != NULL, "%s", answer);
    free(answer);
    free(must("PATCH", "/v1/customers/large", PATCH, "{\"attributes\":{\"one\":null}}", 200,
              NULL));
    free(must("POST", "/v1/events", JSON, body, 201, NULL));
    free(body);
    free(value);
}
END_TEST

int main(void)
{
    setenv("CLMD_CHANGE_WORKERS", "4", 1);
    Suite *suite = suite_create("customers");
    TCase *tests = scene_case(suite, "customers", 60);
    tcase_add_loop_test(tests, bad_changes_are_refused, 0, COUNT_OF(REFUSALS));
    tcase_add_test(tests, nothing_was_stored);
    tcase_add_test(tests, a_state_has_one_tag);
    tcase_add_test(tests, one_of_many_changes_wins);
    tcase_add_test(tests, a_taken_identifier_is_refused_alone);
    tcase_add_loop_test(tests, bad_events_are_refused, 0, COUNT_OF(BAD_EVENTS));
    tcase_add_test(tests, attributes_have_a_limit);
    return tap_run(suite);
}
