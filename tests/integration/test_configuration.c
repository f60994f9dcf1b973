/* Settings and exchange rates over HTTP: nobody's change is undone unseen, and nothing is done
 * twice, however many ask at once. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/service.h"
#include "tap.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLERS = 8, ROUNDS = 10 };

#define PATCH_JSON "Content-Type: application/merge-patch+json\r\n"
#define PLAIN_JSON "Content-Type: application/json\r\n"
#define ANY "If-Match: *\r\n"

static struct service service;
static struct client *client;

static void set_up(void)
{
    setenv("CLMD_CHANGE_WORKERS", "4", 1); /* as of several servers: they do meet */
    service_start(&service);
    client = client_create(service.port, service.key);
}

static void tear_down(void)
{
    client_destroy(client);
    service_remove(&service);
}

static struct reply call_with(struct client *by, const char *method, const char *path,
                              const char *fields, const char *body)
{
    return client_ask(by, method, path, fields, body, body != NULL ? strlen(body) : 0);
}

/* The status of an answer that is of no more interest. */
static int status_of(struct reply reply)
{
    int status = reply.status;
    reply_clear(&reply);
    return status;
}

static int patch(const char *fields, const char *body)
{
    char all[512];
    snprintf(all, sizeof all, "%s%s", PATCH_JSON, fields);
    return status_of(call_with(client, "PATCH", "/v1/settings", all, body));
}

static void read_tag(const char *path, char tag[64])
{
    struct reply reply = client_get(client, path);
    ck_assert_int_eq(reply.status, 200);
    ck_assert(reply_field(&reply, "ETag", tag, 64));
    reply_clear(&reply);
}

static int get_unless(const char *path, const char *tag)
{
    char field[128];
    snprintf(field, sizeof field, "If-None-Match: \"x\", W/%s\r\n", tag);
    return status_of(call_with(client, "GET", path, field, NULL));
}

START_TEST(a_change_names_the_state_that_it_changes)
{
    char before[64], after[64], field[128];
    read_tag("/v1/settings", before);
    ck_assert_int_eq(get_unless("/v1/settings", before), 304);
    ck_assert_int_eq(patch("", "{\"margin\":0.4}"), 428);
    ck_assert_int_eq(patch("If-Match: \"x\"\r\n", "{\"margin\":0.4}"), 412);
    ck_assert_int_eq(patch("If-Match: x\r\n", "{\"margin\":0.4}"), 400);
    ck_assert_int_eq(patch("If-None-Match: *\r\n", "{\"margin\":0.4}"), 412);
    ck_assert_int_eq(get_unless("/v1/settings", before), 304);
    snprintf(field, sizeof field, "If-Match: %s\r\n", before);
    ck_assert_int_eq(patch(field, "{\"margin\":0.4}"), 200);
    ck_assert_int_eq(patch(field, "{\"margin\":0.4}"), 412);
    read_tag("/v1/settings", after);
    ck_assert_str_ne(after, before);
    ck_assert_int_eq(get_unless("/v1/settings", before), 200);
    ck_assert_int_eq(patch(ANY, "{\"margin\":null}"), 200);
    ck_assert_int_eq(get_unless("/v1/settings", before), 304);
}
END_TEST

START_TEST(what_cannot_be_is_told)
{
    ck_assert_int_eq(patch(ANY, "[]"), 422);
    ck_assert_int_eq(patch(ANY, "{\"margin\":1,\"margin\":1}"), 400);
    ck_assert_int_eq(patch(ANY, "{} {}"), 400);
    ck_assert_int_eq(patch(ANY, ""), 400);
    ck_assert_int_eq(patch(ANY "Idempotency-Key: \"\r\n", "{}"), 400);
    ck_assert_int_eq(
        status_of(call_with(client, "PATCH", "/v1/settings", PLAIN_JSON ANY, "{}")), 415);
    struct reply reply = call_with(client, "PATCH", "/v1/settings", PATCH_JSON ANY,
                                   "{\"margin\":2,\"no\\nsetting\":1,\"week_start\":7}");
    ck_assert_int_eq(reply.status, 422);
    ck_assert_ptr_nonnull(strstr(reply.body, "{\"pointer\":\"/margin\",\"detail\":\"must be "));
    ck_assert_ptr_nonnull(strstr(reply.body, "{\"pointer\":\"/no?setting\",\"detail\":\"unk"));
    ck_assert_ptr_nonnull(strstr(reply.body, "{\"pointer\":\"/week_start\""));
    reply_clear(&reply);
}
END_TEST

