/* Claims: a custom type is known to its server with the answer that registers it, and to every
 * other server soon; its events are checked by its fields and move customers as it says; it
 * outlives restarts and new versions of the program. */
#include "base/clock.h"
#include "base/compiler.h"
#include "db/db.h"
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/service.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOON = 5 * 1000000, RACERS = 4, ROUNDS = 20 };

#define DEMO "/v1/event-types/sell.demo.held"
#define DEFINITION                                                                             \
    "{\"entry\":\"enter\",\"description\":\"A demonstration\",\"fields\":["                    \
    "{\"name\":\"demo_id\",\"kind\":\"text\",\"required\":true},"                              \
    "{\"name\":\"people\",\"kind\":\"count\"},"                                                \
    "{\"name\":\"means\",\"kind\":\"choice\",\"choices\":[\"video\",\"visit\"]}]}"

static struct service service;
static struct client *client;

static void set_up(void)
{
    service_start(&service);
    client = client_create(service.port, service.key);
}

static void tear_down(void)
{
    client_destroy(client);
    service_remove(&service);
}

/* The status of a PUT, with one field for the condition; its ETag, where one is wanted. */
static int put(struct client *at, const char *path, const char *condition, const char *body,
               char tag[64])
{
    char fields[256];
    snprintf(fields, sizeof fields, "Content-Type: application/json\r\n%s", condition);
    struct reply reply = client_ask(at, "PUT", path, fields, body, strlen(body));
    int status = reply.status;
    ck_assert(!tag || reply_field(&reply, "ETag", tag, 64));
    reply_clear(&reply);
    return status;
}

/* Each type's events are of one customer. */
static int post_of(struct client *at, const char *type, const char *id, const char *data)
{
    char body[512];
    snprintf(body, sizeof body,
             "{\"id\":\"%s\",\"source\":\"%s\",\"type\":\"%s\",\"subject\":\"%s\","
             "\"time\":\"2026-03-01T09:30:00Z\",\"data\":%s}",
             id, type, type, type, data);
    struct reply reply = client_post(at, "/v1/events", body);
    int status = reply.status;
    reply_clear(&reply);
    return status;
}

static int post_demo(struct client *at, const char *id, const char *data)
{
    return post_of(at, "sell.demo.held", id, data);
}

START_TEST(a_type_is_known_once_it_is_registered)
{
    ck_assert_int_eq(post_demo(client, "1", "{\"demo_id\":\"d\"}"), 422);
    ck_assert_int_eq(put(client, DEMO, "", DEFINITION, NULL), 201);
    ck_assert_int_eq(post_demo(client, "1", "{\"demo_id\":\"d\",\"people\":3}"), 201);
    ck_assert_int_eq(post_demo(client, "1", "{\"demo_id\":\"d\",\"people\":3}"), 200);
    ck_assert_int_eq(post_demo(client, "2", "{\"demo_id\":\"d\",\"people\":-3}"), 422);
    ck_assert_int_eq(post_demo(client, "2", "{\"demo_id\":\"d\",\"means\":\"fax\"}"), 422);
    json_t *visits = answer_get(client, "/v1/customers/sell.demo.held/visits");
    const json_t *visit = json_array_get(json_object_get(visits, "data"), 0);
    ck_assert_str_eq(answer_text(visit, "stage"), "sell");
    json_decref(visits);
    json_t *timeline = answer_get(client, "/v1/customers/sell.demo.held/timeline");
    const json_t *latest = json_array_get(json_object_get(timeline, "data"), 0);
    ck_assert_str_eq(answer_text(latest, "type"), "sell.demo.held");
    json_decref(timeline);
    answer_verified(&service);
}
END_TEST

