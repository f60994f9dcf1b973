/* Whoever was erased comes back: refused in whatever form, or taken as a new customer where the
 * setting says so; and whoever posts for a person while it is erased is told the truth. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/scene.h"
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON "Content-Type: application/json\r\n"
#define PATCH "Content-Type: application/merge-patch+json\r\n"
#define LINES "Content-Type: application/x-ndjson\r\n"
#define EVENT(id, type, subject, data)                                                         \
    "{\"id\":\"" id "\",\"source\":\"shop\",\"type\":\"" type "\",\"subject\":\"" subject      \
    "\",\"time\":\"2026-02-0" id "T10:00:00Z\",\"data\":" data "}"
#define LEAD EVENT("2", "find.lead.created", "gudrun", "{\"channel\":\"ad\"}")

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

static void erase_gudrun(void)
{
    scene_connect();
    tell("PUT", "/v1/customers/gudrun", JSON, "{\"identifiers\":[\"crm:gudrun\"]}", 201);
    tell("POST", "/v1/events", JSON, LEAD, 201);
    tell("POST", "/v1/erasures", JSON, "{\"customer\":\"gudrun\"}", 201);
    scene_disconnect();
}

#define ORDER(id, subject)                                                                     \
    EVENT(id, "sell.order.placed", subject,                                                    \
          "{\"order_id\":\"o" id "\",\"amount\":5,\"currency\":\"EUR\",\"units\":1}")

static const struct {
    const char *method, *path, *fields, *body;
    int status;
    const char *text; /* that the answer must have; NULL: none */
} REFUSALS[] = {
    {"GET", "/v1/customers/gudrun", "", "", 410, "/problems/erased"},
    {"GET", "/v1/customers/gudrun/timeline", "", "", 404, NULL},
    {"GET", "/v1/customers/gudrun/export", "", "", 410, NULL},
    {"PUT", "/v1/customers/crm:gudrun", JSON, "{}", 410, NULL},
    {"PATCH", "/v1/customers/gudrun", PATCH, "{}", 410, NULL},
    {"PUT", "/v1/customers/third", JSON, "{\"identifiers\":[\"crm:gudrun\"]}", 410, NULL},
    {"POST", "/v1/events", JSON, ORDER("7", "gudrun"), 410, "\"/subject\""},
    {"POST", "/v1/events", JSON,
     EVENT("2", "find.lead.created", "gudrun", "{\"channel\":\"ad\"}"), 410,
     "/problems/erased"},
    {"POST", "/v1/events", JSON, "[" ORDER("7", "gudrun") "," ORDER("8", "new") "]", 200,
     "\"created\":1,\"duplicate\":0,\"conflict\":0,\"rejected\":1"},
    {"POST", "/v1/events?atomic=true", JSON, "[" ORDER("7", "gudrun") "," ORDER("9", "new") "]",
     422, "\"/0/subject\""},
    {"POST", "/v1/events", JSON,
     EVENT("9", "customer.identified", "gudrun", "{\"attributes\":{\"a\":1}}"), 410, NULL},
    {"POST", "/v1/events", JSON, EVENT("9", "customer.merged", "new", "{\"into\":\"gudrun\"}"),
     410, "\"/data/into\""},
    {"POST", "/v1/imports", LINES, ORDER("7", "gudrun") "\n", 202, "\"rejected\":1"},
};

START_TEST(who_comes_back_is_refused)
{
    char *answer = must(REFUSALS[_i].method, REFUSALS[_i].path, REFUSALS[_i].fields,
                        REFUSALS[_i].body, REFUSALS[_i].status);
    ck_assert_msg(REFUSALS[_i].text == NULL || strstr(answer, REFUSALS[_i].text) != NULL, "%s",
                  answer);
    free(answer);
}
END_TEST

