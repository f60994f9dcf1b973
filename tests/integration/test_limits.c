/* How often a key may call: each has a bucket of its own, whatever it asks for and however it
 * is answered, and who has no valid key is counted by address. The audit log and the log lines
 * have the client's address, as a trusted proxy tells it. */
#include "base/clock.h"
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/given_key.h"
#include "integration/service.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS = 4 };

static struct service service;
static struct client *first, *second, *nobody;

static void set_up(void)
{
    static const char *const CREATE[] = {"key",     "create", "--name", "second",
                                         "--scope", "admin",  NULL};
    char output[1024];
    setenv("CLMD_RATE_REQUESTS", "4", 1);
    setenv("CLMD_RATE_SECONDS", "3600", 1);
    setenv("CLMD_TRUSTED_PROXIES", "127.0.0.0/8", 1);
    setenv("CLMD_LOG_LEVEL", "debug", 1);
    service_start(&service);
    ck_assert_int_eq(service_command(&service, CREATE, output, sizeof output), 0);
    char *key = strstr(output, "clm_");
    ck_assert_ptr_nonnull(key);
    key[strcspn(key, "\n")] = '\0';
    first = client_create(service.port, service.key);
    second = client_create(service.port, key);
    nobody = client_create(service.port, "clm_0123456789abcdef_wrong");
}

static void tear_down(void)
{
    client_destroy(first);
    client_destroy(second);
    client_destroy(nobody);
    service_remove(&service);
}

static void check_field(const struct reply *reply, const char *name, const char *value)
{
    char given[64] = "";
    (void)reply_field(reply, name, given, sizeof given);
    ck_assert_msg(strcmp(given, value) == 0, "%s: %s", name, given);
}

/* Asks until the bucket is empty, and once more. */
static void use_up(struct client *client, const char *policy, int status)
{
    char text[64];
    struct reply reply;
    snprintf(text, sizeof text, "\"%s\";q=4;w=3600", policy);
    for (int i = 1; i <= CALLS; i++) {
        reply = client_get(client, i % 2 == 0 ? "/v1/stages" : "/v1/events?limit=0");
        ck_assert_int_eq(reply.status, status > 0 ? status : i % 2 == 0 ? 200 : 422);
        check_field(&reply, "RateLimit-Policy", text);
        reply_clear(&reply);
    }
    reply = client_post(client, "/v1/events", "[]");
    ck_assert_int_eq(reply.status, 429);
    snprintf(text, sizeof text, "\"%s\";r=0;t=900", policy);
    check_field(&reply, "RateLimit", text);
    check_field(&reply, "Retry-After", "900");
    check_field(&reply, "Content-Type", "application/problem+json");
    reply_clear(&reply);
}

START_TEST(each_key_has_its_own_rate)
{
    use_up(first, "key", 0);
    use_up(second, "key", 0);
    use_up(nobody, "address", 401);
}
END_TEST

/* Waits, in bounds, until the server knows the key; that is its first call. */
static void await_key(struct client *client)
{
    int64_t deadline = clock_monotonic() + INT64_C(20000000);
    char policy[64] = "";
    while (strcmp(policy, "\"key\";q=5;w=3600") != 0) {
        struct reply reply = client_get(client, "/v1/stages");
        (void)reply_field(&reply, "RateLimit-Policy", policy, sizeof policy);
        reply_clear(&reply);
        ck_assert_msg(clock_monotonic() < deadline, "%s", policy);
    }
}

static void check_call(struct client *client, const char *path, int status,
                       const char *standing, const char *told)
{
    struct reply reply = client_get(client, path);
    ck_assert_msg(reply.status == status && strstr(reply.body, told) != NULL, "%d %s",
                  reply.status, reply.body);
    check_field(&reply, "RateLimit", standing);
    reply_clear(&reply);
}

/* And so have the tokens that are made with it: they are the same caller. */
START_TEST(a_key_may_have_a_rate_of_its_own)
{
    static const char *const CREATE[] = {"key",   "create", "--name", "own", "--scope",
                                         "admin", "--rate", "5/3600", NULL};
    static const char *const LIST[] = {"key", "list", NULL};
    static const char SHOWN[] = "\"rate\":{\"requests\":5,\"seconds\":3600}";
    char output[4096], key[128], path[64], token[1024];
    ck_assert_int_eq(service_command(&service, CREATE, output, sizeof output), 0);
    snprintf(key, sizeof key, "%.*s", (int)strcspn(output, "\n"), output);
    struct client *own = client_create(service.port, key);
    await_key(own);
    snprintf(path, sizeof path, "/v1/keys/%.16s", key + strlen("clm_"));
    check_call(own, path, 200, "\"key\";r=3;t=1440", SHOWN);
    struct reply reply = client_post(own, "/v1/tokens", "{}");
    ck_assert_int_eq(reply.status, 201);
    reply_member(&reply, "token", token, sizeof token);
    reply_clear(&reply);
    struct client *page = client_create(service.port, token);
    check_call(page, "/v1/stages", 200, "\"key\";r=1;t=2880", "");
    check_call(own, "/v1/stages", 200, "\"key\";r=0;t=3600", "");
    check_call(page, "/v1/stages", 429, "\"key\";r=0;t=720", "5 times in 3600 seconds");
    client_destroy(page);
    client_destroy(own);
    ck_assert_int_eq(service_command(&service, LIST, output, sizeof output), 0);
    ck_assert_ptr_nonnull(strstr(output, "  5/3600  "));
}
END_TEST

/* A request of another client behind the same proxy, which has its own rate. */
START_TEST(the_address_of_the_client_is_what_counts)
{
    char log[65536];
    for (int i = 0; i < 2; i++) {
        struct reply reply = client_ask(nobody, "GET", "/healthz",
                                        i == 0 ? "X-Forwarded-For: 203.0.113.9\r\n"
                                               : "X-Forwarded-For: 203.0.113.10\r\n",
                                        NULL, 0);
        ck_assert_int_eq(reply.status, 200);
        check_field(&reply, "RateLimit", "\"address\";r=3;t=900");
        reply_clear(&reply);
    }
    FILE *file = fopen(service.log_path, "re");
    ck_assert_ptr_nonnull(file);
    log[fread(log, 1, sizeof log - 1, file)] = '\0';
    fclose(file);
    ck_assert_ptr_nonnull(strstr(log, "203.0.113.9"));
    ck_assert_ptr_nonnull(strstr(log, "203.0.113.10"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *tests = tcase_create("limits");
    tcase_set_timeout(tests, 120);
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_key_has_its_own_rate);
    tcase_add_test(tests, a_key_may_have_a_rate_of_its_own);
    tcase_add_test(tests, the_address_of_the_client_is_what_counts);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