START_TEST(a_change_has_its_conditions)
{
    char tag[64], later[64], condition[128];
    ck_assert_int_eq(put(client, DEMO, "If-Match: *\r\n", DEFINITION, NULL), 412);
    ck_assert_int_eq(put(client, DEMO, "If-None-Match: *\r\n", DEFINITION, tag), 201);
    ck_assert_int_eq(put(client, DEMO, "If-None-Match: *\r\n", DEFINITION, NULL), 412);
    ck_assert_int_eq(put(client, DEMO, "", DEFINITION, NULL), 428);
    snprintf(condition, sizeof condition, "If-Match: %s\r\n", tag);
    ck_assert_int_eq(put(client, DEMO, condition, DEFINITION, later), 200);
    ck_assert_str_eq(later, tag);
    ck_assert_int_eq(
        put(client, DEMO, condition, "{\"entry\":\"advance\",\"fields\":[]}", later), 200);
    ck_assert_str_ne(later, tag);
    ck_assert_int_eq(put(client, DEMO, condition, DEFINITION, NULL), 412);
    ck_assert_int_eq(post_demo(client, "1", "{}"), 201);
    ck_assert_int_eq(put(client, DEMO, "If-Match: *\r\n", DEFINITION, NULL), 409);
    struct reply reply = client_get(client, DEMO);
    ck_assert(reply_field(&reply, "ETag", tag, sizeof tag));
    ck_assert_str_eq(tag, later);
    snprintf(condition, sizeof condition, "Content-Type: application/json\r\nIf-Match: %s\r\n",
             tag);
    struct reply again = client_ask(client, "PUT", DEMO, condition, reply.body, reply.length);
    ck_assert_int_eq(again.status, 200);
    ck_assert_str_eq(again.body, reply.body);
    reply_clear(&again);
    reply_clear(&reply);
}
END_TEST

