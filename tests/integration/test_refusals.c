/* Bad input, through the door: each case gets its 4xx with a pointer to the fault, nothing is
 * stored, and the service goes on answering. */
#include "base/compiler.h"
#include "integration/client.h"
#include "integration/service.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct service service;

static void start(void)
{
    service_start(&service);
}

static void stop(void)
{
    service_remove(&service);
}

struct refusal {
    const char *name;
    const char *body;
    int status;
    const char *pointer; /* that the answer must contain; NULL: none */
};

#define EVENT(members) "{\"source\":\"s\",\"id\":\"1\",\"subject\":\"c\"," members "}"
#define ORDER(time, data)                                                                      \
    EVENT("\"type\":\"sell.order.placed\",\"time\":\"" time "\",\"data\":{" data "}")
#define NOON "2025-03-01T12:00:00Z"
#define GOOD "\"order_id\":\"o\",\"units\":1,"
#define PRICE "\"amount\":1,\"currency\":\"EUR\""

static const struct refusal REFUSALS[] = {
    {"malformed", "{\"source\":", 400, NULL},
    {"rest after the event", ORDER(NOON, GOOD "\"amount\":1,\"currency\":\"EUR\"") " x", 400,
     NULL},
    {"empty body", "", 400, NULL},
    {"a byte order mark", "\xef\xbb\xbf{}", 400, NULL},
    {"invalid UTF-8", "{\"source\":\"\xff\"}", 400, NULL},
    {"a NUL character", ORDER(NOON, "\"order_id\":\"\\u0000\""), 400, NULL},
    {"a lone surrogate", ORDER(NOON, "\"order_id\":\"\\ud800\""), 400, NULL},
    {"duplicate keys", "{\"source\":\"a\",\"source\":\"b\"}", 400, NULL},
    {"a number beyond 64 bits", ORDER(NOON, GOOD "\"amount\":123456789012345678901"), 400,
     NULL},
    {"a text", "\"event\"", 422, NULL},
    {"a number", "17", 422, NULL},
    {"an empty object", "{}", 422, "\"/type\""},
    {"an empty array", "[]", 422, NULL},
    {"unknown type", EVENT("\"type\":\"sell.order.dreamt\",\"time\":\"" NOON "\""), 422,
     "\"/type\""},
    {"type of the wrong kind", EVENT("\"type\":17,\"time\":\"" NOON "\""), 422, "\"/type\""},
    {"no subject",
     "{\"source\":\"s\",\"id\":\"1\",\"type\":\"support.case.opened\",\"time\":\"" NOON
     "\",\"data\":{\"case_id\":\"k\"}}",
     422, "\"/subject\""},
    {"no id", "{\"source\":\"s\",\"subject\":\"c\",\"type\":\"support.case.opened\"}", 422,
     "\"/id\""},
    {"no source", "{\"id\":\"s\",\"subject\":\"c\",\"type\":\"support.case.opened\"}", 422,
     "\"/source\""},
    {"a fraction for money", ORDER(NOON, GOOD "\"amount\":19.99,\"currency\":\"EUR\""), 422,
     "\"/data/amount\""},
    {"a float for money", ORDER(NOON, GOOD "\"amount\":19.0,\"currency\":\"EUR\""), 422,
     "\"/data/amount\""},
    {"money beyond 2^53", ORDER(NOON, GOOD "\"amount\":9007199254740992,\"currency\":\"EUR\""),
     422, "\"/data/amount\""},
    {"money as text", ORDER(NOON, GOOD "\"amount\":\"1\",\"currency\":\"EUR\""), 422,
     "\"/data/amount\""},
    {"unknown currency", ORDER(NOON, GOOD "\"amount\":1,\"currency\":\"ABC\""), 422,
     "\"/data/currency\""},
    {"currency in lower case", ORDER(NOON, GOOD "\"amount\":1,\"currency\":\"eur\""), 422,
     "\"/data/currency\""},
    {"no currency", ORDER(NOON, GOOD "\"amount\":1"), 422, "\"/data/currency\""},
    {"a required field missing", ORDER(NOON, "\"amount\":1,\"currency\":\"EUR\""), 422,
     "\"/data/order_id\""},
    {"negative units", ORDER(NOON, "\"order_id\":\"o\",\"units\":-1"), 422, "\"/data/units\""},
    {"no offset", ORDER("2025-03-01T12:00:00", GOOD PRICE), 422, "\"/time\""},
    {"no such day", ORDER("2025-02-29T12:00:00Z", GOOD PRICE), 422, "\"/time\""},
    {"year 0", ORDER("0000-01-01T00:00:00Z", GOOD PRICE), 422, "\"/time\""},
    {"year 9999", ORDER("9999-12-31T23:59:59Z", GOOD PRICE), 422, "\"/time\""},
    {"the future", ORDER("2150-01-01T00:00:00Z", GOOD PRICE), 422, "\"/time\""},
    {"no choice",
     EVENT("\"type\":\"find.lead.created\",\"time\":\"" NOON
           "\",\"data\":{\"channel\":\"owl\"}"),
     422, "\"/data/channel\""},
    {"an unknown specversion",
     EVENT("\"specversion\":\"2.0\",\"type\":\"support.case.opened\",\"time\":\"" NOON
           "\",\"data\":{\"case_id\":\"k\"}"),
     422, "\"/specversion\""},
    {"a list for data",
     EVENT("\"type\":\"support.case.opened\",\"time\":\"" NOON "\",\"data\":[]"), 422,
     "\"/data\""},
};

