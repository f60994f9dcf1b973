/* Claim: a bound key posts nothing that is out of its bounds, in whatever form it comes, takes
 * nothing back that is; and what others imported, readers of events alone see. */
#include "base/compiler.h"
#include "integration/client.h"
#include "integration/given_key.h"
#include "integration/service.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

enum { KEY_SIZE = GIVEN_KEY_SIZE };

static struct service service;
static struct client *admin;

static void set_up(void)
{
    service_start(&service);
    admin = client_create(service.port, service.key);
}

static void tear_down(void)
{
    client_destroy(admin);
    service_remove(&service);
}

#define EVENT(source, id, type, data)                                                          \
    "{\"source\":\"" source "\",\"id\":\"" id "\",\"type\":\"" type                            \
    "\",\"subject\":\"c\",\"time\":\"2026-03-01T09:00:00Z\",\"data\":" data "}"
#define PAID(source, id)                                                                       \
    EVENT(source, id, "bill.payment.succeeded",                                                \
          "{\"payment_id\":\"" id "\",\"amount\":1999,\"currency\":\"EUR\"}")
#define LEAD(source, id) EVENT(source, id, "find.lead.created", "{\"channel\":\"ad\"}")

static const struct {
    const char *path, *type, *body;
    int status;
    const char *told; /* in the answer */
} POSTS[] = {
    {"/v1/events", "application/json", PAID("till", "1"), 201, "created"},
    {"/v1/events", "application/json", PAID("web", "2"), 403, "\"pointer\":\"/source\""},
    {"/v1/events", "application/json", LEAD("till", "3"), 403, "\"pointer\":\"/type\""},
    {"/v1/events", "application/json", "[" PAID("till", "4") "," LEAD("till", "5") "]", 200,
     "\"pointer\":\"/1/type\""},
    {"/v1/events", "application/json", "[" PAID("till", "4") "," LEAD("till", "5") "]", 200,
     "\"status\":403"},
    {"/v1/events?atomic=true", "application/json",
     "[" PAID("till", "6") "," PAID("web", "7") "]", 403, "\"pointer\":\"/1/source\""},
    {"/v1/events", "application/x-ndjson", PAID("till", "8") "\n" PAID("web", "9") "\n", 200,
     "\"rejected\":1"},
    {"/v1/imports", "application/x-ndjson", PAID("till", "10") "\n" PAID("web", "11") "\n", 202,
     "\"created\":1,\"duplicate\":0,\"conflict\":0,\"rejected\":1"},
    {"/v1/events", "application/json",
     EVENT("till", "12", "event.voided", "{\"source\":\"till\",\"id\":\"1\"}"), 403, "/type"},
};

START_TEST(a_bound_key_posts_within_its_bounds)
{
    char key[KEY_SIZE];
    given_key(admin,
              "{\"name\":\"till\",\"scopes\":[\"events:write\"],\"sources\":[\"till\"],"
              "\"types\":[\"bill.*\"]}",
              key, NULL);
    struct client *till = client_create(service.port, key);
    for (size_t i = 0; i < COUNT_OF(POSTS); i++) {
        struct reply reply =
            client_call(till, "POST", POSTS[i].path, POSTS[i].type, POSTS[i].body);
        ck_assert_msg(reply.status == POSTS[i].status &&
                          strstr(reply.body, POSTS[i].told) != NULL,
                      "%zu: %d %s", i, reply.status, reply.body);
        reply_clear(&reply);
    }
    struct reply reply =
        client_ask(till, "POST", "/v1/events",
                   "ce-specversion: 1.0\r\nce-id: 13\r\nce-source: web\r\nce-subject: c\r\n"
                   "ce-type: bill.payment.succeeded\r\nce-time: 2026-03-01T09:00:00Z\r\n"
                   "Content-Type: application/json\r\n",
                   "{\"payment_id\":\"13\",\"amount\":1,\"currency\":\"EUR\"}",
                   strlen("{\"payment_id\":\"13\",\"amount\":1,\"currency\":\"EUR\"}"));
    ck_assert_msg(reply.status == 403, "%d %s", reply.status, reply.body);
    reply_clear(&reply);
    client_destroy(till);
    reply = client_get(admin, "/v1/events?source=web");
    ck_assert_ptr_nonnull(strstr(reply.body, "{\"data\":[],"));
    reply_clear(&reply);
}
END_TEST

