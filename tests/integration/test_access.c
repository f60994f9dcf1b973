/* Claim: nobody gets in where they do not belong. Every operation is tried without a key, with
 * a wrong one, and with a key of each scope; what is done to a key holds at once on every
 * server; a bound key posts nothing that is out of its bounds, in whatever form. */
#include "api/routes.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "db/db.h"
#include "integration/client.h"
#include "integration/cluster.h"
#include "integration/given_key.h"
#include "integration/service.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCOPES = 8, KEY_SIZE = GIVEN_KEY_SIZE };

static struct test_cluster cluster;
static struct service servers[2];
static struct client *admin, *beside;

static void set_up(void)
{
    test_cluster_start(&cluster);
    service_outside(&servers[0], embedded_url(cluster.embedded));
    service_beside(&servers[1], &servers[0]);
    admin = client_create(servers[0].port, servers[0].key);
    beside = client_create(servers[1].port, servers[0].key);
}

static void tear_down(void)
{
    client_destroy(admin);
    client_destroy(beside);
    service_remove(&servers[1]);
    service_remove(&servers[0]);
    test_cluster_remove(&cluster);
}

/* Every operation -------------------------------------------------------------------------- */

/* What needs no key, and why that is so: it tells nothing of the business. */
static const char *const OPEN[] = {"/healthz", "/readyz", "/openapi.yaml", "/openapi.json",
                                   "/problems/{slug}"};

static bool is_open(const struct route *route)
{
    for (size_t i = 0; i < COUNT_OF(OPEN); i++)
        if (strcmp(OPEN[i], route->path) == 0)
            return true;
    return false;
}

/* The path with a name for each of its variables, of something that is not there. */
static const char *path_of(const struct route *route)
{
    static char path[256];
    size_t used = 0;
    for (const char *at = route->path; *at != '\0'; at++) {
        path[used++] = *at == '{' ? '0' : *at;
        if (*at == '{')
            at += strcspn(at, "}");
    }
    path[used] = '\0';
    return path;
}

static int status_by(const struct route *route, const char *key)
{
    struct client *client = client_create(servers[0].port, key);
    int status = reply_status(client_ask(client, route->method, path_of(route), "", NULL, 0));
    client_destroy(client);
    return status;
}

static void check_route(const struct route *route, char keys[SCOPES][KEY_SIZE])
{
    static const char WRONG[] = "clm_0123456789abcdef_0123456789abcdef0123456789abcdef";
    if (route->scope == SCOPE_NONE) {
        ck_assert_msg(is_open(route), "%s %s is open", route->method, route->path);
        return;
    }
    ck_assert_int_eq(status_by(route, NULL), 401);
    ck_assert_int_eq(status_by(route, WRONG), 401);
    for (size_t i = 0; i < SCOPES; i++) {
        unsigned scope = 1U << i;
        int status = status_by(route, keys[i]);
        bool is_let_in = status != 401 && status != 403;
        ck_assert_msg(is_let_in == scopes_allow(scope, route->scope), "%s %s with %s: %d",
                      route->method, route->path, scope_name((enum scope)scope), status);
    }
}

START_TEST(every_operation_asks_for_its_scope)
{
    char keys[SCOPES][KEY_SIZE], wish[128];
    for (size_t i = 0; i < SCOPES; i++) {
        snprintf(wish, sizeof wish, "{\"name\":\"one\",\"scopes\":[\"%s\"]}",
                 scope_name((enum scope)(1U << i)));
        given_key(admin, wish, keys[i], NULL);
    }
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        check_route(&ROUTES[i], keys);
}
END_TEST

/* The life of a key ------------------------------------------------------------------------ */

static struct reply rotate(const char *id, const char *body)
{
    char path[KEY_SIZE + 32];
    snprintf(path, sizeof path, "/v1/keys/%s/rotate", id);
    return client_post(admin, path, body);
}

START_TEST(a_key_is_in_force_at_once_and_ends_at_once)
{
    char key[KEY_SIZE], id[KEY_SIZE], path[KEY_SIZE + 32], field[64];
    given_key(admin, "{\"name\":\"reader\",\"scopes\":[\"metrics:read\"]}", key, id);
    ck_assert_int_eq(status_with(servers[0].port, key, "/v1/settings"), 200);
    assert_settles(servers[1].port, key, 200);
    snprintf(path, sizeof path, "/v1/keys/%s", id);
    struct reply reply = client_get(admin, path);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_ptr_null(strstr(reply.body, key + strlen("clm_0123456789abcdef_")));
    ck_assert(reply_field(&reply, "ETag", field, sizeof field));
    reply_clear(&reply);
    reply = client_call(beside, "DELETE", path, NULL, NULL);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_ptr_nonnull(strstr(reply.body, "\"state\":\"revoked\""));
    reply_clear(&reply);
    ck_assert_int_eq(status_with(servers[1].port, key, "/v1/settings"), 401);
    assert_settles(servers[0].port, key, 401);
    ck_assert_int_eq(reply_status(client_get(admin, "/v1/keys/0123456789abcdef")), 404);
    ck_assert_int_eq(reply_status(rotate(id, NULL)), 409);
}
END_TEST

