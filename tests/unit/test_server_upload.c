/* Bodies of any length, over sockets: back-pressure, refusals in mid-body, clients that go away
 * or stand still, and a service that stops meanwhile. */
#include "base/compiler.h"
#include "http_client.h"
#include "http_service.h"

#include <stdio.h>

enum {
    MEGABYTE = 1 << 20,
    LONG_BODY = 5 * MEGABYTE,
    MOST_IN_FLIGHT = 16 * MEGABYTE /* what the kernel may hold for both ends of a socket */
};

#define UPLOAD(path, rest) "POST " path " HTTP/1.1\r\n" HOST JSON rest "\r\n"

static struct service service;
static struct client client, other;
static struct reply reply;

static void start_with(struct config config)
{
    signal(SIGPIPE, SIG_IGN);
    service_start(&service, &config);
    client_dial(&client, service.port);
    client_dial(&other, service.port);
}

static void start(void)
{
    start_with(SERVICE_CONFIG);
}

static void stop(void)
{
    client_hang_up(&client);
    client_hang_up(&other);
    service_open_gate(&service);
    service_stop(&service);
}

/* False when the server has closed. */
static bool send_bytes(struct client *to, size_t length)
{
    static char piece[MEGABYTE];
    for (; length > sizeof piece; length -= sizeof piece)
        if (!client_send(to, piece, sizeof piece))
            return false;
    return client_send(to, piece, length);
}

static void say_upload(struct client *to, size_t length)
{
    char head[256];
    snprintf(head, sizeof head, UPLOAD("/upload", "Content-Length: %zu\r\n"), length);
    ck_assert(client_say(to, head));
}

static void expect_upload(struct client *of, size_t length)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", length);
    client_receive(of, &reply);
    ck_assert_int_eq(reply.status, 202);
    ck_assert_str_eq(reply.body, text);
}

START_TEST(a_long_body_arrives)
{
    for (int i = 0; i < 2; i++) { /* on one connection */
        say_upload(&client, LONG_BODY);
        ck_assert(send_bytes(&client, LONG_BODY));
        expect_upload(&client, LONG_BODY);
    }
}
END_TEST

START_TEST(chunks_arrive)
{
    ck_assert(client_say(&client, UPLOAD("/upload", "Transfer-Encoding: chunked\r\n")));
    for (int i = 0; i < LONG_BODY / MEGABYTE; i++) {
        ck_assert(client_say(&client, "100000\r\n"));
        ck_assert(send_bytes(&client, MEGABYTE));
        ck_assert(client_say(&client, "\r\n"));
    }
    ck_assert(client_say(&client, "0\r\n\r\n"));
    expect_upload(&client, LONG_BODY);
}
END_TEST

START_TEST(nothing_is_a_body_too)
{
    say_upload(&client, 0);
    expect_upload(&client, 0);
}
END_TEST

START_TEST(a_client_may_shut_its_side_down)
{
    say_upload(&client, LONG_BODY);
    ck_assert(send_bytes(&client, LONG_BODY));
    shutdown(client.socket, SHUT_WR);
    expect_upload(&client, LONG_BODY);
}
END_TEST

/* How much goes out before the server takes no more. */
static size_t push(struct client *to)
{
    static char piece[65536];
    size_t pushed = 0;
    struct pollfd ready = {.fd = to->socket, .events = POLLOUT};
    while (poll(&ready, 1, 300) == 1) {
        ssize_t sent = send(to->socket, piece, sizeof piece, MSG_NOSIGNAL | MSG_DONTWAIT);
        ck_assert_int_gt(sent, 0);
        pushed += (size_t)sent;
        ck_assert_uint_lt(pushed, MOST_IN_FLIGHT);
    }
    return pushed;
}

/* The client is held up, the I/O thread is not. */
START_TEST(a_busy_worker_holds_up_its_client_alone)
{
    char head[256];
    snprintf(head, sizeof head, UPLOAD("/slow-upload", "Content-Length: %d\r\n"),
             MOST_IN_FLIGHT);
    ck_assert(client_say(&client, head));
    size_t pushed = push(&client);
    for (int i = 0; i < 4; i++) {
        ck_assert(client_say(&other, "GET /ping HTTP/1.1\r\n" HOST "\r\n"));
        client_receive(&other, &reply);
        ck_assert_int_eq(reply.status, 200);
    }
    service_open_gate(&service);
    ck_assert(send_bytes(&client, MOST_IN_FLIGHT - pushed));
    expect_upload(&client, MOST_IN_FLIGHT);
}
END_TEST

