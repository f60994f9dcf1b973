/* Claim: a token reads what it is for, on every server, as long as its key is in force, and
 * opens nothing else. Every operation is tried with one. */
#include "api/routes.h"
#include "base/compiler.h"
#include "db/db.h"
#include "integration/client.h"
#include "integration/cluster.h"
#include "integration/given_key.h"
#include "integration/service.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

enum { KEY_SIZE = GIVEN_KEY_SIZE, TOKEN_SIZE = 1024 };

static struct test_cluster cluster;
static struct service servers[2];
static struct client *admin;

static void set_up(void)
{
    test_cluster_start(&cluster);
    service_outside(&servers[0], embedded_url(cluster.embedded));
    service_beside(&servers[1], &servers[0]);
    admin = client_create(servers[0].port, servers[0].key);
    for (int i = 0; i < 2; i++) {
        char body[256];
        snprintf(body, sizeof body,
                 "{\"source\":\"t\",\"id\":\"%d\",\"type\":\"find.lead.created\",\"subject\":"
                 "\"c%d\",\"time\":\"2026-03-01T09:00:00Z\",\"data\":{\"channel\":\"ad\"}}",
                 i, i);
        ck_assert_int_eq(reply_status(client_post(admin, "/v1/events", body)), 201);
    }
}

static void tear_down(void)
{
    client_destroy(admin);
    service_remove(&servers[1]);
    service_remove(&servers[0]);
    test_cluster_remove(&cluster);
}

static struct reply ask_token(const char *key, const char *wish)
{
    struct client *client = client_create(servers[0].port, key);
    struct reply reply = client_post(client, "/v1/tokens", wish);
    client_destroy(client);
    return reply;
}

static void make_token(const char *key, const char *wish, char token[TOKEN_SIZE])
{
    struct reply reply = ask_token(key, wish);
    ck_assert_msg(reply.status == 201, "%d %s", reply.status, reply.body);
    reply_member(&reply, "token", token, TOKEN_SIZE);
    reply_clear(&reply);
}

START_TEST(a_token_reads_on_every_server_and_ends_with_its_key)
{
    char key[KEY_SIZE], id[KEY_SIZE], token[TOKEN_SIZE], path[KEY_SIZE + 16];
    given_key(admin, "{\"name\":\"web\",\"scopes\":[\"metrics:read\",\"events:write\"]}", key,
              id);
    make_token(key, "{}", token);
    for (size_t i = 0; i < COUNT_OF(servers); i++) {
        assert_settles(servers[i].port, token, 200);
        ck_assert_int_eq(status_with(servers[i].port, token, "/v1/customers"), 403);
    }
    snprintf(path, sizeof path, "/v1/keys/%s", id);
    ck_assert_int_eq(reply_status(client_call(admin, "DELETE", path, NULL, NULL)), 200);
    ck_assert_int_eq(status_with(servers[0].port, token, "/v1/settings"), 401);
    assert_settles(servers[1].port, token, 401);
}
END_TEST

static const struct {
    const char *wish;
    int status;
    const char *told;
} WISHES[] = {
    {"{\"scopes\":[\"metrics:read\"]}", 201, "\"scopes\":[\"metrics:read\"],\"customer\":null"},
    {"{}", 201, "\"scopes\":[\"customers:read\",\"metrics:read\"]"},
    {"{\"customer\":\"a\\\"b\"}", 201, "\"customer\":\"a\\\"b\""},
    {"{\"scopes\":[\"events:read\"]}", 403, "\"pointer\":\"/scopes/0\""},
    {"{\"scopes\":[\"metrics:read\",\"events:write\"]}", 422, "\"pointer\":\"/scopes/1\""},
    {"{\"scopes\":[\"admin\"]}", 422, "\"pointer\":\"/scopes/0\""},
    {"{\"scopes\":[]}", 422, "\"pointer\":\"/scopes\""},
    {"{\"scopes\":\"metrics:read\"}", 422, "\"pointer\":\"/scopes\""},
    {"{\"expires_in\":3601}", 422, "\"pointer\":\"/expires_in\""},
    {"{\"expires_in\":0}", 422, "\"pointer\":\"/expires_in\""},
    {"{\"customer\":\"\"}", 422, "\"pointer\":\"/customer\""},
    {"{\"scope\":\"x\"}", 422, "\"pointer\":\"/scope\""},
    {"[]", 422, "must be an object"},
};

START_TEST(a_token_is_no_more_than_its_key)
{
    char key[KEY_SIZE], token[TOKEN_SIZE];
    given_key(admin,
              "{\"name\":\"web\",\"scopes\":[\"metrics:read\",\"customers:read\","
              "\"events:write\"]}",
              key, NULL);
    for (size_t i = 0; i < COUNT_OF(WISHES); i++) {
        struct reply reply = ask_token(key, WISHES[i].wish);
        ck_assert_msg(reply.status == WISHES[i].status &&
                          strstr(reply.body, WISHES[i].told) != NULL,
                      "%s: %d %s", WISHES[i].wish, reply.status, reply.body);
        reply_clear(&reply);
    }
    make_token(key, "{}", token);
    struct reply reply = ask_token(token, "{}");
    ck_assert_int_eq(reply.status, 403);
    reply_clear(&reply);
    given_key(admin, "{\"name\":\"writer\",\"scopes\":[\"events:write\"]}", key, NULL);
    reply = ask_token(key, "{}");
    ck_assert_int_eq(reply.status, 403);
    reply_clear(&reply);
}
END_TEST