/* The address of an event that this key has posted. */
static void post_event(struct client *client, const char *body, char *path, size_t size)
{
    char location[128];
    struct reply reply = client_post(client, "/v1/events", body);
    ck_assert_int_eq(reply.status, 201);
    ck_assert(reply_field(&reply, "Location", location, sizeof location));
    snprintf(path, size, "%s/void", location);
    reply_clear(&reply);
}

/* The address of an event that the service itself has recorded. */
static void own_event(char *path, size_t size)
{
    static const char MEMBER[] = "\"event_id\":\"";
    struct reply reply = client_call(admin, "PUT", "/v1/customers/kept", "application/json",
                                     "{\"attributes\":{\"size\":\"small\"}}");
    ck_assert_msg(reply.status == 201, "%d %s", reply.status, reply.body);
    reply_clear(&reply);
    reply = client_get(admin, "/v1/events?source=clmd&customer=kept");
    const char *id = strstr(reply.body, MEMBER);
    ck_assert_msg(id != NULL, "%s", reply.body);
    snprintf(path, size, "/v1/events/%.36s/void", id + strlen(MEMBER));
    reply_clear(&reply);
}

START_TEST(a_bound_key_takes_back_within_its_bounds)
{
    char key[KEY_SIZE], web[160], till[160];
    post_event(admin, PAID("web", "21"), web, sizeof web);
    post_event(admin, PAID("till", "21"), till, sizeof till);
    given_key(admin, "{\"name\":\"t\",\"scopes\":[\"events:write\"],\"sources\":[\"till\"]}",
              key, NULL);
    struct client *by_source = client_create(service.port, key);
    struct reply reply = client_call(by_source, "POST", web, NULL, NULL);
    ck_assert_msg(reply.status == 403, "%d %s", reply.status, reply.body);
    reply_clear(&reply);
    reply = client_call(by_source, "POST", till, NULL, NULL);
    ck_assert_msg(reply.status == 201, "%d %s", reply.status, reply.body);
    reply_clear(&reply);
    own_event(web, sizeof web);
    ck_assert_int_eq(reply_status(client_call(by_source, "POST", web, NULL, NULL)), 403);
    client_destroy(by_source);
    given_key(admin, "{\"name\":\"t\",\"scopes\":[\"events:write\"],\"types\":[\"bill.*\"]}",
              key, NULL);
    struct client *by_type = client_create(service.port, key);
    ck_assert_int_eq(reply_status(client_call(by_type, "POST", web, NULL, NULL)), 403);
    client_destroy(by_type);
}
END_TEST

#define VOID(id, target)                                                                       \
    EVENT("web", id, "event.voided", "{\"source\":\"web\",\"id\":\"" target "\"}")
#define LINES "application/x-ndjson"

/* By a key for bill.* and event.voided; "lead" is not of its types, "paid" and "late" are. */
static const struct {
    const char *path, *type, *body;
    int status;
    const char *told;
} TAKINGS[] = {
    {"/v1/events", "application/json", VOID("v1", "lead"), 403, "\"pointer\":\"/data/id\""},
    {"/v1/events?dry_run=true", "application/json", VOID("v1", "lead"), 403, "/data/id"},
    {"/v1/events?atomic=true", "application/json", "[" VOID("v1", "lead") "]", 403,
     "\"pointer\":\"/0/data/id\""},
    {"/v1/events", "application/json", "[" VOID("v2", "paid") "," VOID("v3", "lead") "]", 200,
     "\"pointer\":\"/1/data/id\""},
    {"/v1/events", LINES, VOID("v4", "lead") "\n" PAID("web", "more") "\n", 200,
     "\"created\":1,\"duplicate\":0,\"conflict\":0,\"rejected\":1"},
    {"/v1/imports", LINES, VOID("v5", "lead") "\n" VOID("v6", "more") "\n", 202,
     "\"created\":1,\"duplicate\":0,\"conflict\":0,\"rejected\":1"},
    {"/v1/events", "application/json", VOID("v7", "late"), 403, "once they are recorded"},
    {"/v1/events", "application/json", "[" PAID("web", "late") "," VOID("v7", "late") "]", 200,
     "\"created\":2"},
    {"/v1/events", "application/json", VOID("v7", "late"), 200, "\"duplicate\""},
};

