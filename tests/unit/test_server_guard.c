/* Who may come how often, and what every answer carries, as a client sees it. */
#include "http_client.h"
#include "http_service.h"
#include "tap.h"

static struct service service;
static struct config config;
static struct client client;
static struct reply reply;

static void set_up(void)
{
    config = SERVICE_CONFIG;
}

static void start(void)
{
    service_start(&service, &config);
    client_dial(&client, service.port);
}

static void stop(void)
{
    client_hang_up(&client);
    service_stop(&service);
}

static int ask(struct client *of, const char *request)
{
    ck_assert(client_say(of, request));
    client_receive(of, &reply);
    return reply.status;
}

static void check_field(const char *name, const char *value)
{
    const char *given = reply_field(&reply, name);
    ck_assert_msg(given && strcmp(given, value) == 0, "%s: %s", name, given ? given : "");
}

#define FORWARDED "X-Forwarded-For: 198.51.100.1, 203.0.113.9\r\n"
#define WHOSE "GET /address HTTP/1.1\r\n" HOST

START_TEST(only_a_trusted_proxy_is_believed)
{
    static const struct {
        const char *proxies, *fields, *client;
    } CASES[] = {
        {"", FORWARDED, "127.0.0.1"},
        {"192.0.2.0/24", FORWARDED, "127.0.0.1"},
        {"127.0.0.0/8", "", "127.0.0.1"},
        {"127.0.0.0/8", FORWARDED, "203.0.113.9"},
        {"127.0.0.0/8", "Forwarded: for=198.51.100.7\r\n", "127.0.0.1"},
        {"127.0.0.0/8", FORWARDED "x-forwarded-for: 127.0.0.5\r\n", "203.0.113.9"},
        {"127.0.0.0/8", "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For:\r\n",
         "198.51.100.1"},
    };
    char request[512];
    snprintf(config.trusted_proxies, sizeof config.trusted_proxies, "%s", CASES[_i].proxies);
    start();
    snprintf(request, sizeof request, WHOSE "%s\r\n", CASES[_i].fields);
    ck_assert_int_eq(ask(&client, request), 200);
    ck_assert_str_eq(reply.body, CASES[_i].client);
    stop();
}
END_TEST

START_TEST(the_field_of_the_proxies_is_a_setting)
{
    snprintf(config.trusted_proxies, sizeof config.trusted_proxies, "127.0.0.1");
    config.proxy_field = PROXY_FIELD_FORWARDED;
    start();
    ck_assert_int_eq(ask(&client, WHOSE FORWARDED "Forwarded: for=\"[2001:db8::1]\"\r\n\r\n"),
                     200);
    ck_assert_str_eq(reply.body, "2001:db8::1");
    stop();
}
END_TEST

START_TEST(networks_that_are_none_are_told)
{
    struct problem why = {0};
    const struct application application = {.route_count = 0};
    snprintf(config.trusted_proxies, sizeof config.trusted_proxies, "10.0.0.0/8;192.0.2.1");
    ck_assert_ptr_null(server_start(&config, "host=/nonexistent", &application, &why));
    ck_assert_ptr_nonnull(strstr(why.detail, "CLMD_TRUSTED_PROXIES"));
}
END_TEST

/* Behind a proxy it is the client that has a limit, not the proxy. */
START_TEST(an_address_has_so_many_requests_under_way)
{
    static const char *const WAIT[] = {
        "GET /gate HTTP/1.1\r\n" HOST "X-Forwarded-For: 203.0.113.1\r\n\r\n",
        "GET /gate HTTP/1.1\r\n" HOST "X-Forwarded-For: 203.0.113.2\r\n\r\n"};
    struct client waiting[2];
    snprintf(config.trusted_proxies, sizeof config.trusted_proxies, "127.0.0.1");
    config.address_requests = 1;
    start();
    for (unsigned i = 0; i < 2; i++) {
        client_dial(&waiting[i], service.port);
        ck_assert(client_say(&waiting[i], WAIT[i]));
        service_await_gate(&service, i + 1);
    }
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(ask(&client, WAIT[1]), 429);
        check_field("Retry-After", "1");
        check_field("Content-Type", "application/problem+json");
        ck_assert_int_eq(ask(&client, "GET /ping HTTP/1.1\r\n" HOST "\r\n"), 200);
    }
    service_open_gate(&service);
    for (int i = 0; i < 2; i++) {
        client_receive(&waiting[i], &reply);
        ck_assert_int_eq(reply.status, 200);
        client_hang_up(&waiting[i]);
    }
    stop();
}
END_TEST

START_TEST(a_trusted_proxy_has_any_number_of_connections)
{
    struct client more[4];
    snprintf(config.trusted_proxies, sizeof config.trusted_proxies, "127.0.0.1");
    config.address_limit = 1;
    start();
    for (size_t i = 0; i < COUNT_OF(more); i++) {
        client_dial(&more[i], service.port);
        ck_assert_int_eq(ask(&more[i], "GET /ping HTTP/1.1\r\n" HOST "\r\n"), 200);
    }
    for (size_t i = 0; i < COUNT_OF(more); i++)
        client_hang_up(&more[i]);
    stop();
}
END_TEST

