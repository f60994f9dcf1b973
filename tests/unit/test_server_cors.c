/* Pages of other origins, as their browsers ask for them. */
#include "http_client.h"
#include "http_service.h"
#include "tap.h"

#define PAGE "Origin: https://app.example.com\r\n"
#define STRANGER "Origin: https://evil.example.com\r\n"
#define PREFLIGHT                                                                              \
    "Access-Control-Request-Method: GET\r\n"                                                   \
    "Access-Control-Request-Headers: authorization\r\n"

static struct service service;
static struct client client;
static struct reply reply;

static void start(const char *origins)
{
    struct config config = SERVICE_CONFIG;
    snprintf(config.cors_origins, sizeof config.cors_origins, "%s", origins);
    service_start(&service, &config);
    client_dial(&client, service.port);
}

static void stop(void)
{
    client_hang_up(&client);
    service_stop(&service);
}

static int ask(const char *request)
{
    ck_assert(client_say(&client, request));
    client_receive(&client, &reply);
    return reply.status;
}

/* NULL: there is no such field. */
static void check_field(const char *name, const char *value)
{
    const char *given = reply_field(&reply, name);
    ck_assert_msg((!given && !value) || (given && value && strcmp(given, value) == 0), "%s: %s",
                  name, given ? given : "");
}

static void check_no_cors(void)
{
    check_field("Access-Control-Allow-Origin", NULL);
    check_field("Access-Control-Allow-Methods", NULL);
    check_field("Access-Control-Expose-Headers", NULL);
    check_field("Access-Control-Allow-Credentials", NULL);
}

START_TEST(a_preflight_is_answered_by_the_table)
{
    start("https://other.example.com,https://app.example.com");
    ck_assert_int_eq(ask("OPTIONS /ping HTTP/1.1\r\n" HOST PAGE PREFLIGHT "\r\n"), 204);
    check_field("Access-Control-Allow-Origin", "https://app.example.com");
    check_field("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
    check_field("Access-Control-Max-Age", "7200");
    check_field("Access-Control-Allow-Credentials", NULL);
    check_field("Vary", "Origin");
    ck_assert_ptr_nonnull(
        strstr(reply_field(&reply, "Access-Control-Allow-Headers"), "Authorization"));
    ck_assert_int_eq(ask("OPTIONS /locked HTTP/1.1\r\n" HOST PAGE PREFLIGHT "\r\n"), 204);
    check_field("Access-Control-Allow-Origin", "https://app.example.com");
    ck_assert_int_eq(ask("OPTIONS /none HTTP/1.1\r\n" HOST PAGE PREFLIGHT "\r\n"), 404);
    check_field("Access-Control-Allow-Methods", NULL);
    stop();
}
END_TEST

START_TEST(strangers_are_told_nothing)
{
    start("https://app.example.com");
    ck_assert_int_eq(ask("OPTIONS /ping HTTP/1.1\r\n" HOST STRANGER PREFLIGHT "\r\n"), 204);
    check_no_cors();
    check_field("Allow", "GET, HEAD, OPTIONS");
    check_field("Vary", "Origin");
    ck_assert_int_eq(ask("GET /ping HTTP/1.1\r\n" HOST STRANGER "\r\n"), 200);
    check_no_cors();
    ck_assert_int_eq(ask("GET /ping HTTP/1.1\r\n" HOST "Origin: null\r\n\r\n"), 200);
    check_no_cors();
    ck_assert_int_eq(ask("GET /ping HTTP/1.1\r\n" HOST "\r\n"), 200);
    check_no_cors();
    check_field("Vary", "Origin");
    stop();
}
END_TEST

START_TEST(a_page_reads_answers_and_refusals)
{
    static const char *const REQUESTS[] = {"GET /ping HTTP/1.1\r\n" HOST PAGE "\r\n",
                                           "GET /read HTTP/1.1\r\n" HOST PAGE "\r\n",
                                           "GET /locked HTTP/1.1\r\n" HOST PAGE "\r\n",
                                           "GET /none HTTP/1.1\r\n" HOST PAGE "\r\n",
                                           "POST /ping HTTP/1.1\r\n" HOST PAGE "\r\n",
                                           "GET /download?limit=10 HTTP/1.1\r\n" HOST PAGE
                                           "\r\n"};
    static const int EXPECTED[] = {200, 200, 401, 404, 405, 200};
    start("https://app.example.com");
    for (size_t i = 0; i < COUNT_OF(REQUESTS); i++) {
        int status = ask(REQUESTS[i]);
        ck_assert_msg(status == EXPECTED[i], "%zu: %d", i, status);
        check_field("Access-Control-Allow-Origin", "https://app.example.com");
        check_field("Access-Control-Allow-Methods", NULL);
        const char *exposed = reply_field(&reply, "Access-Control-Expose-Headers");
        ck_assert(exposed && strstr(exposed, "ETag") && strstr(exposed, "Link") &&
                  strstr(exposed, "X-Request-Id") && strstr(exposed, "RateLimit"));
    }
    stop();
}
END_TEST

START_TEST(without_the_setting_there_is_no_cors)
{
    start("");
    ck_assert_int_eq(ask("OPTIONS /ping HTTP/1.1\r\n" HOST PAGE PREFLIGHT "\r\n"), 204);
    check_no_cors();
    check_field("Allow", "GET, HEAD, OPTIONS");
    check_field("Vary", NULL);
    stop();
}
END_TEST

START_TEST(origins_that_are_none_are_told)
{
    struct problem why = {0};
    struct config config = SERVICE_CONFIG;
    const struct application application = {.route_count = 0};
    snprintf(config.cors_origins, sizeof config.cors_origins, "*");
    ck_assert_ptr_null(server_start(&config, "host=/nonexistent", &application, &why));
    ck_assert_ptr_nonnull(strstr(why.detail, "CLMD_CORS_ORIGINS"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server_cors");
    TCase *tests = tcase_create("server_cors");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_preflight_is_answered_by_the_table);
    tcase_add_test(tests, strangers_are_told_nothing);
    tcase_add_test(tests, a_page_reads_answers_and_refusals);
    tcase_add_test(tests, without_the_setting_there_is_no_cors);
    tcase_add_test(tests, origins_that_are_none_are_told);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
