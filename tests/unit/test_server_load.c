/* The HTTP service under many clients, and under bad ones. */
#include "http_client.h"
#include "http_service.h"
#include "tap.h"

#include <sys/resource.h>

enum { SECOND = 1000000 };

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

/* Bad clients ------------------------------------------------------------------------------ */

/* Says `piece` every 20 ms until the server hangs up; the microseconds that took. */
static int64_t say_until_cut(const char *piece)
{
    int64_t begun = clock_monotonic(), deadline = begun + 15 * SECOND;
    struct pollfd ready = {.fd = client.socket, .events = POLLIN};
    while (poll(&ready, 1, 20) == 0 && client_say(&client, piece))
        ck_assert_int_lt(clock_monotonic(), deadline);
    return clock_monotonic() - begun;
}

START_TEST(slow_requests_are_cut)
{
    static const char *const BEGINNINGS[] = {"G", "GET /ping HTTP/1.1\r\n" HOST "X-Slow: ",
                                             "POST /echo HTTP/1.1\r\n" HOST JSON
                                             "Content-Length: 60000\r\n\r\n"};
    config.request_seconds = 1;
    start();
    ck_assert(client_say(&client, BEGINNINGS[_i]));
    int64_t time = say_until_cut("x");
    ck_assert_int_ge(time, SECOND / 2);
    ck_assert_int_le(time, 4 * SECOND);
    stop();
}
END_TEST

START_TEST(slow_requests_are_cut_on_a_kept_connection)
{
    config.request_seconds = config.idle_seconds = 1;
    start();
    ck_assert(client_say(&client, "GET /ping HTTP/1.1\r\n" HOST "\r\n"));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert(client_say(&client, "GET /ping HTTP/1.1\r\n"));
    ck_assert_int_le(say_until_cut("X: y\r\n"), 4 * SECOND);
    stop();
}
END_TEST

START_TEST(idle_connections_are_closed)
{
    config.idle_seconds = 1;
    start();
    ck_assert(client_say(&client, "GET /ping HTTP/1.1\r\n" HOST "\r\n"));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert(client_sees_end(&client));
    stop();
}
END_TEST

/* A request that waits for a worker is not its client's fault. */
START_TEST(parked_requests_are_never_cut)
{
    struct pollfd ready = {.events = POLLIN};
    config.request_seconds = config.idle_seconds = 1;
    start();
    ck_assert(client_say(&client, "GET /gate HTTP/1.1\r\n" HOST "\r\n"));
    ready.fd = client.socket;
    ck_assert_int_eq(poll(&ready, 1, 3500), 0);
    service_open_gate(&service);
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 200);
    stop();
}
END_TEST

/* A client may say that it has said all, and still wants its answer. */
START_TEST(a_half_closed_connection_gets_its_answer)
{
    start();
    ck_assert(client_say(&client, "GET /gate HTTP/1.1\r\n" HOST "\r\n"));
    ck_assert_int_eq(shutdown(client.socket, SHUT_WR), 0);
    service_await_gate(&service, 1);
    service_open_gate(&service);
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert(client_sees_end(&client));
    stop();
}
END_TEST

/* The refusal arrives, and no reset instead of it, though the client goes on to send. */
START_TEST(a_refused_body_may_still_be_sent)
{
    static char body[1 << 20];
    start();
    ck_assert(client_say(&client, "POST /echo HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
                                  "Content-Length: 1048576\r\n\r\n"));
    ck_assert(client_send(&client, body, sizeof body));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 415);
    ck_assert_str_eq(reply_field(&reply, "Connection"), "close");
    ck_assert(client_sees_end(&client));
    stop();
}
END_TEST

static bool say_chunks(int count)
{
    static char chunk[4096 + 8];
    memset(chunk, 'x', sizeof chunk);
    memcpy(chunk, "1000\r\n", 6);
    memcpy(chunk + 6 + 4096, "\r\n", 2);
    for (int i = 0; i < count; i++)
        if (!client_send(&client, chunk, 6 + 4096 + 2))
            return false;
    return true;
}

START_TEST(a_body_over_the_limit_is_told_at_its_end)
{
    start();
    ck_assert(client_say(&client, "POST /echo HTTP/1.1\r\n" HOST JSON
                                  "Transfer-Encoding: chunked\r\n\r\n"));
    ck_assert(say_chunks(SERVICE_BODY_LIMIT / 4096 + 1));
    ck_assert(client_say(&client, "0\r\n\r\n"));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 413);
    ck_assert(client_sees_end(&client));
    stop();
}
END_TEST

START_TEST(a_body_without_end_is_cut)
{
    start();
    ck_assert(client_say(&client, "POST /echo HTTP/1.1\r\n" HOST JSON
                                  "Transfer-Encoding: chunked\r\n\r\n"));
    ck_assert(!say_chunks(1 << 20));
    stop();
}
END_TEST

