/* The service over TLS: all that goes past libmicrohttpd, or waits, or is long. */
#include "tls_service.h"

enum { MEGABYTE = 1 << 20, LINES = 200000, LINE = 16, MANY = 130 };

START_TEST(a_connection_is_kept)
{
    start();
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(ask(&client, PING), 200);
        ck_assert_str_eq(reply_field(&reply, "Strict-Transport-Security"), "max-age=31536000");
        ck_assert_int_eq(ask(&client, READ), 200);
        ck_assert_int_eq(
            ask(&client, "POST /write HTTP/1.1\r\n" HOST JSON "Content-Length: 3\r\n\r\n[1]"),
            201);
        ck_assert_int_eq(ask(&client, "GET /nothing HTTP/1.1\r\n" HOST "\r\n"), 404);
    }
    stop();
}
END_TEST

/* All that TLS holds of the later ones is read without the socket telling of it. */
START_TEST(pipelined_requests_are_answered_in_order)
{
    start();
    ck_assert(
        client_say(&client, READ PING READ PING "GET /things/x HTTP/1.1\r\n" HOST "\r\n"));
    for (int i = 0; i < 4; i++) {
        client_receive(&client, &reply);
        ck_assert_str_eq(reply.body, "pong");
    }
    client_receive(&client, &reply);
    ck_assert_str_eq(reply.body, "x|");
    stop();
}
END_TEST

START_TEST(old_versions_are_refused)
{
    static const struct {
        const char *priorities;
        bool is_taken;
    } CASES[] = {
        {"NORMAL:-VERS-ALL:+VERS-TLS1.0:+VERS-TLS1.1:%COMPAT", false},
        {"NORMAL:-VERS-ALL:+VERS-TLS1.2", true},
        {"NORMAL:-VERS-ALL:+VERS-TLS1.3", true},
        {"NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC", false},
    };
    service_start(&service, &config);
    client_dial(&client, service.port);
    ck_assert_int_eq(client_secure(&client, CASES[_i].priorities, nobody), CASES[_i].is_taken);
    if (CASES[_i].is_taken)
        ck_assert_int_eq(ask(&client, PING), 200);
    stop();
}
END_TEST

/* Neither plain HTTP nor silence holds a connection. */
START_TEST(who_does_not_shake_hands_is_cut)
{
    config.request_seconds = 1;
    service_start(&service, &config);
    client_dial(&client, service.port);
    if (_i == 1)
        ck_assert(client_say(&client, PING));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 0);
    stop();
}
END_TEST

static size_t upload(struct client *to, size_t length, const char *target)
{
    static char piece[MEGABYTE];
    char head[256];
    size_t sent = 0;
    snprintf(head, sizeof head, "POST %s HTTP/1.1\r\n" HOST JSON "Content-Length: %zu\r\n\r\n",
             target, length);
    ck_assert(client_say(to, head));
    while (sent < length && client_send(to, piece, sizeof piece))
        sent += sizeof piece;
    return sent;
}

START_TEST(a_long_body_arrives)
{
    char text[32];
    start();
    snprintf(text, sizeof text, "%d", 16 * MEGABYTE);
    for (int i = 0; i < 2; i++) { /* on one connection */
        ck_assert_uint_eq(upload(&client, 16 * MEGABYTE, "/upload"), 16 * MEGABYTE);
        client_receive(&client, &reply);
        ck_assert_int_eq(reply.status, 202);
        ck_assert_str_eq(reply.body, text);
    }
    stop();
}
END_TEST

/* The answer to a body that has not ended goes past libmicrohttpd. */
START_TEST(a_body_may_be_refused_in_its_midst)
{
    start();
    ck_assert(client_say(&client, "POST /upload?limit=10 HTTP/1.1\r\n" HOST JSON
                                  "Content-Length: 1000000\r\n\r\n0123456789"));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 422);
    ck_assert_str_eq(reply_field(&reply, "Connection"), "close");
    ck_assert(client_sees_end(&client));
    stop();
}
END_TEST

START_TEST(a_client_that_leaves_in_mid_body_is_noticed)
{
    start();
    ck_assert(client_say(&client, "POST /upload HTTP/1.1\r\n" HOST JSON
                                  "Content-Length: 1000000\r\n\r\n0123456789"));
    ck_assert_int_eq(gnutls_bye(client.session, GNUTLS_SHUT_WR), 0);
    shutdown(client.socket, SHUT_WR);
    int64_t deadline = client_deadline();
    while (atomic_load(&service.broken) == 0) {
        ck_assert_int_lt(clock_monotonic(), deadline);
        clock_pause(5);
    }
    stop();
}
END_TEST

/* Takes an answer in chunks, to its last one. */
static size_t take_chunks(struct client *from)
{
    static char text[(size_t)LINES * LINE * 2];
    size_t length = 0, total = 0;
    ssize_t got;
    do {
        client_await(from, client_deadline());
        got = gnutls_record_recv(from->session, text + length, sizeof text - length - 1);
        ck_assert_int_gt(got, 0);
        length += (size_t)got;
    } while (length < 5 || memcmp(text + length - 5, "0\r\n\r\n", 5) != 0);
    text[length] = '\0';
    for (char *at = strstr(text, "\r\n\r\n") + 4, *data; at < text + length; at = data + 2) {
        size_t size = strtoul(at, &data, 16);
        data += 2 + size;
        total += size;
    }
    return total;
}

START_TEST(a_long_answer_arrives)
{
    char request[128];
    start();
    snprintf(request, sizeof request, "GET /download?limit=%d HTTP/1.1\r\n" HOST "\r\n", LINES);
    for (int i = 0; i < 2; i++) { /* on one connection */
        ck_assert(client_say(&client, request));
        ck_assert_uint_eq(take_chunks(&client), (size_t)LINES * LINE);
    }
    stop();
}
END_TEST

START_TEST(many_who_wait_are_answered_together)
{
    static struct client many[MANY];
    service_start(&service, &config);
    for (size_t i = 0; i < MANY; i++)
        dial(&many[i]);
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < MANY; i++)
            ck_assert(client_say(&many[i], i % 2 == 0 ? READ : PING));
        for (size_t i = 0; i < MANY; i++) {
            client_receive(&many[i], &reply);
            ck_assert_int_eq(reply.status, 200);
        }
    }
    for (size_t i = 0; i < MANY; i++)
        client_hang_up(&many[i]);
    service_stop(&service);
}
END_TEST

/* A client may say that it has said all, and still wants its answer. */
START_TEST(a_half_closed_connection_gets_its_answer)
{
    start();
    ck_assert(client_say(&client, "GET /gate HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
    ck_assert_int_eq(gnutls_bye(client.session, GNUTLS_SHUT_WR), 0);
    service_await_gate(&service, 1);
    service_open_gate(&service);
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 200);
    stop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server_tls");
    TCase *tests = tcase_create("server_tls");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_connection_is_kept);
    tcase_add_test(tests, pipelined_requests_are_answered_in_order);
    tcase_add_loop_test(tests, old_versions_are_refused, 0, 4);
    tcase_add_loop_test(tests, who_does_not_shake_hands_is_cut, 0, 2);
    tcase_add_test(tests, a_long_body_arrives);
    tcase_add_test(tests, a_body_may_be_refused_in_its_midst);
    tcase_add_test(tests, a_client_that_leaves_in_mid_body_is_noticed);
    tcase_add_test(tests, a_long_answer_arrives);
    tcase_add_test(tests, many_who_wait_are_answered_together);
    tcase_add_test(tests, a_half_closed_connection_gets_its_answer);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
