/* Bodies that nobody should send to POST /v1/events: each is told why it is refused, and
 * nothing of it is stored or held. */
#include "base/compiler.h"
#include "gzip.h"
#include "integration/scene.h"
#include "tap.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The answer as JSON; to be released. */
static json_t *ask(const char *fields, const char *body, size_t length, int status)
{
    struct reply reply = client_ask(client, "POST", "/v1/events", fields, body, length);
    ck_assert_msg(reply.status == status, "%d %s", reply.status, reply.body);
    json_t *answer = json_loads(reply.body, 0, NULL);
    ck_assert_ptr_nonnull(answer);
    reply_clear(&reply);
    return answer;
}

#define TYPE(type) "Content-Type: " type "\r\n"
#define JSON_TYPE TYPE("application/json")
#define LINES_TYPE TYPE("application/x-ndjson")
#define GZIP "Content-Encoding: gzip\r\n"
#define LEAD                                                                                   \
    "{\"id\":\"1\",\"source\":\"crm\",\"subject\":\"acme\",\"type\":\"find.lead.created\","    \
    "\"time\":\"2025-03-01T09:30:00Z\",\"data\":{\"channel\":\"ad\"}}"
#define BINARY                                                                                 \
    "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: crm\r\nce-subject: acme\r\n"                \
    "ce-type: find.lead.created\r\nce-time: 2025-03-01T10:30:00+01:00\r\n"

static const struct {
    const char *name, *fields, *body;
    int status;
    const char *text; /* that the answer contains */
} REFUSALS[] = {
    {"Latin-1", JSON_TYPE, "{\"source\":\"caf\xe9\"}", 400, "not valid UTF-8"},
    {"UTF-16", JSON_TYPE, "\xff\xfe{", 400, "not valid UTF-8"},
    {"a byte order mark", JSON_TYPE, "\xef\xbb\xbf{}", 400, "byte order mark"},
    {"no lines", LINES_TYPE, "\r\n\r\n", 422, "no line"},
    {"an object as a batch", TYPE("application/cloudevents-batch+json"), "{}", 422, "array"},
    {"an array as an event", TYPE("application/cloudevents+json"), "[{}]", 422, "one event"},
    {"another type", TYPE("text/csv"), "a,b", 415, "application/x-ndjson"},
    {"JSON of another kind", TYPE("application/vnd.acme+json"), "{}", 415, "ce-specversion"},
    {"another charset", TYPE("application/json; charset=latin1"), "{}", 415, "utf-8"},
    {"binary mode with a type that is none", TYPE("application/\xe4+json") BINARY, "{}", 415,
     "Content-Type"},
    {"binary mode with another type", TYPE("text/plain") BINARY, "x", 415, "+json"},
    {"binary mode with a bad value", JSON_TYPE BINARY "ce-x: %zz\r\n", "{}", 422, "\"/x\""},
    {"binary mode, no id", JSON_TYPE "ce-specversion: 1.0\r\nce-source: s\r\n", "{}", 422,
     "\"/id\""},
    {"binary mode, bad data", JSON_TYPE BINARY, "{\"channel\":\"owl\"}", 422,
     "\"/data/channel\""},
    {"another encoding", JSON_TYPE "Content-Encoding: br\r\n", "{}", 415, "gzip"},
    {"no gzip", JSON_TYPE GZIP, "{}", 400, "gzip"},
    {"an Accept without JSON", JSON_TYPE "Accept: text/html\r\n", "{}", 406,
     "application/json"},
    {"q=0", JSON_TYPE "Accept: application/json;q=0, */*\r\n", "{}", 406, "application/json"},
};

START_TEST(bad_input_is_told)
{
    struct reply reply = client_ask(client, "POST", "/v1/events", REFUSALS[_i].fields,
                                    REFUSALS[_i].body, strlen(REFUSALS[_i].body));
    ck_assert_msg(reply.status == REFUSALS[_i].status &&
                      strstr(reply.body, REFUSALS[_i].text) != NULL,
                  "%s: %d %s", REFUSALS[_i].name, reply.status, reply.body);
    reply_clear(&reply);
}
END_TEST