START_TEST(bad_events_are_refused)
{
    const struct refusal *refusal = &REFUSALS[_i];
    struct client *client = client_create(service.port, service.key);
    struct reply reply = client_post(client, "/v1/events", refusal->body);
    ck_assert_msg(reply.status == refusal->status, "%s: %d %s", refusal->name, reply.status,
                  reply.body);
    char type[64] = "";
    reply_field(&reply, "Content-Type", type, sizeof type);
    ck_assert_str_eq(type, "application/problem+json");
    ck_assert_msg(refusal->pointer == NULL || strstr(reply.body, refusal->pointer) != NULL,
                  "%s: %s", refusal->name, reply.body);
    reply_clear(&reply);
    client_destroy(client);
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    enum { DEPTH = 20000 };
    char *body = malloc(2 * DEPTH + 1);
    memset(body, '[', DEPTH);
    memset(body + DEPTH, ']', DEPTH);
    body[2 * DEPTH] = '\0';
    struct client *client = client_create(service.port, service.key);
    struct reply reply = client_post(client, "/v1/events", body);
    ck_assert_int_eq(reply.status, 400);
    reply_clear(&reply);
    client_destroy(client);
    free(body);
}
END_TEST

START_TEST(a_body_too_large_is_refused)
{
    enum { SIZE = 5 * 1024 * 1024 };
    char *body = malloc(SIZE + 1);
    memset(body, ' ', SIZE);
    body[SIZE] = '\0';
    struct client *client = client_create(service.port, service.key);
    struct reply reply = client_post(client, "/v1/events", body);
    ck_assert_msg(reply.status == 413 || reply.status == 0, "%d", reply.status);
    reply_clear(&reply);
    client_destroy(client);
    free(body);
}
END_TEST

struct question {
    const char *method;
    const char *path;
    const char *content_type;
    int status;
    const char *text; /* that the head or body must contain; NULL: none */
};

static const struct question QUESTIONS[] = {
    {"GET", "/nowhere", NULL, 404, "/problems/"},
    {"GET", "/v1/customers/nobody", NULL, 404, NULL},
    {"GET", "/v1/customers/nobody/visits", NULL, 404, NULL},
    {"GET", "/v1/customers/nobody/metrics", NULL, 404, NULL},
    {"GET", "/v1/events/0190b5a0-0000-7000-8000-000000000000", NULL, 404, NULL},
    {"GET", "/v1/events/17", NULL, 404, NULL},
    {"DELETE", "/v1/events", NULL, 405, "Allow: "},
    {"get", "/v1/customers", NULL, 405, "Allow: "},
    {"POST", "/v1/events", "text/plain", 415, NULL},
    {"POST", "/v1/events", NULL, 415, NULL},
    {"GET", "/v1/customers?limit=0", NULL, 422, "?limit"},
    {"GET", "/v1/customers?limit=1001", NULL, 422, "?limit"},
    {"GET", "/v1/customers?limit=ten", NULL, 422, "?limit"},
    {"GET", "/v1/customers?cursor=%21", NULL, 422, "?cursor"},
    {"GET", "/v1/customers?cursor=e30", NULL, 422, "?cursor"},
    {"GET", "/v1/customers?stage=limbo", NULL, 422, "?stage"},
    {"GET", "/v1/customers?colour=red", NULL, 422, "?colour"},
    {"GET", "/v1/customers?limit=1&limit=2", NULL, 422, "?limit"},
    {"GET", "/v1/customers/%00", NULL, 400, NULL},
    {"GET", "/v1/customers/a%00b/visits", NULL, 400, NULL},
    {"GET", "/v1/customers/%ff", NULL, 400, NULL},
    {"GET", "/v1/customers/%4", NULL, 400, NULL},
    {"GET", "/v1/metrics/wisdom", NULL, 404, NULL},
    {"GET", "/v1/metrics/purchases?timezone=Mars/Olympus", NULL, 422, "?timezone"},
    {"GET", "/v1/metrics/purchases?from=2025-02-01&to=2025-01-01", NULL, 422, "?to"},
    {"GET", "/v1/metrics/purchases?from=2025-02-30", NULL, 422, "?from"},
    {"GET", "/v1/metrics/purchases?from=2025-01-01T12:00:00Z&timezone=UTC", NULL, 422, "?from"},
    {"GET", "/v1/metrics/purchases?from=0000-01-01", NULL, 422, "?from"},
    {"GET", "/v1/metrics/purchases?interval=fortnight", NULL, 422, "?interval"},
    {"GET", "/v1/metrics/purchases?from=1990-01-01&to=2025-01-01&interval=day", NULL, 422,
     "?interval"},
    {"GET", "/v1/metrics/purchases?currency=ABC", NULL, 422, "?currency"},
    {"GET", "/v1/metrics/rfm?interval=month", NULL, 422, "?interval"},
};