/* The path with a name for each of its variables. */
static const char *path_of(const struct route *route, const char *name)
{
    static char path[256];
    size_t used = 0;
    for (const char *at = route->path; *at != '\0'; at++) {
        if (*at == '{') {
            used += (size_t)snprintf(path + used, sizeof path - used, "%s", name);
            at += strcspn(at, "}");
        } else {
            path[used++] = *at;
        }
    }
    path[used] = '\0';
    return path;
}

static int status_by(const struct route *route, const char *token, const char *name)
{
    struct client *client = client_create(servers[0].port, token);
    int status =
        reply_status(client_ask(client, route->method, path_of(route, name), "", NULL, 0));
    client_destroy(client);
    return status;
}

/* With all the scopes that a token can have, of an admin's key. */
START_TEST(a_token_opens_no_operation_that_writes)
{
    char token[TOKEN_SIZE];
    make_token(servers[0].key, "{}", token);
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const struct route *route = &ROUTES[i];
        int status = status_by(route, token, "c0");
        bool is_read = (route->scope & SCOPES_READ) != 0;
        ck_assert_msg(route->scope == SCOPE_NONE || is_read == (status != 403), "%s %s: %d",
                      route->method, route->path, status);
    }
}
END_TEST

START_TEST(a_token_for_one_customer_opens_that_one_alone)
{
    char token[TOKEN_SIZE];
    size_t opened = 0;
    make_token(servers[0].key, "{\"customer\":\"c0\"}", token);
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const struct route *route = &ROUTES[i];
        if (route->scope == SCOPE_NONE)
            continue;
        bool is_own = strcmp(route->method, "GET") == 0 &&
                      strncmp(route->path, "/v1/customers/{ref}", 19) == 0 &&
                      (route->scope & SCOPES_READ) != 0;
        int status = status_by(route, token, "c0");
        ck_assert_msg(status == (is_own ? 200 : 403), "%s %s: %d", route->method, route->path,
                      status);
        ck_assert_int_eq(status_by(route, token, "c1"), 403);
        opened += is_own;
    }
    ck_assert_uint_ge(opened, 6);
    ck_assert_int_eq(
        status_with(servers[0].port, token, "/v1/customers/c0/metrics?peers=cohort"), 200);
    ck_assert_int_eq(
        status_with(servers[0].port, token, "/v1/customers/c0/metrics?peers=segment:two"), 403);
}
END_TEST

/* After a day another key signs; what the one before has signed is good to its end. */
START_TEST(signing_keys_are_rotated)
{
    char before[TOKEN_SIZE], after[TOKEN_SIZE];
    struct problem why = {0};
    struct db *db = db_create(embedded_url(cluster.embedded), 0);
    PGresult *rows = NULL;
    make_token(servers[0].key, "{}", before);
    ck_assert(db_execute(db,
                         "update lifecycle.signing_key set created_at = now() - interval '2 "
                         "days'; notify clmd_keys",
                         NULL, &why));
    for (int tries = 0; tries < 500 && (rows == NULL || PQntuples(rows) < 2); tries++) {
        PQclear(rows);
        ck_assert(
            db_execute(db, "select from lifecycle.signing_key, pg_sleep(0.01)", &rows, &why));
    }
    ck_assert_int_eq(PQntuples(rows), 2);
    PQclear(rows);
    ck_assert(db_execute(db,
                         "update lifecycle.signing_key set created_at = now() - interval '2 "
                         "minutes' where created_at > now() - interval '1 day'; "
                         "notify clmd_keys",
                         NULL, &why));
    for (int tries = 0; tries < 500; tries++) {
        make_token(servers[0].key, "{}", after);
        if (strncmp(before, after, 60) != 0)
            break;
    }
    ck_assert_int_ne(strncmp(before, after, 60), 0); /* the header names another key */
    for (size_t i = 0; i < COUNT_OF(servers); i++) {
        assert_settles(servers[i].port, before, 200);
        assert_settles(servers[i].port, after, 200);
    }
    db_destroy(db);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tokens");
    TCase *tests = tcase_create("tokens");
    suite_add_tcase(suite, tests);
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_token_reads_on_every_server_and_ends_with_its_key);
    tcase_add_test(tests, a_token_is_no_more_than_its_key);
    tcase_add_test(tests, a_token_opens_no_operation_that_writes);
    tcase_add_test(tests, a_token_for_one_customer_opens_that_one_alone);
    tcase_add_test(tests, signing_keys_are_rotated);
    return tap_run(suite);
}