START_TEST(rejects_keep_nothing)
{
    json_t *imports = answer_get(client, "/v1/imports");
    json_t *import;
    size_t at;
    char path[128];
    json_array_foreach(json_object_get(imports, "data"), at, import)
    {
        snprintf(path, sizeof path, "/v1/imports/%s/rejects", answer_text(import, "import_id"));
        char *rejects = must("GET", path, "", "", 200);
        ck_assert_msg(strstr(rejects, "gudrun") == NULL, "%s", rejects);
        ck_assert_msg(strstr(rejects, "\"input\"") != NULL, "%s", rejects);
        free(rejects);
    }
    ck_assert_uint_eq(at, 1);
    json_decref(imports);
}
END_TEST

/* One sends events of a person who is erased meanwhile. */
static void *send_events(void *argument)
{
    struct client *sender = client_create(service.port, service.key);
    long *created = argument;
    for (int status = 201, number = 0; status == 201; number++) {
        char body[256];
        snprintf(body, sizeof body,
                 "{\"id\":\"%p-%d\",\"source\":\"crowd\",\"type\":\"support.case.opened\","
                 "\"subject\":\"gudrun two\",\"time\":\"2026-02-01T00:00:00Z\","
                 "\"data\":{\"case_id\":\"k%d\"}}",
                 argument, number, number);
        struct reply reply = client_post(sender, "/v1/events", body);
        status = reply.status;
        __atomic_fetch_add(created, status == 201, __ATOMIC_RELAXED);
        ck_assert_msg(status == 201 || status == 410, "%d: %s", status, reply.body);
        reply_clear(&reply);
    }
    client_destroy(sender);
    return NULL;
}

START_TEST(whoever_posts_meanwhile_is_told_the_truth)
{
    enum { SENDERS_NOW = 4 };
    pthread_t threads[SENDERS_NOW];
    long created[SENDERS_NOW] = {0}, sum = 0;
    for (size_t i = 0; i < SENDERS_NOW; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, send_events, &created[i]), 0);
    for (size_t i = 0; i < SENDERS_NOW; i++)
        while (__atomic_load_n(&created[i], __ATOMIC_RELAXED) < 10)
            sched_yield();
    char *answer = must("POST", "/v1/erasures", JSON, "{\"customer\":\"gudrun two\"}", 201);
    json_t *proof = json_loads(answer, 0, NULL);
    for (size_t i = 0; i < SENDERS_NOW; i++) {
        pthread_join(threads[i], NULL);
        sum += created[i];
    }
    ck_assert_int_eq(json_integer_value(json_object_get(proof, "events")), sum);
    json_decref(proof);
    free(answer);
}
END_TEST

START_TEST(or_is_a_new_customer)
{
    char fields[160], tag[64];
    free(answer_ask(client, "GET", "/v1/settings", "", "", 200, "ETag", tag, sizeof tag));
    snprintf(fields, sizeof fields, PATCH "If-Match: %s\r\n", tag);
    tell("PATCH", "/v1/settings", fields, "{\"erased_subjects\":\"accept\"}", 200);
    tell("POST", "/v1/events", JSON, ORDER("7", "gudrun"), 201);
    tell("POST", "/v1/events", JSON, ORDER("7", "gudrun"), 200);
    json_t *customer = answer_get(client, "/v1/customers/gudrun");
    ck_assert_uint_eq(json_array_size(json_object_get(customer, "identifiers")), 1);
    ck_assert_uint_eq(json_object_size(json_object_get(customer, "attributes")), 0);
    json_decref(customer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("erased");
    TCase *tests = scene_case(suite, "erased", 60);
    tcase_add_unchecked_fixture(tests, erase_gudrun, NULL);
    tcase_add_loop_test(tests, who_comes_back_is_refused, 0, COUNT_OF(REFUSALS));
    tcase_add_test(tests, rejects_keep_nothing);
    tcase_add_test(tests, whoever_posts_meanwhile_is_told_the_truth);
    tcase_add_test(tests, or_is_a_new_customer);
    return tap_run(suite);
}
