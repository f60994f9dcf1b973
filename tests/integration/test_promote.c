/* Claims: with several hosts in the URL, a host that swallows packets keeps nobody from the
 * next one; when the primary is lost, reads go on from the standby, and events as soon as it is
 * promoted; nothing that was acknowledged is lost. */
#include "base/clock.h"
#include "integration/cluster.h"
#include "integration/outage.h"
#include "integration/standby.h"
#include "tap.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 20, SECOND = 1000000, HOST_SECONDS = 4 /* of the first host, and some */ };

static struct test_cluster cluster;

/* A socket that takes connections as far as the kernel does, and never says a word. */
static int open_silence(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int silence = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(silence, 0);
    ck_assert_int_eq(bind(silence, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(listen(silence, 8), 0);
    ck_assert_int_eq(getsockname(silence, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return silence;
}

START_TEST(a_silent_host_keeps_nobody_from_the_next)
{
    struct problem why = {0};
    char url[192];
    int port, silence = open_silence(&port);
    test_cluster_start(&cluster);
    snprintf(url, sizeof url, "host=127.0.0.1,%s/socket port=%d,%d user=clmd dbname=postgres",
             cluster.directory, port, CLUSTER_PORT);
    struct db *db = db_create(url, 1);
    int64_t began_at = clock_monotonic();
    ck_assert_msg(db_execute(db, "select 1", NULL, &why), "%s", why.log_detail);
    ck_assert_int_lt(clock_monotonic() - began_at, (int64_t)HOST_SECONDS * SECOND);
    db_destroy(db);
    close(silence);
    test_cluster_remove(&cluster);
}
END_TEST

static void start(struct outage *outage, struct standby *standby)
{
    char url[256];
    test_cluster_start(&cluster);
    standby_start(standby, &cluster);
    snprintf(url, sizeof url,
             "host=%s/socket,%s/socket user=clmd_server dbname=postgres "
             "target_session_attrs=read-write",
             cluster.directory, standby->directory);
    outage_start(outage, embedded_url(cluster.embedded), url);
}

START_TEST(a_standby_takes_over)
{
    struct standby standby;
    struct outage outage;
    start(&outage, &standby);
    for (int i = 0; i < EVENTS; i++)
        outage_check_post(&outage, 201);
    ck_assert_int_eq(kill(test_cluster_postmaster(&cluster), SIGKILL), 0);
    while (PQping(embedded_url(cluster.embedded)) == PQPING_OK)
        clock_pause(1);
    struct reply reply = outage_post(&outage, 503);
    outage_check_told(&reply, "read-only");
    outage_check_get(&outage, "/v1/customers", 200);
    outage_await_ready(&outage, 503);
    standby_promote(&standby);
    outage_await_recovery(&outage);
    struct db *promoted = db_create(standby.url, 0);
    outage_check_stored(&outage, promoted);
    db_destroy(promoted);
    outage_stop(&outage);
    standby_remove(&standby);
    test_cluster_remove(&cluster);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("promote");
    TCase *hosts = tcase_create("hosts");
    suite_add_tcase(suite, hosts);
    tcase_set_timeout(hosts, 120);
    tcase_add_test(hosts, a_silent_host_keeps_nobody_from_the_next);
    tcase_add_test(hosts, a_standby_takes_over);
    return tap_run(suite);
}
