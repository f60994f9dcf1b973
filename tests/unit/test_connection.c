/* The deadlines of connections, and what a client sees of their end. */
#include "http/connection.h"

#include "base/compiler.h"
#include "http/listen.h"
#include "tap.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SECOND = 1000000, REQUEST = 30, IDLE = 75, HOUR = 3600 };

static struct connections all;
static struct connection *connection;
static int client;

static void set_up(void)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    all = (struct connections){.request_seconds = REQUEST, .idle_seconds = IDLE};
    client = pair[0];
    connection = connection_open(&all, pair[1], 0);
    ck_assert_ptr_nonnull(connection);
}

static void tear_down(void)
{
    close(connection->socket);
    close(client);
    connection_close(&all, connection);
    ck_assert_uint_eq(all.count, 0);
}

static bool is_open(void)
{
    char byte;
    return recv(client, &byte, 1, MSG_DONTWAIT) < 0;
}

static bool outlives(int64_t seconds)
{
    connections_sweep(&all, seconds * SECOND);
    return is_open();
}

START_TEST(a_request_has_to_come)
{
    ck_assert(outlives(REQUEST - 1));
    connection_begin(&all, connection, (REQUEST - 1) * (int64_t)SECOND);
    ck_assert(!outlives(REQUEST));
}
END_TEST

START_TEST(an_answer_is_waited_for)
{
    connection_begin(&all, connection, 0);
    connection_received(connection);
    ck_assert(outlives(HOUR));
    connections_finish_idle(&all);
    connections_cut_unanswered(&all);
    ck_assert(is_open());
}
END_TEST

START_TEST(an_answer_has_to_be_taken)
{
    connection_begin(&all, connection, 0);
    connection_received(connection);
    connection_answered(&all, connection, 100 * 32768, 0);
    connections_finish_idle(&all);
    connections_cut_unanswered(&all);
    ck_assert(outlives(REQUEST + 99));
    ck_assert(!outlives(REQUEST + 100));
}
END_TEST

START_TEST(rest_has_its_end)
{
    connection_begin(&all, connection, 0);
    connection_received(connection);
    connection_answered(&all, connection, 0, 0);
    connection_rest(&all, connection, 0);
    ck_assert(outlives(REQUEST + IDLE - 1));
    ck_assert(!outlives(REQUEST + IDLE));
}
END_TEST

START_TEST(what_is_idle_ends_unless_its_next_request_came)
{
    ck_assert_int_eq(send(client, "G", 1, 0), 1);
    connections_finish_idle(&all);
    ck_assert(is_open());
    char byte;
    ck_assert_int_eq(recv(connection->socket, &byte, 1, 0), 1);
    connections_finish_idle(&all);
    ck_assert(!is_open());
}
END_TEST

START_TEST(an_upload_lives_while_it_moves)
{
    connection_begin(&all, connection, 0);
    for (int64_t at = 0; at < HOUR; at += REQUEST - 1) {
        ck_assert(outlives(at));
        connection_takes(&all, connection, at * SECOND);
    }
    ck_assert(!outlives((int64_t)2 * HOUR));
}
END_TEST

START_TEST(an_upload_ends_with_its_client)
{
    connection_takes(&all, connection, 0);
    ck_assert_int_eq(send(client, "G", 1, 0), 1);
    ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
    ck_assert(outlives(0));
    char byte;
    ck_assert_int_eq(recv(connection->socket, &byte, 1, 0), 1);
    ck_assert(!outlives(0));
}
END_TEST

/* Every time of a request, a client takes so many bytes a second of what goes out without end.
 */
static const struct {
    int rate;
    bool lives;
} READERS[] = {{0, false}, {1, false}, {1000, false}, {1100, true}, {100000, true}};

START_TEST(a_reader_lives_while_it_takes_enough)
{
    bool lives = true;
    connection_gives(&all, connection, 0, 0);
    for (int64_t at = REQUEST; at <= (int64_t)5 * REQUEST && lives; at += REQUEST) {
        connection_gives(&all, connection, (size_t)READERS[_i].rate * REQUEST, at * SECOND);
        lives = connections_sweep(&all, at * SECOND) == 0;
    }
    ck_assert_int_eq(lives, READERS[_i].lives);
}
END_TEST

