/* The HTTP service as a single client sees it, byte by byte. */
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

static void ask(const char *request)
{
    ck_assert(client_say(&client, request));
    client_receive(&client, &reply);
}

static bool has_field(const char *name, const char *value)
{
    const char *given = reply_field(&reply, name);
    return given && strcmp(given, value) == 0;
}

START_TEST(a_connection_is_kept)
{
    for (int i = 0; i < 3; i++) {
        ask("GET /ping HTTP/1.1\r\n" HOST "\r\n");
        ck_assert_int_eq(reply.status, 200);
        ck_assert_str_eq(reply.body, "pong");
        ask("GET /read HTTP/1.1\r\n" HOST "\r\n");
        ck_assert_int_eq(reply.status, 200);
        ask("GET /nothing HTTP/1.1\r\n" HOST "\r\n");
        ck_assert_int_eq(reply.status, 404);
    }
}
END_TEST

START_TEST(requests_have_ids)
{
    ask("GET /ping HTTP/1.1\r\n" HOST "X-Request-Id: my-own_1.\r\n\r\n");
    ck_assert(has_field("X-Request-Id", "my-own_1."));
    ask("GET /ping HTTP/1.1\r\n" HOST "X-Request-Id: not good\r\n\r\n");
    ck_assert_uint_eq(strlen(reply_field(&reply, "X-Request-Id")), 36);
    ask("GET /nothing HTTP/1.1\r\n" HOST "X-Request-Id: here\r\n\r\n");
    ck_assert(has_field("X-Request-Id", "here"));
    ck_assert_ptr_nonnull(strstr(reply.body, "\"instance\":\"here\""));
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    static const char *const BODIES[] = {"pong", "[1]", "[2]", "pong", "x|"};
    ck_assert(client_say(&client,
                         "GET /read HTTP/1.1\r\n" HOST "\r\n"
                         "POST /write HTTP/1.1\r\n" HOST JSON "Content-Length: 3\r\n\r\n[1]"
                         "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Length: 3\r\n\r\n[2]"
                         "GET /ping HTTP/1.1\r\n" HOST "\r\n"
                         "GET /things/x HTTP/1.1\r\n" HOST "\r\n"));
    for (size_t i = 0; i < COUNT_OF(BODIES); i++) {
        client_receive(&client, &reply);
        ck_assert_str_eq(reply.body, BODIES[i]);
    }
}
END_TEST

START_TEST(bodies_come_in_chunks_and_in_pieces)
{
    ask("POST /echo HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: chunked\r\n\r\n"
        "3\r\n[1,\r\n6;x=y\r\n2,3,4]\r\n0\r\nTrailer: x\r\n\r\n");
    ck_assert_int_eq(reply.status, 200);
    ck_assert_str_eq(reply.body, "[1,2,3,4]");
    ck_assert(client_say(&client,
                         "POST /write HTTP/1.1\r\n" HOST JSON "Content-Length: 20000\r\n\r\n"));
    for (int i = 0; i < 2000; i++)
        ck_assert(client_say(&client, "0123456789"));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 201);
    ck_assert_uint_eq(reply.body_length, 20000);
    ck_assert_mem_eq(reply.body + 19990, "0123456789", 10);
}
END_TEST