/* The client learns at once, though its body has not ended. */
START_TEST(a_body_is_refused_in_its_midst)
{
    ck_assert(client_say(&client, UPLOAD("/upload?limit=10", "Content-Length: 99999999\r\n")));
    ck_assert(client_say(&client, _i ? "0123456789" : "01234567890123456789"));
    if (_i)
        (void)send_bytes(&client, 2 * MEGABYTE);
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 422);
    ck_assert_str_eq(reply_field(&reply, "Connection"), "close");
    ck_assert_str_eq(reply_field(&reply, "Content-Type"), "application/problem+json");
    ck_assert_ptr_nonnull(reply_field(&reply, "X-Request-Id"));
    ck_assert_ptr_nonnull(strstr(reply.body, "no more than 10"));
    ck_assert(client_sees_end(&client));
}
END_TEST

START_TEST(parameters_are_checked_before_the_body)
{
    ck_assert(client_say(&client, UPLOAD("/upload?cursor=1", "Content-Length: 1000000\r\n")));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 422);
    ck_assert_ptr_nonnull(strstr(reply.body, "?cursor"));
}
END_TEST

static void await_broken(unsigned count)
{
    int64_t deadline = client_deadline();
    while (atomic_load(&service.broken) < count) {
        ck_assert_int_lt(clock_monotonic(), deadline);
        clock_pause(5);
    }
}

START_TEST(a_dropped_connection_is_noticed)
{
    say_upload(&client, LONG_BODY);
    ck_assert(send_bytes(&client, MEGABYTE));
    shutdown(client.socket, SHUT_RDWR);
    int64_t noticed_by = clock_monotonic() + 5000000;
    await_broken(1);
    ck_assert_int_lt(clock_monotonic(), noticed_by);
}
END_TEST

/* Both workers are held. */
static void hold_workers(void)
{
    struct client *const both[] = {&client, &other};
    for (size_t i = 0; i < COUNT_OF(both); i++)
        ck_assert(
            client_say(both[i], UPLOAD("/slow-upload", "Content-Length: 1000\r\n") "begun"));
    service_await_gate(&service, 2);
}

START_TEST(no_stream_waits_for_a_worker)
{
    static const char *const REQUESTS[] = {UPLOAD("/upload", "Content-Length: 100000\r\n"),
                                           UPLOAD("/upload", "Content-Length: 0\r\n"),
                                           "GET /download?limit=1 HTTP/1.1\r\n" HOST "\r\n"};
    hold_workers();
    for (size_t i = 0; i < COUNT_OF(REQUESTS); i++) {
        struct client third;
        client_dial(&third, service.port);
        ck_assert(client_say(&third, REQUESTS[i]));
        client_receive(&third, &reply);
        ck_assert_int_eq(reply.status, 503);
        ck_assert_ptr_nonnull(reply_field(&reply, "Retry-After"));
        client_hang_up(&third);
    }
}
END_TEST

/* Nothing moves for the time of a request: the client is cut off. */
START_TEST(a_client_that_stands_still_is_cut_off)
{
    struct config config = SERVICE_CONFIG;
    config.request_seconds = 1;
    start_with(config);
    say_upload(&client, LONG_BODY);
    await_broken(1);
    stop();
}
END_TEST

/* Slower than a second for all of it, but it moves. */
START_TEST(a_slow_client_is_not)
{
    struct config config = SERVICE_CONFIG;
    config.request_seconds = 1;
    start_with(config);
    say_upload(&client, 10);
    for (int i = 0; i < 10; i++) {
        ck_assert(client_say(&client, "x"));
        clock_pause(300);
    }
    expect_upload(&client, 10);
    stop();
}
END_TEST

START_TEST(a_stop_ends_it)
{
    struct config config = SERVICE_CONFIG;
    config.drain_seconds = 1;
    start_with(config);
    say_upload(&client, LONG_BODY);
    service_stop(&service);
    ck_assert_uint_eq(atomic_load(&service.broken), 1);
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 503);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server_upload");
    TCase *uploads = tcase_create("uploads"), *ends = tcase_create("ends");
    tcase_add_checked_fixture(uploads, start, stop);
    tcase_set_timeout(uploads, 60);
    tcase_set_timeout(ends, 60);
    suite_add_tcase(suite, uploads);
    suite_add_tcase(suite, ends);
    tcase_add_test(uploads, a_long_body_arrives);
    tcase_add_test(uploads, chunks_arrive);
    tcase_add_test(uploads, nothing_is_a_body_too);
    tcase_add_test(uploads, a_client_may_shut_its_side_down);
    tcase_add_test(uploads, a_busy_worker_holds_up_its_client_alone);
    tcase_add_loop_test(uploads, a_body_is_refused_in_its_midst, 0, 2);
    tcase_add_test(uploads, parameters_are_checked_before_the_body);
    tcase_add_test(uploads, a_dropped_connection_is_noticed);
    tcase_add_test(uploads, no_stream_waits_for_a_worker);
    tcase_add_test(ends, a_client_that_stands_still_is_cut_off);
    tcase_add_test(ends, a_slow_client_is_not);
    tcase_add_test(ends, a_stop_ends_it);
    return tap_run(suite);
}
