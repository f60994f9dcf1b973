#include "integration/outage.h"

#include "base/clock.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_SIZE = 32768, SECOND = 1000000, PAUSE_MILLISECONDS = 20 };

void outage_run(struct outage *outage, const char *sql)
{
    struct problem why = {0};
    ck_assert_msg(db_execute(outage->admin, sql, NULL, &why), "%s: %s", sql, why.log_detail);
}

void outage_start(struct outage *outage, const char *admin_url, const char *server_url)
{
    static const char *const ROLES[] = {"roles", NULL};
    static char sql[OUTPUT_SIZE];
    struct service *service = &outage->service;
    setenv("CLMD_READ_SECONDS", "1", 1);
    setenv("CLMD_WRITE_SECONDS", "1", 1);
    outage->posted = 0;
    outage->admin = db_create(admin_url, 0);
    service_outside(service, admin_url);
    ck_assert_int_eq(service_stop(service), 0);
    ck_assert_int_eq(service_command(service, ROLES, sql, sizeof sql), 0);
    outage_run(outage, sql);
    ck_assert_uint_lt(strlen(server_url), sizeof service->database_url);
    memcpy(service->database_url, server_url, strlen(server_url) + 1);
    service_again(service);
    outage->client = client_create(service->port, service->key);
}

void outage_stop(struct outage *outage)
{
    client_destroy(outage->client);
    service_remove(&outage->service);
    db_destroy(outage->admin);
}

/* Another event each time; answered with this status, or with whatever it is where that is 0.
 */
struct reply outage_post(struct outage *outage, int status)
{
    char event[256];
    snprintf(event, sizeof event,
             "{\"id\":\"%d\",\"source\":\"shop\",\"type\":\"find.lead.created\","
             "\"subject\":\"customer-%d\",\"time\":\"2026-03-01T09:30:00Z\","
             "\"data\":{\"channel\":\"web_form\"}}",
             outage->posted, outage->posted);
    struct reply reply = client_post(outage->client, "/v1/events", event);
    ck_assert_msg(status == 0 || reply.status == status, "%d: %s", reply.status, reply.body);
    outage->posted += reply.status == 201 || reply.status == 200;
    return reply;
}

void outage_check_post(struct outage *outage, int status)
{
    struct reply reply = outage_post(outage, status);
    reply_clear(&reply);
}

void outage_check_get(struct outage *outage, const char *path, int status)
{
    struct reply reply = client_get(outage->client, path);
    ck_assert_msg(reply.status == status, "%s: %d: %s", path, reply.status, reply.body);
    reply_clear(&reply);
}

void outage_await_ready(struct outage *outage, int status)
{
    int64_t deadline = clock_monotonic() + (int64_t)OUTAGE_RECOVERY * SECOND;
    int told = 0;
    while (told != status) {
        ck_assert_msg(told == 0 || clock_monotonic() < deadline, "/readyz says %d", told);
        struct reply reply = client_get(outage->client, "/readyz");
        told = reply.status;
        reply_clear(&reply);
        clock_pause(PAUSE_MILLISECONDS);
    }
}

void outage_check_told(struct reply *reply, const char *words)
{
    char after[8];
    ck_assert_int_eq(reply->status, 503);
    ck_assert(reply_field(reply, "Retry-After", after, sizeof after));
    ck_assert_msg(strstr(reply->body, "/problems/unavailable") != NULL, "%s", reply->body);
    ck_assert_msg(strstr(reply->body, words) != NULL, "%s", reply->body);
    reply_clear(reply);
}

void outage_await_recovery(struct outage *outage)
{
    int64_t deadline = clock_monotonic() + (int64_t)OUTAGE_RECOVERY * SECOND;
    struct reply reply = outage_post(outage, 0);
    while (reply.status != 201 && reply.status != 200) {
        ck_assert_msg(clock_monotonic() < deadline, "%d: %s", reply.status, reply.body);
        reply_clear(&reply);
        clock_pause(PAUSE_MILLISECONDS);
        reply = outage_post(outage, 0);
    }
    reply_clear(&reply);
    outage_await_ready(outage, 200);
}

void outage_check_stored(struct outage *outage, struct db *db)
{
    struct problem why = {0};
    PGresult *rows;
    char expected[16];
    ck_assert(db_execute(db, "select count(*) from lifecycle.event", &rows, &why));
    snprintf(expected, sizeof expected, "%d", outage->posted);
    ck_assert_str_eq(PQgetvalue(rows, 0, 0), expected);
    PQclear(rows);
    answer_verified(&outage->service);
}