START_TEST(what_cannot_be_registered_is_told)
{
    static const struct {
        const char *path, *body;
        int status;
    } BAD[] = {
        {"/v1/event-types/sell.order.placed", DEFINITION, 409},
        {"/v1/event-types/customer.demo.held", DEFINITION, 422},
        {"/v1/event-types/sell.demo", DEFINITION, 422},
        {DEMO, "{\"entry\":\"exit\",\"fields\":[]}", 422},
        {DEMO, "{\"entry\":", 400},
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        ck_assert_msg(put(client, BAD[i].path, "", BAD[i].body, NULL) == BAD[i].status, "%s %s",
                      BAD[i].path, BAD[i].body);
    struct reply reply = client_get(client, DEMO);
    ck_assert_int_eq(reply.status, 404);
    reply_clear(&reply);
}
END_TEST

static void ck_listed(struct client *at, const char *name, bool is_custom)
{
    json_t *answer = answer_get(at, "/v1/event-types"), *type, *found = NULL;
    size_t i;
    json_array_foreach(json_object_get(answer, "data"), i, type)
    {
        if (strcmp(answer_text(type, "type"), name) == 0)
            found = type;
    }
    ck_assert_msg(found != NULL, "%s is not listed", name);
    ck_assert_int_eq(json_is_true(json_object_get(found, "custom")), is_custom);
    json_decref(answer);
}

static void await_demo(struct client *at, const char *id, const char *data)
{
    int64_t deadline = clock_monotonic() + SOON;
    while (post_demo(at, id, data) != 201 && clock_monotonic() < deadline)
        clock_pause(10);
    ck_assert_int_eq(post_demo(at, id, data), 200);
}

START_TEST(every_server_learns_of_it)
{
    struct service second;
    service_beside(&second, &service);
    struct client *beside = client_create(second.port, second.key);
    ck_assert_int_eq(post_demo(beside, "1", "{\"demo_id\":\"d\"}"), 422);
    ck_assert_int_eq(put(client, DEMO, "", DEFINITION, NULL), 201);
    ck_listed(beside, "sell.demo.held", true);
    await_demo(beside, "1", "{\"demo_id\":\"d\"}");
    ck_assert_int_eq(
        put(beside, DEMO, "If-Match: *\r\n", "{\"entry\":\"enter\",\"fields\":[]}", NULL), 200);
    ck_assert_int_eq(post_demo(beside, "2", "{\"demo_id\":7}"), 201);
    await_demo(client, "3", "{\"demo_id\":7}");
    client_destroy(beside);
    service_remove(&second);
    answer_verified(&service);
}
END_TEST

/* Each registers the same new type, at one of two servers. */
START_TEST(of_several_at_once_one_is_the_first)
{
    struct service second;
    int channel[2], created = 0;
    service_beside(&second, &service);
    ck_assert_int_eq(pipe(channel), 0);
    for (int i = 0; i < RACERS; i++) {
        if (fork() != 0)
            continue;
        int port = i % 2 == 0 ? service.port : second.port;
        struct client *racer = client_create(port, service.key);
        int status = put(racer, DEMO, "If-None-Match: *\r\n", DEFINITION, NULL);
        _exit(write(channel[1], &status, sizeof status) == sizeof status ? 0 : 1);
    }
    for (int i = 0; i < RACERS; i++) {
        int status = 0;
        ck_assert_int_eq(read(channel[0], &status, sizeof status), sizeof status);
        ck_assert_msg(status == 201 || status == 412, "%d", status);
        created += status == 201;
    }
    ck_assert_int_eq(created, 1);
    service_remove(&second);
}
END_TEST

/* The entry is changed to and fro while the first event comes at any moment: it is derived by
 * the entry that stays. */
START_TEST(an_entry_is_fixed_by_the_first_event)
{
    static const char *const ENTRIES[] = {"activity", "enter"};
    char body[64], path[64];
    for (int round = 0; round < ROUNDS; round++) {
        snprintf(path, sizeof path, "/v1/event-types/sell.demo.n%d", round);
        ck_assert_int_eq(put(client, path, "", "{\"entry\":\"enter\",\"fields\":[]}", NULL),
                         201);
        pid_t sender = fork();
        if (sender == 0) {
            clock_pause(round);
            client = client_create(service.port, service.key);
            _exit(post_of(client, path + strlen("/v1/event-types/"), "1", "{}") == 201 ? 0 : 1);
        }
        int status = 200;
        for (int change = 0; status == 200; change++) {
            snprintf(body, sizeof body, "{\"entry\":\"%s\",\"fields\":[]}",
                     ENTRIES[change % 2]);
            status = put(client, path, "If-Match: *\r\n", body, NULL);
        }
        ck_assert_int_eq(status, 409);
        ck_assert_int_eq(waitpid(sender, &status, 0), sender);
        ck_assert_int_eq(status, 0);
    }
    answer_verified(&service);
}
END_TEST

START_TEST(an_import_knows_it)
{
    char path[128], rejects[160], output[1024];
    const char *const IMPORT[] = {"import", path, NULL};
    ck_assert_int_eq(put(client, DEMO, "", DEFINITION, NULL), 201);
    snprintf(path, sizeof path, "%s.csv", service.directory);
    snprintf(rejects, sizeof rejects, "%s.rejects.ndjson", path);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs("id,source,type,subject,time,data.demo_id,data.people\n"
          "1,crm,sell.demo.held,acme,2026-03-01T09:30:00Z,d,3\n"
          "2,crm,sell.demo.held,acme,2026-03-02T09:30:00Z,d,three\n",
          file);
    fclose(file);
    int status = service_command(&service, IMPORT, output, sizeof output);
    ck_assert_msg(status == 3 && strstr(output, "1 created") && strstr(output, "1 rejected"),
                  "%d %s", status, output);
    unlink(path);
    unlink(rejects);
    answer_verified(&service);
}
END_TEST

/* As a newer program would find the database: its functions and its vocabulary are others. */
static void make_older(const char *sql)
{
    char url[160];
    struct problem why = {0};
    snprintf(url, sizeof url, "host=%s/socket port=5432 user=clmd dbname=postgres",
             service.directory);
    struct db *db = db_create(url, 10);
    ck_assert_msg(
        db_execute(db, "delete from clmd.migration where name = 'repeatable'", NULL, &why) &&
            db_execute(db, sql, NULL, &why),
        "%s", why.log_detail);
    db_destroy(db);
}

static void start_again(void)
{
    client_destroy(client);
    ck_assert_int_eq(service_stop(&service), 0);
    service_again(&service);
    client = client_create(service.port, service.key);
}

START_TEST(it_outlives_the_program)
{
    ck_assert_int_eq(put(client, DEMO, "", DEFINITION, NULL), 201);
    ck_assert_int_eq(post_demo(client, "1", "{\"demo_id\":\"d\"}"), 201);
    make_older("select");
    start_again();
    ck_assert_int_eq(post_demo(client, "1", "{\"demo_id\":\"d\"}"), 200);
    ck_assert_int_eq(post_demo(client, "2", "{\"demo_id\":\"d\"}"), 201);
    make_older("update lifecycle.event_type set name = name || '.old' where type = 104; "
               "update lifecycle.event_type set name = 'find.lead.qualified' "
               "where name = 'sell.demo.held'");
    start_again();
    ck_listed(client, "find.lead.qualified", false);
    ck_listed(client, "find.lead.qualified_10000", true);
    answer_verified(&service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("types");
    TCase *tests = tcase_create("types");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_type_is_known_once_it_is_registered);
    tcase_add_test(tests, a_change_has_its_conditions);
    tcase_add_test(tests, what_cannot_be_registered_is_told);
    tcase_add_test(tests, every_server_learns_of_it);
    tcase_add_test(tests, of_several_at_once_one_is_the_first);
    tcase_add_test(tests, an_entry_is_fixed_by_the_first_event);
    tcase_add_test(tests, an_import_knows_it);
    tcase_add_test(tests, it_outlives_the_program);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
