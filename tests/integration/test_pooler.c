/* Claim: everything works through PgBouncer in transaction mode, with fewer connections to
 * PostgreSQL than the service has workers. Skipped where Debian's pgbouncer is not installed.
 */
#include "base/clock.h"
#include "base/compiler.h"
#include "db/cluster.h"
#include "integration/answers.h"
#include "integration/cluster.h"
#include "integration/outage.h"
#include "tap.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENTS = 30, PORT = 6432, PATIENCE_MICROSECONDS = 10 * 1000000 };

static const char PGBOUNCER[] = "/usr/sbin/pgbouncer";

struct pooler {
    struct user user;
    char directory[64], url[160];
    pid_t process;
};

static struct test_cluster cluster;

/* Two connections to PostgreSQL for all workers. */
static void configure(const struct pooler *pooler)
{
    char path[96];
    snprintf(path, sizeof path, "%s/pooler.ini", pooler->directory);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fprintf(file,
            "[databases]\npostgres = host=%s/socket port=%d dbname=postgres user=clmd_server\n"
            "[pgbouncer]\nlisten_port=%d\nunix_socket_dir=%s\nauth_type=any\n"
            "pool_mode=transaction\ndefault_pool_size=2\n",
            cluster.directory, CLUSTER_PORT, PORT, pooler->directory);
    fclose(file);
}

static void start_pooler(struct pooler *pooler)
{
    struct problem why = {0};
    int64_t deadline = clock_monotonic() + PATIENCE_MICROSECONDS;
    *pooler = (struct pooler){.directory = "/tmp/clmd-test-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(pooler->directory));
    ck_assert_msg(user_choose(&pooler->user, &why), "%s", why.detail);
    configure(pooler);
    if (pooler->user.is_other)
        ck_assert_int_eq(chown(pooler->directory, pooler->user.id, pooler->user.group), 0);
    const char *const program[] = {PGBOUNCER, "pooler.ini", NULL};
    pooler->process = process_start(&pooler->user, pooler->directory, "pooler.log", program);
    ck_assert_int_gt(pooler->process, 0);
    snprintf(pooler->url, sizeof pooler->url,
             "host=%s port=%d user=clmd_server dbname=postgres", pooler->directory, PORT);
    while (PQping(pooler->url) != PQPING_OK) {
        ck_assert_msg(clock_monotonic() < deadline, "the pooler does not come up");
        clock_pause(10);
    }
}

static void stop_pooler(const struct pooler *pooler)
{
    char path[96];
    static const char *const FILES[] = {"pooler.ini", "pooler.log"};
    ck_assert_int_eq(kill(pooler->process, SIGINT), 0);
    ck_assert_int_eq(waitpid(pooler->process, NULL, 0), pooler->process);
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        snprintf(path, sizeof path, "%s/%s", pooler->directory, FILES[i]);
        (void)unlink(path);
    }
    ck_assert_int_eq(rmdir(pooler->directory), 0);
}

/* Read again every second, since nothing is announced through a pooler. */
static void await_type(struct outage *outage)
{
    static const char EVENT[] =
        "{\"id\":\"demo\",\"source\":\"shop\",\"type\":\"sell.demo.held\",\"subject\":\"acme\","
        "\"time\":\"2026-03-02T09:30:00Z\",\"data\":{}}";
    char *body = answer_ask(outage->client, "PUT", "/v1/event-types/sell.demo.held",
                            "Content-Type: application/json\r\n",
                            "{\"entry\":\"enter\",\"fields\":[]}", 201, NULL, NULL, 0);
    free(body);
    struct reply reply = client_post(outage->client, "/v1/events", EVENT);
    ck_assert_msg(reply.status == 201, "%s", reply.body);
    reply_clear(&reply);
    outage->posted++;
}

static void check_ways(struct outage *outage)
{
    static const char *const PATHS[] = {"/v1/customers/customer-3/visits",
                                        "/v1/metrics/stage_population",
                                        "/v1/metrics?names=transitions,purchases",
                                        "/v1/exports/events",
                                        "/v1/settings",
                                        "/v1/customers?stage=find",
                                        "/v1/changes"};
    for (size_t i = 0; i < COUNT_OF(PATHS); i++)
        outage_check_get(outage, PATHS[i], 200);
    char *rehearsed = answer_ask(
        outage->client, "POST", "/v1/events?dry_run=true", "Content-Type: application/json\r\n",
        "{\"id\":\"r\",\"source\":\"shop\",\"type\":\"find.lead.created\",\"subject\":\"r\","
        "\"time\":\"2026-03-01T09:30:00Z\",\"data\":{\"channel\":\"web_form\"}}",
        200, NULL, NULL, 0);
    free(rehearsed);
    char *changed = answer_ask(outage->client, "PUT", "/v1/customers/new-one",
                               "Content-Type: application/json\r\nIdempotency-Key: k1\r\n",
                               "{\"attributes\":{\"country\":\"DE\"}}", 201, NULL, NULL, 0);
    free(changed);
}

static void check_import(struct outage *outage)
{
    static const char LINES[] =
        "{\"id\":\"i1\",\"source\":\"file\",\"type\":\"find.lead.created\",\"subject\":\"i1\","
        "\"time\":\"2026-03-01T09:30:00Z\",\"data\":{\"channel\":\"web_form\"}}\n";
    char *job = answer_ask(outage->client, "POST", "/v1/imports",
                           "Content-Type: application/x-ndjson\r\n", LINES, 202, NULL, NULL, 0);
    ck_assert_ptr_nonnull(strstr(job, "\"created\":1"));
    free(job);
}

START_TEST(everything_works_through_a_pooler)
{
    struct outage outage;
    struct pooler pooler;
    if (access(PGBOUNCER, X_OK) != 0) {
        fprintf(stderr, "# skipped: pgbouncer is not installed\n");
        return;
    }
    test_cluster_start(&cluster);
    outage_start(&outage, embedded_url(cluster.embedded),
                 embedded_url_as(cluster.embedded, EMBEDDED_SERVER));
    ck_assert_int_eq(service_stop(&outage.service), 0);
    start_pooler(&pooler);
    setenv("CLMD_POOLER", "true", 1);
    snprintf(outage.service.database_url, sizeof outage.service.database_url, "%s", pooler.url);
    service_again(&outage.service);
    client_destroy(outage.client);
    outage.client = client_create(outage.service.port, outage.service.key);
    for (int i = 0; i < EVENTS; i++)
        outage_check_post(&outage, 201);
    await_type(&outage);
    check_ways(&outage);
    check_import(&outage);
    answer_verified(&outage.service);
    outage_stop(&outage);
    stop_pooler(&pooler);
    test_cluster_remove(&cluster);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pooler");
    TCase *pooler = tcase_create("pooler");
    suite_add_tcase(suite, pooler);
    tcase_set_timeout(pooler, 120);
    tcase_add_test(pooler, everything_works_through_a_pooler);
    return tap_run(suite);
}