static const char RATE[] =
    "{\"data\":[{\"currency\":\"USD\",\"base\":\"EUR\",\"valid_from\":\"2026-01-01\",\"rate\":"
    "\"%s\"}]}";

START_TEST(rates_have_one_tag_on_every_page)
{
    char body[256], before[64], after[64], field[256];
    read_tag("/v1/rates", before);
    snprintf(body, sizeof body, RATE, "0.92");
    snprintf(field, sizeof field, PLAIN_JSON "If-Match: %s\r\n", before);
    ck_assert_int_eq(status_of(call_with(client, "PUT", "/v1/rates", field, body)), 200);
    ck_assert_int_eq(status_of(call_with(client, "PUT", "/v1/rates", field, body)), 412);
    read_tag("/v1/rates?currency=JPY", after);
    ck_assert_str_ne(after, before);
    ck_assert_int_eq(get_unless("/v1/rates?limit=1", after), 304);
    json_t *page = answer_get(client, "/v1/rates?currency=USD");
    json_t *rate = json_array_get(json_object_get(page, "data"), 0);
    ck_assert_str_eq(answer_text(rate, "rate"), "0.92");
    json_decref(page);
}
END_TEST

/* Many at once ----------------------------------------------------------------------------- */

struct caller {
    pthread_t thread;
    const char *method, *path, *fields, *body;
    struct reply reply;
};

static void *call(void *context)
{
    struct caller *caller = context;
    struct client *own = client_create(service.port, service.key);
    caller->reply = call_with(own, caller->method, caller->path, caller->fields, caller->body);
    client_destroy(own);
    return NULL;
}

static void call_at_once(struct caller *callers)
{
    for (size_t i = 0; i < CALLERS; i++)
        pthread_create(&callers[i].thread, NULL, call, &callers[i]);
    for (size_t i = 0; i < CALLERS; i++)
        pthread_join(callers[i].thread, NULL);
}

START_TEST(of_many_changes_to_one_state_one_is_made)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct caller callers[CALLERS];
        char tag[64], fields[256], bodies[CALLERS][64];
        const char *winner = NULL;
        read_tag("/v1/settings", tag);
        snprintf(fields, sizeof fields, PATCH_JSON "If-Match: %s\r\n", tag);
        for (int i = 0; i < CALLERS; i++) {
            snprintf(bodies[i], sizeof bodies[i], "{\"inactivity_days\":%d}",
                     1 + round * CALLERS + i);
            callers[i] = (struct caller){
                .method = "PATCH", .path = "/v1/settings", .fields = fields, .body = bodies[i]};
        }
        call_at_once(callers);
        for (int i = 0; i < CALLERS; i++) {
            ck_assert(callers[i].reply.status == 412 ||
                      (callers[i].reply.status == 200 && winner == NULL));
            winner = callers[i].reply.status == 200 ? callers[i].body : winner;
            reply_clear(&callers[i].reply);
        }
        ck_assert_ptr_nonnull(winner);
        struct reply now = client_get(client, "/v1/settings");
        char member[64];
        snprintf(member, sizeof member, "%.*s,", (int)strcspn(winner, "}") - 1, winner + 1);
        ck_assert_ptr_nonnull(strstr(now.body, member));
        reply_clear(&now);
    }
}
END_TEST