START_TEST(bad_questions_are_refused)
{
    const struct question *question = &QUESTIONS[_i];
    struct client *client = client_create(service.port, service.key);
    struct reply reply =
        client_call(client, question->method, question->path, question->content_type,
                    strcmp(question->method, "POST") == 0 ? "{}" : NULL);
    ck_assert_msg(reply.status == question->status, "%s %s: %d %s", question->method,
                  question->path, reply.status, reply.body);
    ck_assert_msg(question->text == NULL || strstr(reply.body, question->text) != NULL ||
                      strstr(reply.head, question->text) != NULL,
                  "%s %s: %s%s", question->method, question->path, reply.head, reply.body);
    reply_clear(&reply);
    client_destroy(client);
}
END_TEST

START_TEST(keys_are_asked_for)
{
    static const char *const KEYS[] = {NULL, "clm_0000000000000000_0", "nonsense"};
    for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
        struct client *client = client_create(service.port, KEYS[i]);
        struct reply reply = client_get(client, "/v1/customers");
        ck_assert_int_eq(reply.status, 401);
        char value[64];
        ck_assert(reply_field(&reply, "WWW-Authenticate", value, sizeof value));
        reply_clear(&reply);
        reply = client_get(client, "/healthz");
        ck_assert_int_eq(reply.status, 200);
        reply_clear(&reply);
        client_destroy(client);
    }
}
END_TEST

/* What breaks the protocol's framing is refused and the connection closed. */
static const struct refusal RAW[] = {
    {"two lengths",
     "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
     400, NULL},
    {"length and chunks",
     "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: "
     "chunked\r\n\r\n"
     "0\r\n\r\n",
     400, NULL},
    {"no host", "GET /healthz HTTP/1.1\r\n\r\n", 400, NULL},
    {"no HTTP", "\x16\x03\x01\x02\r\n\r\n", 400, NULL},
};

START_TEST(broken_framing_is_refused)
{
    const struct refusal *raw = &RAW[_i];
    char *answer = client_raw(service.port, raw->body, strlen(raw->body), 20);
    ck_assert_ptr_nonnull(answer);
    bool is_closed = answer[0] == '\0';
    ck_assert_msg(is_closed || strncmp(answer, "HTTP/1.1 4", 10) == 0, "%s: %s", raw->name,
                  answer);
    ck_assert_msg(strstr(answer, "HTTP/1.1 2") == NULL, "%s: %s", raw->name, answer);
    free(answer);
}
END_TEST

/* Idle connections in great number take neither the service nor its threads from the others. */
START_TEST(idle_connections_do_no_harm)
{
    enum { WANTED = 10000 };
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    size_t count = limit.rlim_cur > WANTED + 100 ? WANTED : (size_t)limit.rlim_cur - 100;
    int *sockets = malloc(count * sizeof *sockets);
    struct client *client = client_create(service.port, service.key);
    struct reply reply = client_get(client, "/healthz");
    ck_assert_int_eq(reply.status, 200);
    reply_clear(&reply);
    for (size_t i = 0; i < count; i++)
        sockets[i] = client_connect(service.port);
    for (size_t i = 0; i < 20; i++) {
        reply = client_get(client, "/v1/customers");
        ck_assert_int_eq(reply.status, 200);
        reply_clear(&reply);
    }
    for (size_t i = 0; i < count; i++) {
        if (sockets[i] >= 0)
            close(sockets[i]);
    }
    free(sockets);
    client_destroy(client);
}
END_TEST

START_TEST(nothing_was_stored)
{
    struct client *client = client_create(service.port, service.key);
    struct reply reply = client_get(client, "/v1/customers");
    ck_assert_int_eq(reply.status, 200);
    ck_assert_msg(strstr(reply.body, "[]") != NULL, "%s", reply.body);
    reply_clear(&reply);
    client_destroy(client);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refusals");
    TCase *refusals = tcase_create("refusals");
    tcase_add_unchecked_fixture(refusals, start, stop);
    tcase_set_timeout(refusals, 60);
    tcase_add_loop_test(refusals, bad_events_are_refused, 0, (int)COUNT_OF(REFUSALS));
    tcase_add_test(refusals, deep_nesting_is_refused);
    tcase_add_test(refusals, a_body_too_large_is_refused);
    tcase_add_loop_test(refusals, bad_questions_are_refused, 0, (int)COUNT_OF(QUESTIONS));
    tcase_add_test(refusals, keys_are_asked_for);
    tcase_add_loop_test(refusals, broken_framing_is_refused, 0, (int)COUNT_OF(RAW));
    tcase_add_test(refusals, idle_connections_do_no_harm);
    tcase_add_test(refusals, nothing_was_stored);
    suite_add_tcase(suite, refusals);
    return tap_run(suite);
}
