/* The HTTP service while it starts and stops. */
#include "http_client.h"
#include "http_service.h"
#include "tap.h"

static struct service service;
static struct config config;
static struct client client;
static struct reply reply;
static struct client clients[2];

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

static void *stop_server(void *argument)
{
    server_stop(argument);
    return NULL;
}

/* Three connections: one waits in a lane, one has said half a request, one is idle. */
START_TEST(a_stop_waits_for_what_was_accepted)
{
    pthread_t stopping;
    start();
    for (unsigned i = 0; i < 2; i++)
        client_dial(&clients[i], service.port);
    ck_assert(client_say(&clients[1], "GET /ping HTTP/1.1\r\n" HOST "\r\n"));
    client_receive(&clients[1], &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert(client_say(&client, "GET /gate HTTP/1.1\r\n" HOST "\r\n"));
    ck_assert(client_say(&clients[0], "POST /write HTTP/1.1\r\n" HOST JSON
                                      "Expect: 100-continue\r\nContent-Length: 6\r\n\r\n"));
    client_receive(&clients[0], &reply);
    ck_assert_int_eq(reply.status, 100);
    service_await_gate(&service, 1);
    ck_assert_int_eq(pthread_create(&stopping, NULL, stop_server, service.server), 0);
    ck_assert(client_sees_end(&clients[1]));
    ck_assert(client_say(&clients[0], "[half]"));
    client_receive(&clients[0], &reply);
    ck_assert_int_eq(reply.status, 201);
    ck_assert_str_eq(reply_field(&reply, "Connection"), "close");
    service_open_gate(&service);
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_str_eq(reply_field(&reply, "Connection"), "close");
    pthread_join(stopping, NULL);
}
END_TEST

/* The drain ends, though one client never ends its request; the worker's answer still comes. */
START_TEST(a_stop_is_bounded)
{
    pthread_t stopping;
    config.drain_seconds = 1;
    start();
    client_dial(&clients[0], service.port);
    ck_assert(client_say(&client, "GET /gate HTTP/1.1\r\n" HOST "\r\n"));
    service_await_gate(&service, 1);
    ck_assert(client_say(&clients[0], "POST /write HTTP/1.1\r\n" HOST JSON
                                      "Expect: 100-continue\r\nContent-Length: 6\r\n\r\n"));
    client_receive(&clients[0], &reply);
    ck_assert_int_eq(pthread_create(&stopping, NULL, stop_server, service.server), 0);
    struct pollfd ready = {.fd = client.socket, .events = POLLIN};
    ck_assert_int_eq(poll(&ready, 1, 1500), 0);
    service_open_gate(&service);
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert(client_sees_end(&clients[0]));
    pthread_join(stopping, NULL);
}
END_TEST

struct poster {
    pthread_t thread;
    struct client client;
    unsigned acknowledged;
};

/* Posts, one after the other, until the service has gone. */
static void *post(void *argument)
{
    struct poster *poster = argument;
    struct reply *answer = malloc(sizeof *answer);
    while (client_say(&poster->client,
                      "POST /write HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n\r\n{}")) {
        client_receive(&poster->client, answer);
        if (answer->status != 201)
            break;
        poster->acknowledged++;
        if (strstr(answer->header, "Connection: close"))
            break;
    }
    free(answer);
    return NULL;
}

START_TEST(a_stop_under_load_loses_no_answer)
{
    enum { POSTERS = 16 };
    static struct poster posters[POSTERS];
    unsigned acknowledged = 0;
    start();
    for (unsigned i = 0; i < POSTERS; i++) {
        client_dial(&posters[i].client, service.port);
        ck_assert_int_eq(pthread_create(&posters[i].thread, NULL, post, &posters[i]), 0);
    }
    int64_t deadline = client_deadline();
    while (atomic_load(&service.answered) < 500)
        ck_assert_int_lt(clock_monotonic(), deadline);
    service_stop(&service);
    for (unsigned i = 0; i < POSTERS; i++) {
        pthread_join(posters[i].thread, NULL);
        acknowledged += posters[i].acknowledged;
    }
    ck_assert_uint_eq(acknowledged, atomic_load(&service.answered));
}
END_TEST

static const struct application NOTHING = {.route_count = 0};

START_TEST(an_address_in_use_is_told)
{
    struct problem why = {0};
    struct config second = config;
    start();
    snprintf(second.listen, sizeof second.listen, "%s", server_address(service.server));
    ck_assert_ptr_null(server_start(&second, "host=/nonexistent", &NOTHING, &why));
    ck_assert_ptr_nonnull(strstr(why.detail, second.listen));
    ck_assert_ptr_nonnull(strstr(why.detail, "in use"));
    stop();
}
END_TEST

START_TEST(addresses_are_understood)
{
    static const char *const GOOD[] = {"127.0.0.1:0", "[127.0.0.1]:0", ":0", "localhost:0"};
    static const char *const BAD[] = {
        "", "127.0.0.1", "::1:0", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999", "[::1:0"};
    for (size_t i = 0; i < COUNT_OF(GOOD) + COUNT_OF(BAD); i++) {
        struct problem why = {0};
        bool is_good = i < COUNT_OF(GOOD);
        snprintf(config.listen, sizeof config.listen, "%s",
                 is_good ? GOOD[i] : BAD[i - COUNT_OF(GOOD)]);
        struct server *server = server_start(&config, "host=/nonexistent", &NOTHING, &why);
        ck_assert_msg((server != NULL) == is_good, "%s: %s", config.listen, why.detail);
        server_stop(server);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server_stop");
    TCase *tests = tcase_create("server_stop");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, a_stop_waits_for_what_was_accepted);
    tcase_add_test(tests, a_stop_is_bounded);
    tcase_add_test(tests, a_stop_under_load_loses_no_answer);
    tcase_add_test(tests, an_address_in_use_is_told);
    tcase_add_test(tests, addresses_are_understood);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