START_TEST(a_rotated_key_has_two_secrets_for_a_while)
{
    char old[KEY_SIZE], young[KEY_SIZE], id[KEY_SIZE];
    given_key(admin, "{\"name\":\"reader\",\"scopes\":[\"metrics:read\"]}", old, id);
    struct reply reply = rotate(id, "{\"overlap_seconds\":3600}");
    ck_assert_int_eq(reply.status, 200);
    reply_member(&reply, "key", young, sizeof young);
    reply_clear(&reply);
    ck_assert_str_ne(old, young);
    ck_assert_int_eq(strncmp(old, young, strlen("clm_0123456789abcdef_")), 0);
    ck_assert_int_eq(status_with(servers[0].port, old, "/v1/settings"), 200);
    ck_assert_int_eq(status_with(servers[0].port, young, "/v1/settings"), 200);
    assert_settles(servers[1].port, young, 200);
    reply = rotate(id, "{\"overlap_seconds\":0}");
    ck_assert_int_eq(reply.status, 200);
    reply_clear(&reply);
    ck_assert_int_eq(status_with(servers[0].port, old, "/v1/settings"), 401);
    ck_assert_int_eq(status_with(servers[0].port, young, "/v1/settings"), 401);
    assert_settles(servers[1].port, young, 401);
    ck_assert_int_eq(reply_status(rotate(id, "{\"overlap_seconds\":2592001}")), 422);
    ck_assert_int_eq(reply_status(rotate(id, "{\"overlap\":1}")), 422);
    ck_assert_int_eq(reply_status(rotate("none", NULL)), 404);
}
END_TEST

static void run_sql(const char *sql)
{
    struct problem why = {0};
    struct db *db = db_create(embedded_url(cluster.embedded), 0);
    ck_assert_msg(db_execute(db, sql, NULL, &why), "%s", why.log_detail);
    db_destroy(db);
}

/* The clock is moved by moving what it is compared with. */
START_TEST(a_key_expires_and_an_overlap_ends)
{
    char key[KEY_SIZE], old[KEY_SIZE], id[KEY_SIZE];
    given_key(admin,
              "{\"name\":\"brief\",\"scopes\":[\"metrics:read\"],"
              "\"expires_at\":\"2099-01-01T00:00:00Z\"}",
              key, NULL);
    given_key(admin, "{\"name\":\"rotated\",\"scopes\":[\"metrics:read\"]}", old, id);
    ck_assert_int_eq(reply_status(rotate(id, NULL)), 200);
    ck_assert_int_eq(status_with(servers[0].port, key, "/v1/settings"), 200);
    ck_assert_int_eq(status_with(servers[0].port, old, "/v1/settings"), 200);
    run_sql("update lifecycle.api_key set expires_at = now() where name = 'brief'; "
            "update lifecycle.api_key set previous_until = now() where name = 'rotated'; "
            "notify clmd_keys");
    for (size_t i = 0; i < COUNT_OF(servers); i++) {
        assert_settles(servers[i].port, key, 401);
        assert_settles(servers[i].port, old, 401);
    }
}
END_TEST