START_TEST(a_bomb_is_refused)
{
    enum { BOMB = 64 * 1024 * 1024, ROOM = 256 * 1024 };
    char *zeros = calloc(1, BOMB), *packed = malloc(ROOM);
    size_t size = gzip_pack(zeros, BOMB, packed, ROOM);
    json_decref(ask(JSON_TYPE GZIP, packed, size, 413));
    json_decref(ask(LINES_TYPE GZIP, packed, size, 413));
    json_decref(ask(JSON_TYPE GZIP, packed, 1000, 400));
    free(zeros);
    free(packed);
}
END_TEST

/* What is too large for an event is not parsed, and harms no other line. */
START_TEST(a_line_of_many_members_is_rejected)
{
    enum { MEMBERS = 600000, ROOM = 4 * 1024 * 1024 };
    char *body = malloc(ROOM), *at = stpcpy(body, LEAD "\n");
    *at++ = '{';
    for (int i = 0; i < MEMBERS; i++)
        at = stpcpy(at, i > 0 ? ",\"\":0" : "\"\":0");
    at = stpcpy(at, "}\n" LEAD "\n");
    json_t *answer = ask(LINES_TYPE, body, (size_t)(at - body), 200);
    ck_assert_int_eq(json_integer_value(json_object_get(answer, "rejected")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(answer, "duplicate")), 2);
    json_decref(answer);
    free(body);
}
END_TEST

/* Of the service, in kB. */
static long peak_memory(void)
{
    char path[64], line[256];
    long peak = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)service.pid);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
    if (file != NULL)
        fclose(file);
    return peak;
}

static void send_chunk(int socket, size_t length)
{
    static char piece[1024 * 1024 + 2];
    char size[16];
    snprintf(size, sizeof size, "%zx\r\n", length);
    memset(piece, 'x', length);
    memcpy(piece + length, "\r\n", 2);
    ck_assert_int_eq(send(socket, size, strlen(size), MSG_NOSIGNAL), (ssize_t)strlen(size));
    for (size_t sent = 0; sent < length + 2;) {
        ssize_t more = send(socket, piece + sent, length + 2 - sent, MSG_NOSIGNAL);
        ck_assert_int_gt(more, 0);
        sent += (size_t)more;
    }
}

/* 200 MB without an end in sight and without a length: answered, and not held. */
START_TEST(an_endless_line_is_refused_in_bounded_memory)
{
    enum { MEGABYTES = 200, BOUND_KB = 48 * 1024 };
    long before = peak_memory();
    char head[512], answer[32] = "";
    int socket = client_connect(service.port);
    int length =
        snprintf(head, sizeof head,
                 "POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
                 "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
                 service.key);
    ck_assert_int_eq(send(socket, head, (size_t)length, MSG_NOSIGNAL), length);
    for (int i = 0; i < MEGABYTES; i++)
        send_chunk(socket, 1024 * 1024);
    send_chunk(socket, 0);
    ck_assert_int_gt(recv(socket, answer, sizeof answer - 1, 0), 0);
    ck_assert_int_eq(strncmp(answer, "HTTP/1.1 413", 12), 0);
    close(socket);
    ck_assert_int_lt(peak_memory() - before, BOUND_KB);
}
END_TEST

/* Whoever hangs up half-way has stored nothing, and can begin again. */
START_TEST(half_a_body_is_nothing)
{
    char head[1024];
    int length =
        snprintf(head, sizeof head,
                 "POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
                 "Content-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n%s\n",
                 service.key, LEAD);
    for (int i = 0; i < 10; i++) {
        int socket = client_connect(service.port);
        ck_assert_int_eq(send(socket, head, (size_t)length, MSG_NOSIGNAL), length);
        close(socket);
    }
    json_decref(ask(JSON_TYPE, LEAD, strlen(LEAD), 201));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bad_bodies");
    TCase *tests = scene_case(suite, "bad_bodies", 120);
    tcase_add_loop_test(tests, bad_input_is_told, 0, COUNT_OF(REFUSALS));
    tcase_add_test(tests, a_bomb_is_refused);
    tcase_add_test(tests, half_a_body_is_nothing);
    tcase_add_test(tests, a_line_of_many_members_is_rejected);
    tcase_add_test(tests, an_endless_line_is_refused_in_bounded_memory);
    return tap_run(suite);
}