START_TEST(an_empty_body_and_an_ignored_one)
{
    ask("POST /echo HTTP/1.1\r\n" HOST JSON "Content-Length: 0\r\n\r\n");
    ck_assert_int_eq(reply.status, 200);
    ck_assert_uint_eq(reply.body_length, 0);
    ask("GET /ping HTTP/1.1\r\n" HOST "Content-Length: 7\r\n\r\nignored");
    ck_assert_int_eq(reply.status, 200);
    ask("GET /read HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_int_eq(reply.status, 200);
}
END_TEST

START_TEST(a_client_may_wait_to_be_asked_on)
{
    ck_assert(client_say(&client, "POST /echo HTTP/1.1\r\n" HOST JSON
                                  "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 100);
    ask("[]");
    ck_assert_int_eq(reply.status, 200);
    ask("POST /echo HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
        "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    ck_assert_int_eq(reply.status, 415);
}
END_TEST

START_TEST(head_and_options)
{
    ck_assert(client_say(&client, "HEAD /ping HTTP/1.1\r\n" HOST "\r\n"));
    client_receive_for(&client, &reply, true);
    ck_assert_int_eq(reply.status, 200);
    ck_assert(has_field("Content-Length", "4"));
    ask("OPTIONS /things/x HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_int_eq(reply.status, 204);
    ck_assert(has_field("Allow", "GET, HEAD, OPTIONS"));
    ask("OPTIONS /nothing HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_int_eq(reply.status, 404);
}
END_TEST

START_TEST(targets_are_decoded)
{
    static const struct {
        const char *target, *body;
    } CASES[] = {
        {"/things/a%2Fb%20c", "a/b c|"},
        {"/things/a+b?limit=1+2", "a+b|1 2"},
        {"/things/%C3%A4?&limit=%C3%BC&", "\xc3\xa4|\xc3\xbc"},
        {"/things/x?limit", "x|"},
        {"/things/x?limit=a=b", "x|a=b"},
        {"http://somewhere:80/things/x", "x|"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char request[256];
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HOST "\r\n", CASES[i].target);
        ask(request);
        ck_assert_int_eq(reply.status, 200);
        ck_assert_str_eq(reply.body, CASES[i].body);
    }
}
END_TEST

static const struct refusal {
    int status;
    const char *request;
    const char *contains;
} REFUSALS[] = {
    {404, "GET /nothing HTTP/1.1\r\n" HOST "\r\n", "\"type\":\"/problems/"},
    {404, "GET /ping/ HTTP/1.1\r\n" HOST "\r\n", "\"status\":404"},
    {405, "POST /ping HTTP/1.1\r\n" HOST "\r\n", "GET, HEAD, OPTIONS"},
    {405, "get /ping HTTP/1.1\r\n" HOST "\r\n", "GET, HEAD, OPTIONS"},
    {503,
     "GET /locked HTTP/1.1\r\n" HOST "Authorization: Bearer clm_0123456789abcdef_x\r\n\r\n",
     "keys"},
    {401, "GET /locked HTTP/1.1\r\n" HOST "\r\n", "Bearer"},
    {400, "GET /things/a%00b HTTP/1.1\r\n" HOST "\r\n", "%00"},
    {400, "GET /things/a%0 HTTP/1.1\r\n" HOST "\r\n", "hexadecimal"},
    {400, "GET /things/%C3 HTTP/1.1\r\n" HOST "\r\n", "UTF-8"},
    {400, "GET /things/x?limit=%zz HTTP/1.1\r\n" HOST "\r\n", "hexadecimal"},
    {400, "GET /things/a b HTTP/1.1\r\n" HOST "\r\n", "percent-encoded"},
    {422, "GET /things/x?limits=1 HTTP/1.1\r\n" HOST "\r\n", "\"pointer\":\"?limits\""},
    {422, "GET /ping?a HTTP/1.1\r\n" HOST "\r\n", "\"pointer\":\"?a\""},
    {422, "GET /things/x?limit=1&limit=1 HTTP/1.1\r\n" HOST "\r\n", "\"pointer\":\"?limit\""},
    {406, "GET /read HTTP/1.1\r\n" HOST "Accept: text/html, */*;q=0\r\n\r\n", "/json"},
    {415, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", "application/json"},
    {415,
     "POST /echo HTTP/1.1\r\n" HOST
     "Content-Type: application/json; charset=latin1\r\nContent-Length: 0\r\n\r\n",
     "utf-8"},
    {415,
     "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Encoding: br\r\nContent-Length: 0\r\n\r\n",
     "gzip"},
    {411, "POST /echo HTTP/1.1\r\n" HOST JSON "\r\n", "Content-Length"},
    {500, "GET /failure HTTP/1.1\r\n" HOST "\r\n", "on purpose"},
};

START_TEST(refusals_are_problems)
{
    const struct refusal *refusal = &REFUSALS[_i];
    ask(refusal->request);
    ck_assert_int_eq(reply.status, refusal->status);
    ck_assert(has_field("Content-Type", "application/problem+json"));
    ck_assert(has_field("Cache-Control", "no-store"));
    ck_assert_msg(strstr(reply.body, refusal->contains) != NULL, "%s", reply.body);
    ck_assert_ptr_null(strstr(reply.body, "for the log"));
    ck_assert_int_eq(has_field("Retry-After", "1"), refusal->status == 503);
    ck_assert_int_eq(has_field("WWW-Authenticate", "Bearer"), refusal->status == 401);
    ck_assert_int_eq(reply_field(&reply, "Allow") != NULL, refusal->status == 405);
    ask("GET /ping HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_int_eq(reply.status, 200);
}
END_TEST

/* After these the connection cannot be trusted any more. */
static const struct refusal CLOSING[] = {
    {400,
     "POST /echo HTTP/1.1\r\n" HOST JSON
     "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "exclude"},
    {400,
     "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\nContent-Length: 0\r\n\r\n[]",
     "once"},
    {400,
     "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\nContent-Length: 2\r\n\r\n[]",
     "once"},
    {400, "POST /echo HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: gzip, chunked\r\n\r\n",
     "chunked"},
    {400, "POST /echo HTTP/1.0\r\n" HOST JSON "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "chunked"},
    {400, "GET /ping HTTP/1.1\r\n\r\n", "Host"},
    {400, "GET /ping HTTP/1.1\r\n" HOST HOST "\r\n", "Host"},
    {413, "POST /echo HTTP/1.1\r\n" HOST JSON "Content-Length: 65537\r\n\r\n", "65536"},
    {413, "GET /ping HTTP/1.1\r\n" HOST "Content-Length: 99999999999\r\n\r\n", "65536"},
};

START_TEST(unsound_requests_end_the_connection)
{
    ask(CLOSING[_i].request);
    ck_assert_int_eq(reply.status, CLOSING[_i].status);
    ck_assert_msg(strstr(reply.body, CLOSING[_i].contains) != NULL, "%s", reply.body);
    ck_assert(client_sees_end(&client));
}
END_TEST

/* Asks with `length` bytes between what stands before and after them. */
static void ask_at_length(const char *before, size_t length, const char *after)
{
    char request[20000];
    ck_assert_uint_lt(length + 100, sizeof request);
    memset(request, 'x', sizeof request);
    memcpy(request, before, strlen(before));
    memcpy(request + strlen(before) + length, after, strlen(after) + 1);
    ask(request);
}

static void ask_long_target(size_t length)
{
    ask_at_length("GET /things/", length, " HTTP/1.1\r\n" HOST "\r\n");
}

static void ask_long_header(size_t length)
{
    ask_at_length("GET /ping HTTP/1.1\r\n" HOST "X-Long: ", length, "\r\n\r\n");
}

START_TEST(long_but_not_too_long)
{
    ask_long_target(4000);
    ck_assert_int_eq(reply.status, 200);
    ask_long_header(7000);
    ck_assert_int_eq(reply.status, 200);
}
END_TEST

START_TEST(too_long_targets_are_refused)
{
    ask_long_target(5000);
    ck_assert_int_eq(reply.status, 414);
    ck_assert(has_field("Content-Type", "application/problem+json"));
}
END_TEST

/* By ourselves, and where libmicrohttpd has no room for them by its own page. */
static const size_t HEADER_LENGTHS[] = {8200, 10000, 13000, 15000, 18000};

START_TEST(too_long_headers_are_refused)
{
    ask_long_header(HEADER_LENGTHS[_i]);
    ck_assert_int_eq(reply.status, 431);
    ck_assert(client_sees_end(&client));
}
END_TEST

START_TEST(many_parameters_are_refused)
{
    char parameters[8 * 40 + 1];
    for (size_t i = 0; i < 40; i++)
        memcpy(parameters + 8 * i, "limit=1&", 9);
    char request[512];
    snprintf(request, sizeof request, "GET /things/x?%s HTTP/1.1\r\n" HOST "\r\n", parameters);
    ask(request);
    ck_assert_int_eq(reply.status, 422);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server");
    TCase *tests = tcase_create("server");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_connection_is_kept);
    tcase_add_test(tests, requests_have_ids);
    tcase_add_test(tests, pipelined_requests_are_answered_in_order);
    tcase_add_test(tests, bodies_come_in_chunks_and_in_pieces);
    tcase_add_test(tests, an_empty_body_and_an_ignored_one);
    tcase_add_test(tests, a_client_may_wait_to_be_asked_on);
    tcase_add_test(tests, head_and_options);
    tcase_add_test(tests, targets_are_decoded);
    tcase_add_loop_test(tests, refusals_are_problems, 0, COUNT_OF(REFUSALS));
    tcase_add_loop_test(tests, unsound_requests_end_the_connection, 0, COUNT_OF(CLOSING));
    tcase_add_test(tests, long_but_not_too_long);
    tcase_add_test(tests, too_long_targets_are_refused);
    tcase_add_loop_test(tests, too_long_headers_are_refused, 0, COUNT_OF(HEADER_LENGTHS));
    tcase_add_test(tests, many_parameters_are_refused);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
