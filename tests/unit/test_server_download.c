/* Answers of any length, over sockets: back-pressure, answers that break off, readers that go
 * away, stand still or are slow, and a service that stops meanwhile. */
#include "base/compiler.h"
#include "http_client.h"
#include "http_service.h"

#include <stdio.h>

enum { LINE = 16, LINES = 200000, ENDLESS = 100000000 };

#define DOWNLOAD(target) "GET /download?" target " HTTP/1.1\r\n" HOST "\r\n"

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

static void await_broken(unsigned count)
{
    int64_t deadline = client_deadline();
    while (atomic_load(&service.broken) < count) {
        ck_assert_int_lt(clock_monotonic(), deadline);
        clock_pause(5);
    }
}

/* Takes the chunks of an answer, to its last one: false when it is torn before. */
static bool take_chunks(struct client *from, size_t *total)
{
    static char text[LINES * (size_t)LINE * 2 + 65536];
    size_t length = 0;
    ssize_t got;
    *total = 0;
    do {
        client_poll(from->socket, POLLIN, client_deadline());
        got = recv(from->socket, text + length, sizeof text - length, 0);
        length += got > 0 ? (size_t)got : 0;
    } while (got > 0 && (length < 5 || memcmp(text + length - 5, "0\r\n\r\n", 5) != 0));
    if (got <= 0)
        return false;
    ck_assert_ptr_nonnull(strstr(text, "HTTP/1.1 200 OK"));
    for (char *at = strstr(text, "\r\n\r\n") + 4, *data; at < text + length; at = data + 2) {
        size_t size = strtoul(at, &data, 16);
        data += 2 + size;
        *total += size;
    }
    return true;
}

START_TEST(a_long_answer_arrives)
{
    char request[256];
    size_t total;
    for (int i = 0; i < 2; i++) { /* on one connection */
        snprintf(request, sizeof request, DOWNLOAD("limit=%d"), LINES);
        ck_assert(client_say(&client, request));
        ck_assert(take_chunks(&client, &total));
        ck_assert_uint_eq(total, LINES * (size_t)LINE);
    }
}
END_TEST

START_TEST(an_answer_that_breaks_off_is_seen_to)
{
    size_t total;
    ck_assert(client_say(&client, DOWNLOAD("limit=50000&cursor=torn")));
    ck_assert(!take_chunks(&client, &total));
}
END_TEST

/* There the end of the connection is the end of the answer: it has to be an error. */
START_TEST(an_old_client_sees_it_too)
{
    char piece[65536];
    ssize_t got;
    ck_assert(client_say(&client, "GET /download?limit=50000&cursor=torn HTTP/1.0\r\n\r\n"));
    do {
        client_poll(client.socket, POLLIN, client_deadline());
        got = recv(client.socket, piece, sizeof piece, 0);
    } while (got > 0);
    ck_assert_int_eq(got, -1);
    ck_assert_int_eq(errno, ECONNRESET);
}
END_TEST

START_TEST(a_refusal_is_an_answer_like_any)
{
    ck_assert(client_say(&client, DOWNLOAD("limit=0")));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 404);
    ck_assert(client_say(&client, DOWNLOAD("")));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 422);
}
END_TEST

START_TEST(a_head_is_the_header_alone)
{
    ck_assert(client_say(&client, "HEAD /download?limit=0 HTTP/1.1\r\n" HOST "\r\n"));
    client_receive_for(&client, &reply, true);
    ck_assert_int_eq(reply.status, 404);
    ck_assert(client_say(&client, "HEAD /download?limit=9 HTTP/1.1\r\n" HOST "\r\n"));
    client_receive_for(&client, &reply, true);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_str_eq(reply_field(&reply, "Content-Type"), "text/plain");
    ck_assert_ptr_null(reply_field(&reply, "Content-Length"));
    ck_assert(client_sees_end(&client));
}
END_TEST

START_TEST(a_reader_that_leaves_frees_the_worker)
{
    char request[256];
    snprintf(request, sizeof request, DOWNLOAD("limit=%d"), ENDLESS);
    for (unsigned i = 1; i <= 4; i++) {
        struct client reader;
        client_dial(&reader, service.port);
        ck_assert(client_say(&reader, request));
        client_poll(reader.socket, POLLIN, client_deadline());
        client_hang_up(&reader);
        await_broken(i);
    }
}
END_TEST

/* Nothing moves for the time of a request: the client is cut off, whichever way it goes. */
START_TEST(a_reader_that_stands_still_is_cut_off)
{
    struct config config = SERVICE_CONFIG;
    char request[256];
    config.request_seconds = 1;
    start_with(config);
    snprintf(request, sizeof request, DOWNLOAD("limit=%d"), ENDLESS);
    ck_assert(client_say(&client, request));
    await_broken(1);
    stop();
}
END_TEST

/* Slower than a second for a piece, but it moves. */
START_TEST(a_slow_reader_is_not)
{
    static char piece[65536];
    struct config config = SERVICE_CONFIG;
    config.request_seconds = 1;
    start_with(config);
    char request[256];
    snprintf(request, sizeof request, DOWNLOAD("limit=%d"), ENDLESS);
    ck_assert(client_say(&client, request));
    for (int i = 0; i < 60; i++) {
        ck_assert_int_gt(recv(client.socket, piece, sizeof piece, 0), 0);
        clock_pause(100);
    }
    ck_assert_uint_eq(atomic_load(&service.broken), 0);
    stop();
}
END_TEST

START_TEST(a_stop_ends_it)
{
    struct config config = SERVICE_CONFIG;
    config.drain_seconds = 1;
    start_with(config);
    char request[256];
    snprintf(request, sizeof request, DOWNLOAD("limit=%d"), ENDLESS);
    ck_assert(client_say(&client, request));
    client_poll(client.socket, POLLIN, client_deadline());
    service_stop(&service);
    ck_assert_uint_eq(atomic_load(&service.broken), 1);
    size_t total;
    ck_assert(!take_chunks(&client, &total));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server_download");
    TCase *downloads = tcase_create("downloads"), *ends = tcase_create("ends");
    tcase_add_checked_fixture(downloads, start, stop);
    tcase_set_timeout(downloads, 60);
    tcase_set_timeout(ends, 60);
    suite_add_tcase(suite, downloads);
    suite_add_tcase(suite, ends);
    tcase_add_test(downloads, a_long_answer_arrives);
    tcase_add_test(downloads, an_answer_that_breaks_off_is_seen_to);
    tcase_add_test(downloads, an_old_client_sees_it_too);
    tcase_add_test(downloads, a_refusal_is_an_answer_like_any);
    tcase_add_test(downloads, a_head_is_the_header_alone);
    tcase_add_test(downloads, a_reader_that_leaves_frees_the_worker);
    tcase_add_test(ends, a_reader_that_stands_still_is_cut_off);
    tcase_add_test(ends, a_slow_reader_is_not);
    tcase_add_test(ends, a_stop_ends_it);
    return tap_run(suite);
}