/* A rate that was stored twice would be unchanged the second time. */
START_TEST(a_repeated_request_is_done_once)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct caller callers[CALLERS];
        char fields[256], rate[16], body[256], field[16];
        int done = 0, repeated = 0;
        snprintf(fields, sizeof fields, PLAIN_JSON ANY "Idempotency-Key: \"round %d\"\r\n",
                 round);
        snprintf(rate, sizeof rate, "%d.5", round + 1);
        snprintf(body, sizeof body, RATE, rate);
        for (int i = 0; i < CALLERS; i++)
            callers[i] = (struct caller){
                .method = "PUT", .path = "/v1/rates", .fields = fields, .body = body};
        call_at_once(callers);
        for (int i = 0; i < CALLERS; i++) {
            struct reply *reply = &callers[i].reply;
            bool is_repeated = reply_field(reply, "Idempotent-Replayed", field, sizeof field);
            ck_assert(reply->status == 200 || reply->status == 409);
            if (reply->status == 200)
                ck_assert_str_eq(reply->body, "{\"stored\":1,\"unchanged\":0,\"removed\":0}");
            done += reply->status == 200 && !is_repeated;
            repeated += is_repeated;
            reply_clear(reply);
        }
        ck_assert_int_eq(done, 1);
        ck_assert_int_lt(repeated, CALLERS);
    }
}
END_TEST

/* Repeating -------------------------------------------------------------------------------- */

#define KEY "Idempotency-Key: repeat-me\r\n"

START_TEST(a_kept_answer_outlives_the_service)
{
    char before[64], first[64], again[64], fields[256];
    read_tag("/v1/settings", before);
    snprintf(fields, sizeof fields, PATCH_JSON KEY "If-Match: %s\r\n", before);
    ck_assert_int_eq(
        status_of(call_with(client, "PATCH", "/v1/settings", fields, "{\"margin\":7}")), 422);
    struct reply reply = call_with(client, "PATCH", "/v1/settings", fields, "{\"margin\":0.7}");
    ck_assert_int_eq(reply.status, 200);
    ck_assert(reply_field(&reply, "ETag", first, sizeof first));
    client_destroy(client);
    service_kill(&service);
    service_again(&service);
    client = client_create(service.port, service.key);
    struct reply repeat =
        call_with(client, "PATCH", "/v1/settings", fields, "{\"margin\":0.7}");
    ck_assert_int_eq(repeat.status, 200); /* though If-Match has long been overtaken */
    ck_assert_str_eq(repeat.body, reply.body);
    ck_assert(reply_field(&repeat, "ETag", again, sizeof again));
    ck_assert_str_eq(again, first);
    reply_clear(&reply);
    reply_clear(&repeat);
    ck_assert_int_eq(
        status_of(call_with(client, "PATCH", "/v1/settings", fields, "{\"margin\":0.8}")), 422);
}
END_TEST

static void make_key(const char *scope, char *key, size_t size)
{
    const char *const arguments[] = {"key", "create", "--name", "test", "--scope", scope, NULL};
    char output[512];
    ck_assert_int_eq(service_command(&service, arguments, output, sizeof output), 0);
    const char *text = strstr(output, "clm_");
    ck_assert_ptr_nonnull(text);
    snprintf(key, size, "%.*s", (int)strcspn(text, " \r\n"), text);
}

START_TEST(each_api_key_has_its_own_names)
{
    char key[128], body[256];
    make_key("config:write", key, sizeof key);
    struct client *other = client_create(service.port, key);
    snprintf(body, sizeof body, RATE, "2");
    ck_assert_int_eq(status_of(call_with(client, "PUT", "/v1/rates", PLAIN_JSON ANY KEY, body)),
                     200);
    struct reply reply = call_with(other, "PUT", "/v1/rates", PLAIN_JSON ANY KEY, body);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_str_eq(reply.body, "{\"stored\":0,\"unchanged\":1,\"removed\":0}");
    reply_clear(&reply);
    ck_assert_int_eq(status_of(client_get(other, "/v1/rates")), 403);
    client_destroy(other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("configuration");
    TCase *tests = tcase_create("configuration");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_change_names_the_state_that_it_changes);
    tcase_add_test(tests, what_cannot_be_is_told);
    tcase_add_test(tests, rates_have_one_tag_on_every_page);
    tcase_add_test(tests, of_many_changes_to_one_state_one_is_made);
    tcase_add_test(tests, a_repeated_request_is_done_once);
    tcase_add_test(tests, a_kept_answer_outlives_the_service);
    tcase_add_test(tests, each_api_key_has_its_own_names);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