START_TEST(a_full_lane_is_told)
{
    struct client waiting[3];
    config.read_workers = config.queue_limit = 1;
    start();
    for (unsigned i = 0; i < 2; i++) {
        client_dial(&waiting[i], service.port);
        ck_assert(client_say(&waiting[i], "GET /gate HTTP/1.1\r\n" HOST "\r\n"));
        if (i == 0)
            service_await_gate(&service, 1);
    }
    int64_t deadline = client_deadline();
    while (server_lane_standing(service.server, LANE_READ).queued < 1)
        ck_assert_int_lt(clock_monotonic(), deadline);
    ck_assert(client_say(&client, "GET /read HTTP/1.1\r\n" HOST "\r\n"));
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 503);
    ck_assert_str_eq(reply_field(&reply, "Retry-After"), "1");
    service_open_gate(&service);
    for (int i = 0; i < 2; i++) {
        client_receive(&waiting[i], &reply);
        ck_assert_int_eq(reply.status, 200);
        client_hang_up(&waiting[i]);
    }
    stop();
}
END_TEST

/* Many clients ----------------------------------------------------------------------------- */

enum { MOST_CLIENTS = 257, ROUNDS = 10 };

static struct client clients[MOST_CLIENTS];

/* All say their request before any of them listens. */
static void ask_together(unsigned count, const char *request, int status)
{
    for (unsigned i = 0; i < count; i++)
        ck_assert(client_say(&clients[i], request));
    for (unsigned i = 0; i < count; i++) {
        client_receive(&clients[i], &reply);
        ck_assert_int_eq(reply.status, status);
    }
}

static const unsigned CLIENT_COUNTS[] = {1, 127, 128, 129, 200, 255, 256, 257};

START_TEST(all_that_are_ready_together_are_served)
{
    unsigned count = CLIENT_COUNTS[_i % (int)COUNT_OF(CLIENT_COUNTS)];
    config.io_threads = _i < (int)COUNT_OF(CLIENT_COUNTS) ? 1 : 2;
    start();
    for (unsigned i = 0; i < count; i++)
        client_dial(&clients[i], service.port);
    for (int round = 0; round < ROUNDS; round++) {
        ask_together(count, "GET /ping HTTP/1.1\r\n" HOST "\r\n", 200);
        ask_together(count, "GET /read HTTP/1.1\r\n" HOST "\r\n", 200);
        ask_together(count, "POST /write HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n\r\n{}",
                     201);
    }
    ck_assert_uint_eq(atomic_load(&service.answered), count * ROUNDS);
    for (unsigned i = 0; i < count; i++)
        client_hang_up(&clients[i]);
    stop();
}
END_TEST

START_TEST(one_address_has_a_limit)
{
    config.io_threads = 1;
    config.address_limit = 4;
    start();
    for (unsigned i = 0; i < 4; i++)
        client_dial(&clients[i], service.port);
    ck_assert(client_sees_end(&clients[3]));
    for (unsigned i = 0; i < 4; i++)
        client_hang_up(&clients[i]);
    stop();
}
END_TEST

enum { FILES = 128, A_WHILE_MILLISECONDS = 300 };

/* All that this process may have; how many. */
static size_t use_up_files(int files[FILES])
{
    struct rlimit limit;
    size_t count = 0;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = FILES;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while (count < FILES && (files[count] = dup(client.socket)) >= 0)
        count++;
    return count;
}

/* Who came when there was no file is taken as soon as there is, though nobody else goes. */
START_TEST(missing_files_are_a_passing_thing)
{
    struct client late;
    int files[FILES];
    config.io_threads = 1;
    start();
    ck_assert(client_say(&client, "GET /ping HTTP/1.1\r\n" HOST "\r\n"));
    client_receive(&client, &reply);
    client_make(&late);
    size_t count = use_up_files(files);
    client_connect(&late, service.port);
    struct pollfd answer = {.fd = late.socket, .events = POLLIN};
    ck_assert(client_say(&late, "GET /ping HTTP/1.1\r\n" HOST "\r\n"));
    bool is_served = poll(&answer, 1, A_WHILE_MILLISECONDS) > 0;
    while (count > 0)
        close(files[--count]);
    ck_assert(!is_served);
    int64_t begun = clock_monotonic();
    client_receive(&late, &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_int_lt(clock_monotonic() - begun, 2 * SECOND);
    client_hang_up(&late);
    stop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server_load");
    TCase *tests = tcase_create("server_load"), *files = tcase_create("files");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_loop_test(tests, slow_requests_are_cut, 0, 3);
    tcase_add_test(tests, slow_requests_are_cut_on_a_kept_connection);
    tcase_add_test(tests, idle_connections_are_closed);
    tcase_add_test(tests, parked_requests_are_never_cut);
    tcase_add_test(tests, a_half_closed_connection_gets_its_answer);
    tcase_add_test(tests, a_refused_body_may_still_be_sent);
    tcase_add_test(tests, a_body_over_the_limit_is_told_at_its_end);
    tcase_add_test(tests, a_body_without_end_is_cut);
    tcase_add_test(tests, a_full_lane_is_told);
    tcase_add_loop_test(tests, all_that_are_ready_together_are_served, 0,
                        2 * COUNT_OF(CLIENT_COUNTS));
    tcase_add_test(tests, one_address_has_a_limit);
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, files);
    tcase_add_checked_fixture(files, set_up, NULL);
    tcase_set_timeout(files, 60);
    tcase_add_test(files, missing_files_are_a_passing_thing);
    return tap_run(suite);
}