/* What a request is refused for does not matter: it has come. */
START_TEST(who_calls_too_often_is_told_when_to_come_again)
{
    config.rate_requests = 3;
    config.rate_seconds = 3600;
    start();
    ck_assert_int_eq(ask(&client, "GET /ping HTTP/1.1\r\n" HOST "\r\n"), 200);
    check_field("RateLimit-Policy", "\"address\";q=3;w=3600");
    check_field("RateLimit", "\"address\";r=2;t=1200");
    ck_assert_int_eq(ask(&client, "GET /locked HTTP/1.1\r\n" HOST "\r\n"), 401);
    check_field("RateLimit", "\"address\";r=1;t=2400");
    ck_assert_int_eq(ask(&client, "GET /ping HTTP/1.1\r\n" HOST "\r\n"), 200);
    ck_assert_int_eq(ask(&client, "GET /locked HTTP/1.1\r\n" HOST "\r\n"), 429);
    check_field("RateLimit", "\"address\";r=0;t=1200");
    check_field("Retry-After", "1200");
    ck_assert_ptr_nonnull(strstr(reply.body, "/problems/too-many-requests"));
    stop();
}
END_TEST

START_TEST(without_a_limit_nothing_is_told_of_it)
{
    start();
    ck_assert_int_eq(ask(&client, "GET /ping HTTP/1.1\r\n" HOST "\r\n"), 200);
    ck_assert_ptr_null(reply_field(&reply, "RateLimit"));
    ck_assert_ptr_null(reply_field(&reply, "RateLimit-Policy"));
    stop();
}
END_TEST

START_TEST(every_answer_has_the_fields_that_browsers_heed)
{
    static const char *const ASKED[] = {
        "GET /ping HTTP/1.1\r\n" HOST "\r\n",
        "GET /read HTTP/1.1\r\n" HOST "\r\n",
        "GET /nothing HTTP/1.1\r\n" HOST "\r\n",
        "GET /locked HTTP/1.1\r\n" HOST "\r\n",
        "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n\r\n{}",
        "POST /upload?limit=1 HTTP/1.1\r\n" HOST JSON "Content-Length: 9\r\n\r\n{"};
    start();
    (void)ask(&client, ASKED[_i]);
    ck_assert_int_ne(reply.status, 0);
    check_field("X-Content-Type-Options", "nosniff");
    check_field("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    check_field("Referrer-Policy", "no-referrer");
    check_field("Cache-Control", "no-store");
    ck_assert_ptr_null(reply_field(&reply, "Strict-Transport-Security"));
    stop();
}
END_TEST

/* A request line, so many fields, and the end. */
static int ask_with_fields(int count, size_t value)
{
    char request[16384], text[9000];
    size_t length = (size_t)snprintf(request, sizeof request, "GET /ping HTTP/1.1\r\n" HOST);
    memset(text, 'x', value);
    text[value] = '\0';
    for (int i = 1; i < count; i++)
        length += (size_t)snprintf(request + length, sizeof request - length, "X-%d: %s\r\n", i,
                                   text);
    snprintf(request + length, sizeof request - length, "\r\n");
    return ask(&client, request);
}

START_TEST(a_header_has_limits)
{
    static const struct {
        int count;
        size_t value;
        int status;
    } CASES[] = {{100, 1, 200}, {100, 72, 200}, {2, 8000, 200},
                 {101, 1, 431}, {2, 8200, 431}, {100, 80, 431}};
    start();
    ck_assert_int_eq(ask_with_fields(CASES[_i].count, CASES[_i].value), CASES[_i].status);
    if (CASES[_i].status == 431)
        check_field("Content-Type", "application/problem+json");
    stop();
}
END_TEST

/* Who connects when all connections are taken is let in at the cost of one that is idle. */
START_TEST(an_idle_connection_makes_room)
{
    struct client idle[8];
    config.io_threads = 1;
    config.connection_limit = COUNT_OF(idle);
    start();
    ck_assert_int_eq(ask(&client, "GET /ping HTTP/1.1\r\n" HOST "\r\n"), 200);
    for (size_t i = 0; i < COUNT_OF(idle); i++) {
        client_dial(&idle[i], service.port);
        ck_assert_int_eq(ask(&idle[i], "GET /ping HTTP/1.1\r\n" HOST "\r\n"), 200);
    }
    ck_assert(client_sees_end(&client));
    ck_assert(client_sees_end(&idle[0]));
    for (size_t i = 0; i < COUNT_OF(idle); i++)
        client_hang_up(&idle[i]);
    stop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server_guard");
    TCase *tests = tcase_create("server_guard");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_loop_test(tests, only_a_trusted_proxy_is_believed, 0, 7);
    tcase_add_test(tests, the_field_of_the_proxies_is_a_setting);
    tcase_add_test(tests, networks_that_are_none_are_told);
    tcase_add_test(tests, an_address_has_so_many_requests_under_way);
    tcase_add_test(tests, a_trusted_proxy_has_any_number_of_connections);
    tcase_add_test(tests, who_calls_too_often_is_told_when_to_come_again);
    tcase_add_test(tests, without_a_limit_nothing_is_told_of_it);
    tcase_add_loop_test(tests, every_answer_has_the_fields_that_browsers_heed, 0, 6);
    tcase_add_loop_test(tests, a_header_has_limits, 0, 6);
    tcase_add_test(tests, an_idle_connection_makes_room);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
