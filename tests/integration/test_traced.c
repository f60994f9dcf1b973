/* Claim: while PostgreSQL works for a request whose trace is recorded, its application_name
 * says so, whether it is asked once, in a transaction, or for rows of any number; and not a
 * moment longer. */
#include "base/clock.h"
#include "base/compiler.h"
#include "integration/client.h"
#include "integration/cluster.h"
#include "integration/service.h"
#include "tap.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { SOON = 20 * 1000000 };

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static struct test_cluster cluster;
static struct service service;
static struct db *holder, *looker; /* the test's own */

static void set_up(void)
{
    test_cluster_start(&cluster);
    service_outside(&service, embedded_url(cluster.embedded));
    holder = db_create(embedded_url(cluster.embedded), 0);
    looker = db_create(embedded_url(cluster.embedded), 0);
}

static void tear_down(void)
{
    db_destroy(holder);
    db_destroy(looker);
    service_remove(&service);
    test_cluster_remove(&cluster);
}

static void run(struct db *db, const char *sql)
{
    struct problem why = {0};
    ck_assert_msg(db_execute(db, sql, NULL, &why), "%s: %s", sql, why.log_detail);
}

/* How many sessions that wait for a lock have a name like this. */
static int count_waiting(const char *name)
{
    char sql[256];
    PGresult *rows = NULL;
    struct problem why = {0};
    snprintf(sql, sizeof sql,
             "select count(*) from pg_stat_activity where application_name like '%s' "
             "and wait_event_type = 'Lock'",
             name);
    ck_assert(db_execute(looker, sql, &rows, &why));
    int count = PQgetvalue(rows, 0, 0)[0] - '0';
    PQclear(rows);
    return count;
}

static void await_waiting(const char *name)
{
    int64_t deadline = clock_monotonic() + SOON;
    while (count_waiting(name) == 0) {
        ck_assert_msg(clock_monotonic() < deadline, "nobody waits as %s", name);
        clock_pause(10);
    }
}

#define EVENT                                                                                  \
    "{\"id\":\"1\",\"source\":\"s\",\"type\":\"find.lead.created\",\"subject\":\"a\","         \
    "\"time\":\"2026-03-01T09:30:00Z\",\"data\":{\"channel\":\"ad\"}}"

static const struct {
    const char *method, *path, *type, *body;
    int status;
} ASKED[] = {
    {"POST", "/v1/events", "Content-Type: application/json\r\n", EVENT, 201},
    {"GET", "/v1/customers/a", "", NULL, 200},
    {"PUT", "/v1/customers/b", "Content-Type: application/json\r\n", "{}", 201},
    {"GET", "/v1/exports/customers", "", NULL, 200},
};

struct call {
    size_t number;
    const char *flags;
    int status;
};

static void *ask(void *context)
{
    struct call *call = context;
    char fields[256];
    const char *body = ASKED[call->number].body;
    struct client *client = client_create(service.port, service.key);
    snprintf(fields, sizeof fields, "%straceparent: 00-" TRACE "-" SPAN "-%s\r\n",
             ASKED[call->number].type, call->flags);
    struct reply reply =
        client_ask(client, ASKED[call->number].method, ASKED[call->number].path, fields, body,
                   body ? strlen(body) : 0);
    call->status = reply.status;
    reply_clear(&reply);
    client_destroy(client);
    return NULL;
}

/* While the tables of customers and events are locked, it must wait under this name. */
static int wait_as(size_t number, const char *flags, const char *name)
{
    pthread_t thread;
    struct call call = {number, flags, 0};
    run(holder, "begin; lock table lifecycle.customer, lifecycle.event "
                "in access exclusive mode");
    ck_assert_int_eq(pthread_create(&thread, NULL, ask, &call), 0);
    await_waiting(name);
    run(holder, "rollback");
    pthread_join(thread, NULL);
    return call.status;
}

/* The sweep may wait for the locks as well, under the program's own name. */
START_TEST(what_is_recorded_can_be_found_in_the_database)
{
    for (size_t i = 0; i < COUNT_OF(ASKED); i++) {
        int status = wait_as(i, "01", "clmd " TRACE " " SPAN);
        ck_assert_msg(status == ASKED[i].status, "%s: %d", ASKED[i].path, status);
        run(looker,
            "do $$ begin if exists (select from pg_stat_activity where application_name "
            "like '%4bf92f%' and state = 'idle') then raise 'it stays'; end if; end $$");
    }
    ck_assert_int_eq(wait_as(0, "00", "clmd"), 200);
    ck_assert_int_eq(count_waiting("clmd %"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("traced");
    TCase *all = tcase_create("traced");
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, what_is_recorded_can_be_found_in_the_database);
    suite_add_tcase(suite, all);
    return tap_run(suite);
}
