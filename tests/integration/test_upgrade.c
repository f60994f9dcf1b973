/* Claims: while an upgrade makes the functions, views and types of the database anew, again and
 * again, nobody who posts, reads or changes notices but by the time it takes. */
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/senders.h"
#include "integration/service.h"
#include "tap.h"

#include <stdatomic.h>
#include <stdio.h>

enum { UPGRADES = 4, EVENTS = 300 /* acknowledged between two of them */, READERS = 4 };

static struct service service;
static struct db *db;

static void start(void)
{
    char url[128];
    service_start(&service);
    snprintf(url, sizeof url, "host=%s/socket user=clmd dbname=postgres", service.directory);
    db = db_create(url, 0);
}

static void stop(void)
{
    db_destroy(db);
    service_remove(&service);
}

/* What stands on many views, on few, and on none; and a change. */
static const struct {
    const char *method, *path, *body;
} REQUESTS[] = {
    {"GET", "/v1/customers?limit=5", NULL},
    {"GET", "/v1/signals", NULL},
    {"GET", "/v1/metrics/transitions?from=2026-01-01&to=2026-04-01", NULL},
    {"GET", "/v1/metrics/purchases?from=2026-01-01&to=2026-04-01", NULL},
    {"GET", "/v1/customers/c5", NULL},
    {"GET", "/v1/customers/c5/metrics?peers=all", NULL},
    {"GET", "/v1/events?limit=3", NULL},
    {"GET", "/v1/changes?limit=3", NULL},
    {"PATCH", "/v1/customers/c5", "{\"attributes\":{\"country\":\"DE\"}}"},
    {"PATCH", "/v1/customers/c5", "{\"attributes\":{\"country\":\"FR\"}}"},
};

struct reader {
    pthread_t thread;
    atomic_bool *is_over;
    int first;
    long answered;
    char fault[512]; /* the first answer that must not be; empty: none */
};

static void *read_on(void *argument)
{
    struct reader *reader = argument;
    struct client *client = client_create(service.port, service.key);
    for (size_t i = (size_t)reader->first; !atomic_load(reader->is_over); i++) {
        size_t at = i % COUNT_OF(REQUESTS);
        struct reply reply = client_call(
            client, REQUESTS[at].method, REQUESTS[at].path,
            REQUESTS[at].body ? "application/merge-patch+json" : NULL, REQUESTS[at].body);
        if (reply.status / 100 != 2 && !*reader->fault)
            snprintf(reader->fault, sizeof reader->fault, "%s: %d %s", REQUESTS[at].path,
                     reply.status, reply.body ? reply.body : "");
        reader->answered++;
        reply_clear(&reply);
    }
    client_destroy(client);
    return NULL;
}

/* As a version does whose functions are others. */
static void upgrade(void)
{
    static const char *const MIGRATE[] = {"migrate", NULL};
    struct problem why = {0};
    char output[4096];
    ck_assert(db_execute(db,
                         "update clmd.migration set digest = 'other' where name = 'repeatable'",
                         NULL, &why));
    ck_assert_msg(service_command(&service, MIGRATE, output, sizeof output) == 0, "%s", output);
}

START_TEST(nobody_notices_an_upgrade)
{
    struct crowd crowd = {0};
    struct reader readers[READERS] = {0};
    atomic_bool is_over = false;
    crowd_start(&crowd, &service, 1);
    crowd_await(&crowd, EVENTS);
    for (int i = 0; i < READERS; i++) {
        readers[i].is_over = &is_over;
        readers[i].first = i * 3;
        ck_assert_int_eq(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
    }
    for (int i = 0; i < UPGRADES; i++) {
        upgrade();
        crowd_await(&crowd, EVENTS);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        ck_assert_msg(!*readers[i].fault, "%s", readers[i].fault);
        ck_assert_int_gt(readers[i].answered, 0);
    }
    crowd_stop(&crowd);
    crowd_print(&crowd);
    ck_assert_int_eq(atomic_load(&crowd.refused), 0);
    ck_assert_int_eq(atomic_load(&crowd.unanswered), 0);
    crowd_check(&crowd, db);
    answer_verified(&service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("upgrade");
    TCase *tests = tcase_create("upgrade");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, nobody_notices_an_upgrade);
    return tap_run(suite);
}