START_TEST(what_the_kernel_holds_is_not_taken)
{
    static const char bytes[(size_t)REQUEST * 2048];
    connection_gives(&all, connection, 0, 0);
    ck_assert_uint_eq(connections_sweep(&all, (int64_t)REQUEST * SECOND), 0);
    ck_assert_int_eq(send(connection->socket, bytes, sizeof bytes, 0), sizeof bytes);
    connection_gives(&all, connection, sizeof bytes, (int64_t)REQUEST * SECOND);
    ck_assert_uint_eq(connections_sweep(&all, (int64_t)2 * REQUEST * SECOND), 1);
}
END_TEST

START_TEST(a_reader_that_waits_for_us_is_not_cut)
{
    connection_gives(&all, connection, 0, 0);
    for (int64_t at = REQUEST - 1; at < HOUR; at += REQUEST - 1) {
        connection_received(connection);
        ck_assert(outlives(at));
        connection_gives(&all, connection, 1, at * SECOND);
        ck_assert(outlives(at));
    }
}
END_TEST

static const struct {
    const char *address, *host, *port; /* host NULL: no address */
} PLACES[] = {
    {"127.0.0.1:8080", "127.0.0.1", "8080"},
    {"[::1]:80", "::1", "80"},
    {"localhost:0", "localhost", "0"},
    {":8080", "", "8080"},
    {"[]:1", "", "1"},
    {"localhost", NULL, NULL},
    {"::1:80", NULL, NULL},
    {"localhost:", NULL, NULL},
    {"localhost:http", NULL, NULL},
    {"localhost:65536", NULL, NULL},
    {"localhost:123456", NULL, NULL},
};

START_TEST(addresses_are_read)
{
    struct place place;
    bool is_read = place_read(PLACES[_i].address, &place);
    ck_assert_int_eq(is_read, PLACES[_i].host != NULL);
    if (!is_read)
        return;
    ck_assert_str_eq(place.host, PLACES[_i].host);
    ck_assert_str_eq(place.port, PLACES[_i].port);
}
END_TEST

static const struct {
    const char *address;
    bool is_local;
} REACHED[] = {
    {"127.0.0.1:8080", true}, {"127.9.9.9:1", true},
    {"[::1]:80", true},       {"[::ffff:127.0.0.1]:80", true},
    {"0.0.0.0:8080", false},  {"[::]:8080", false},
    {"10.0.0.7:8080", false}, {"128.0.0.1:80", false},
    {"[::2]:80", false},      {":8080", false},
};

START_TEST(what_only_this_host_reaches_is_local)
{
    ck_assert_int_eq(place_is_local(REACHED[_i].address), REACHED[_i].is_local);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("connection");
    TCase *tests = tcase_create("connection"), *places = tcase_create("places");
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, places);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_request_has_to_come);
    tcase_add_test(tests, an_answer_is_waited_for);
    tcase_add_test(tests, an_answer_has_to_be_taken);
    tcase_add_test(tests, rest_has_its_end);
    tcase_add_test(tests, what_is_idle_ends_unless_its_next_request_came);
    tcase_add_test(tests, an_upload_lives_while_it_moves);
    tcase_add_test(tests, an_upload_ends_with_its_client);
    tcase_add_loop_test(tests, a_reader_lives_while_it_takes_enough, 0, COUNT_OF(READERS));
    tcase_add_test(tests, what_the_kernel_holds_is_not_taken);
    tcase_add_test(tests, a_reader_that_waits_for_us_is_not_cut);
    tcase_add_loop_test(places, what_only_this_host_reaches_is_local, 0, COUNT_OF(REACHED));
    tcase_add_loop_test(places, addresses_are_read, 0, COUNT_OF(PLACES));
    return tap_run(suite);
}