START_TEST(a_key_bound_to_types_takes_back_no_others)
{
    char key[KEY_SIZE], lead[160], paid[160];
    post_event(admin, LEAD("web", "lead"), lead, sizeof lead);
    post_event(admin, PAID("web", "paid"), paid, sizeof paid);
    given_key(admin,
              "{\"name\":\"t\",\"scopes\":[\"events:write\"],"
              "\"types\":[\"bill.*\",\"event.voided\"]}",
              key, NULL);
    struct client *bound = client_create(service.port, key);
    for (size_t i = 0; i < COUNT_OF(TAKINGS); i++) {
        struct reply reply =
            client_call(bound, "POST", TAKINGS[i].path, TAKINGS[i].type, TAKINGS[i].body);
        ck_assert_msg(reply.status == TAKINGS[i].status &&
                          strstr(reply.body, TAKINGS[i].told) != NULL,
                      "%zu: %d %s", i, reply.status, reply.body);
        reply_clear(&reply);
    }
    ck_assert_int_eq(reply_status(client_call(bound, "POST", lead, NULL, NULL)), 403);
    ck_assert_int_eq(reply_status(client_call(bound, "POST", paid, NULL, NULL)), 201);
    client_destroy(bound);
    ck_assert_int_eq(reply_status(client_call(admin, "POST", lead, NULL, NULL)), 201);
}
END_TEST

/* The rows that an import has rejected are its sender's: raw text, of any person. */
static const struct {
    const char *wish;
    bool sees_others;
} IMPORTERS[] = {
    {"{\"name\":\"t\",\"scopes\":[\"events:write\"],\"types\":[\"bill.*\"]}", false},
    {"{\"name\":\"t\",\"scopes\":[\"events:write\",\"events:read\"],\"sources\":[\"s\"]}",
     false},
    {"{\"name\":\"t\",\"scopes\":[\"events:write\"]}", false},
    {"{\"name\":\"t\",\"scopes\":[\"events:write\",\"metrics:read\"]}", false},
    {"{\"name\":\"t\",\"scopes\":[\"events:write\",\"events:read\"]}", true},
    {"{\"name\":\"t\",\"scopes\":[\"admin\"]}", true},
};

static void import_broken_line(struct client *sender, char *location, size_t size)
{
    struct reply reply =
        client_call(sender, "POST", "/v1/imports", "application/x-ndjson", "{}\n");
    ck_assert_int_eq(reply.status, 202);
    ck_assert(reply_field(&reply, "Location", location, size));
    reply_clear(&reply);
}

static void assert_sees_import(struct client *client, const char *location, bool sees)
{
    char rejects[160];
    snprintf(rejects, sizeof rejects, "%s/rejects", location);
    ck_assert_int_eq(reply_status(client_get(client, location)), sees ? 200 : 404);
    ck_assert_int_eq(reply_status(client_get(client, rejects)), sees ? 200 : 404);
    struct reply reply = client_get(client, "/v1/imports");
    ck_assert((strstr(reply.body, location + strlen("/v1/imports/")) != NULL) == sees);
    reply_clear(&reply);
}

START_TEST(imports_are_their_senders_and_readers)
{
    char key[KEY_SIZE], own[128], others[128];
    import_broken_line(admin, others, sizeof others);
    given_key(admin, IMPORTERS[_i].wish, key, NULL);
    struct client *client = client_create(service.port, key);
    import_broken_line(client, own, sizeof own);
    assert_sees_import(client, own, true);
    assert_sees_import(client, others, IMPORTERS[_i].sees_others);
    assert_sees_import(admin, own, true);
    client_destroy(client);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bound_keys");
    TCase *tests = tcase_create("bound_keys");
    suite_add_tcase(suite, tests);
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_bound_key_posts_within_its_bounds);
    tcase_add_test(tests, a_bound_key_takes_back_within_its_bounds);
    tcase_add_test(tests, a_key_bound_to_types_takes_back_no_others);
    tcase_add_loop_test(tests, imports_are_their_senders_and_readers, 0, COUNT_OF(IMPORTERS));
    return tap_run(suite);
}