START_TEST(the_command_does_what_the_api_does)
{
    const char *const create[] = {
        "key",      "create", "--name", "till",   "--scope", "events:write,events:read",
        "--source", "a,b",    "--type", "bill.*", NULL};
    char output[4096], key[KEY_SIZE], id[KEY_SIZE];
    ck_assert_int_eq(service_command(&servers[0], create, output, sizeof output), 0);
    snprintf(key, sizeof key, "%.*s", (int)strcspn(output, "\n"), output);
    snprintf(id, sizeof id, "%.16s", key + 4);
    assert_settles(servers[0].port, key, 403);
    assert_settles(servers[1].port, key, 403);
    const char *const list[] = {"key", "list", NULL};
    ck_assert_int_eq(service_command(&servers[0], list, output, sizeof output), 0);
    ck_assert_ptr_nonnull(strstr(output, "events:write,events:read  a,b"));
    const char *const rotate_now[] = {"key", "rotate", "--overlap", "0", id, NULL};
    ck_assert_int_eq(service_command(&servers[0], rotate_now, output, sizeof output), 0);
    assert_settles(servers[0].port, key, 401);
    snprintf(key, sizeof key, "%.*s", (int)strcspn(output, "\n"), output);
    assert_settles(servers[1].port, key, 403);
    const char *const revoke[] = {"key", "revoke", id, NULL};
    ck_assert_int_eq(service_command(&servers[0], revoke, output, sizeof output), 0);
    assert_settles(servers[0].port, key, 401);
    assert_settles(servers[1].port, key, 401);
    const char *const unknown[] = {"key", "revoke", "0123456789abcdef", NULL};
    ck_assert_int_eq(service_command(&servers[0], unknown, output, sizeof output), 1);
    const char *const wrong[] = {"key", "create", "--name", "x", "--scope", "all", NULL};
    ck_assert_int_eq(service_command(&servers[0], wrong, output, sizeof output), 1);
}
END_TEST

/* A server tells at once what was used first, and then from minute to minute. */
START_TEST(the_last_use_of_a_key_is_told)
{
    char key[KEY_SIZE], id[KEY_SIZE], path[KEY_SIZE + 32];
    struct service third;
    service_beside(&third, &servers[0]);
    given_key(admin, "{\"name\":\"reader\",\"scopes\":[\"metrics:read\"]}", key, id);
    assert_settles(third.port, key, 200);
    snprintf(path, sizeof path, "/v1/keys/%s", id);
    bool is_told = false;
    for (int64_t until = clock_monotonic() + 30000000; !is_told && clock_monotonic() < until;) {
        run_sql("notify clmd_keys");
        struct reply reply = client_get(admin, path);
        is_told = strstr(reply.body, "\"last_used_at\":\"20") != NULL;
        reply_clear(&reply);
        clock_pause(20);
    }
    service_remove(&third);
    ck_assert(is_told);
}
END_TEST

/* Who, when, what, from where: for each change that the API makes to configuration and keys. */
START_TEST(changes_are_told_by_the_audit_log)
{
    char key[KEY_SIZE], id[KEY_SIZE], told[256];
    given_key(admin, "{\"name\":\"console\",\"scopes\":[\"config:write\"]}", key, id);
    struct client *console = client_create(servers[0].port, key);
    static const char SEGMENT[] = "{\"where\":{\"field\":\"recency\",\"<=\":30}}";
    int status = reply_status(client_ask(console, "PUT", "/v1/segments/fresh",
                                         "Content-Type: application/json\r\n"
                                         "X-Request-Id: by-test\r\n",
                                         SEGMENT, strlen(SEGMENT)));
    ck_assert_int_eq(status, 201);
    client_destroy(console);
    struct reply reply = client_get(beside, "/v1/audit?operation=segment.put&target=fresh");
    ck_assert_int_eq(reply.status, 200);
    snprintf(told, sizeof told,
             "\"actor\":\"key\",\"key_id\":\"%s\",\"name\":\"console\","
             "\"address\":\"127.0.0.1\",\"request_id\":\"by-test\"",
             id);
    ck_assert_msg(strstr(reply.body, told) != NULL, "%s", reply.body);
    reply_clear(&reply);
    reply = client_get(admin, "/v1/audit?limit=1000&format=csv");
    ck_assert_int_eq(reply.status, 200);
    ck_assert_ptr_nonnull(strstr(reply.body, "key.created"));
    ck_assert_ptr_null(strstr(reply.body, "clm_"));
    reply_clear(&reply);
    ck_assert_int_eq(reply_status(client_get(admin, "/v1/audit?from=x")), 422);
    ck_assert_int_eq(reply_status(client_get(admin, "/v1/audit?operation=A")), 422);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("access");
    TCase *tests = tcase_create("access");
    suite_add_tcase(suite, tests);
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, every_operation_asks_for_its_scope);
    tcase_add_test(tests, a_key_is_in_force_at_once_and_ends_at_once);
    tcase_add_test(tests, a_rotated_key_has_two_secrets_for_a_while);
    tcase_add_test(tests, a_key_expires_and_an_overlap_ends);
    tcase_add_test(tests, the_command_does_what_the_api_does);
    tcase_add_test(tests, the_last_use_of_a_key_is_told);
    tcase_add_test(tests, changes_are_told_by_the_audit_log);
    return tap_run(suite);
}
