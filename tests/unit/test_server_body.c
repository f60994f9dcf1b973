/* Bodies on their way through the HTTP service: compressed ones, and those that are too large
 * or never come to an end. */
#include "gzip.h"
#include "http_client.h"
#include "http_service.h"
#include "tap.h"

static struct service service;
static struct client client;
static struct reply reply;

static void set_up(void)
{
    service_start(&service, &SERVICE_CONFIG);
    client_dial(&client, service.port);
}

static void tear_down(void)
{
    client_hang_up(&client);
    service_stop(&service);
}

static bool has_field(const char *name, const char *value)
{
    const char *given = reply_field(&reply, name);
    return given && strcmp(given, value) == 0;
}

static void post(const char *fields, const char *body, size_t length)
{
    char head[256];
    snprintf(head, sizeof head,
             "POST /echo HTTP/1.1\r\n" HOST JSON "%sContent-Length: %zu\r\n\r\n", fields,
             length);
    ck_assert(client_say(&client, head));
    ck_assert(client_send(&client, body, length));
    client_receive(&client, &reply);
}

static const char *const ENCODINGS[] = {
    "Content-Encoding: gzip\r\n", "Content-Encoding: GZIP\r\n", "Content-Encoding: x-gzip\r\n"};

START_TEST(packed_bodies_are_unpacked)
{
    char packed[256];
    size_t size = gzip_pack("[1,2,3]", 7, packed, sizeof packed);
    size += gzip_pack(" ", 1, packed + size, sizeof packed - size);
    for (size_t i = 0; i < COUNT_OF(ENCODINGS); i++) {
        post(ENCODINGS[i], packed, size);
        ck_assert_int_eq(reply.status, 200);
        ck_assert_str_eq(reply.body, "[1,2,3] ");
    }
    post("Content-Encoding: identity\r\n", "[4]", 3);
    ck_assert_str_eq(reply.body, "[4]");
}
END_TEST

START_TEST(packed_chunks_are_unpacked)
{
    char packed[256];
    size_t size = gzip_pack("[1,2,3]", 7, packed, sizeof packed);
    ck_assert(client_say(&client,
                         "POST /echo HTTP/1.1\r\n" HOST JSON
                         "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (size_t at = 0; at < size; at++) {
        const char chunk[] = {'1', '\r', '\n', packed[at], '\r', '\n'};
        ck_assert(client_send(&client, chunk, sizeof chunk));
    }
    ck_assert(client_say(&client, "0\r\n\r\n"));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_str_eq(reply.body, "[1,2,3]");
}
END_TEST

/* Each is refused after it was received whole: the connection goes on. */
START_TEST(a_bomb_does_no_harm)
{
    enum { BOMB = 4 * 1024 * 1024 };
    char *zeros = calloc(1, BOMB), *packed = malloc(SERVICE_BODY_LIMIT);
    size_t size = gzip_pack(zeros, BOMB, packed, SERVICE_BODY_LIMIT);
    for (int i = 0; i < 3; i++) {
        post(ENCODINGS[0], packed, size);
        ck_assert_int_eq(reply.status, 413);
        ck_assert_ptr_nonnull(strstr(reply.body, "65536 bytes unpacked"));
    }
    free(zeros);
    free(packed);
}
END_TEST

START_TEST(broken_gzip_is_malformed)
{
    char packed[256];
    size_t size = gzip_pack("[1,2,3]", 7, packed, sizeof packed);
    post(ENCODINGS[0], packed, size - 1);
    ck_assert_int_eq(reply.status, 400);
    post(ENCODINGS[0], "[1,2,3]", 7);
    ck_assert_int_eq(reply.status, 400);
    post(ENCODINGS[0], "", 0);
    ck_assert_int_eq(reply.status, 400);
    packed[size - 1] ^= 1;
    post(ENCODINGS[0], packed, size);
    ck_assert_int_eq(reply.status, 400);
    ck_assert_ptr_nonnull(strstr(reply.body, "gzip"));
}
END_TEST

START_TEST(other_encodings_are_told_of_gzip)
{
    static const char *const OTHERS[] = {"Content-Encoding: br\r\n",
                                         "Content-Encoding: deflate\r\n",
                                         "Content-Encoding: gzip, gzip\r\n"};
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        post(OTHERS[i], "", 0);
        ck_assert_int_eq(reply.status, 415);
        ck_assert(has_field("Accept-Encoding", "gzip"));
    }
}
END_TEST

/* A body without a length is heard to its end, in bounded memory, and then refused. */
START_TEST(endless_lines_are_refused)
{
    enum { PIECE = 0x8000, PIECES = 100 };
    char *piece = malloc(PIECE + 2);
    memset(piece, 'x', PIECE);
    memcpy(piece + PIECE, "\r\n", 2);
    ck_assert(client_say(&client, "POST /echo HTTP/1.1\r\n" HOST JSON
                                  "Transfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < PIECES; i++) {
        ck_assert(client_say(&client, "8000\r\n"));
        ck_assert(client_send(&client, piece, PIECE + 2));
    }
    ck_assert(client_say(&client, "0\r\n\r\n"));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 413);
    ck_assert(has_field("Connection", "close"));
    free(piece);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server_body");
    TCase *tests = tcase_create("server_body");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, packed_bodies_are_unpacked);
    tcase_add_test(tests, packed_chunks_are_unpacked);
    tcase_add_test(tests, a_bomb_does_no_harm);
    tcase_add_test(tests, broken_gzip_is_malformed);
    tcase_add_test(tests, other_encodings_are_told_of_gzip);
    tcase_add_test(tests, endless_lines_are_refused);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
