#include "integration/senders.h"

#include "base/clock.h"
#include "integration/client.h"

#include <check.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATIENCE_MICROSECONDS = 120 * 1000000, /* for a request, with all its repetitions */
    PAUSE_MILLISECONDS = 10,               /* before it is repeated */
    KINDS = 3
};

/* Each is printed with the number of its event. */
static const struct {
    const char *type, *data;
} EVENTS[KINDS] = {
    {"sell.order.placed",
     "\"order_id\":\"%d-%ld\",\"amount\":100,\"currency\":\"EUR\",\"units\":1"},
    {"bill.payment.succeeded", "\"payment_id\":\"%d-%ld\",\"amount\":100,\"currency\":\"EUR\""},
    {"support.case.opened", "\"case_id\":\"%d-%ld\""},
};

static void write_event(FILE *out, const struct sender *sender, long number)
{
    long customer = (sender->number + number) % SENDERS_CUSTOMERS;
    fprintf(out,
            "{\"source\":\"s%d\",\"id\":\"%ld\",\"type\":\"%s\",\"subject\":\"c%ld\","
            "\"time\":\"2025-01-%02ldT00:00:00Z\",\"data\":{",
            sender->number, number, EVENTS[number % KINDS].type, customer,
            1 + number * 11 % 28);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    fprintf(out, EVENTS[number % KINDS].data, sender->number, number);
#pragma GCC diagnostic pop
    fputs("}}", out);
}

/* One event as it is, more as an array. */
static char *write_request(const struct sender *sender, long count)
{
    char *body = NULL;
    size_t size;
    FILE *out = open_memstream(&body, &size);
    if (out == NULL)
        return NULL;
    for (long i = 0; i < count; i++) {
        fputs(count == 1 ? "" : i == 0 ? "[" : ",", out);
        write_event(out, sender, sender->acknowledged + i);
    }
    fputs(count == 1 ? "" : "]", out);
    fclose(out);
    return body;
}

static void complain(struct crowd *crowd, const struct reply *reply)
{
    char *text = NULL, *none = NULL;
    if (asprintf(&text, "%d %s%s", reply->status, reply->head, reply->body) < 0)
        return;
    if (!atomic_compare_exchange_strong(&crowd->fault, &none, text))
        free(text);
}

static long number_of(const char *body, const char *name)
{
    const char *end = strstr(body, "],\"created\":");
    const char *at = end != NULL ? strstr(end, name) : NULL;
    return at != NULL ? strtol(at + strlen(name), NULL, 10) : 0;
}

/* Whether all events of a request are acknowledged; what else but a 503 is a fault. */
static bool judge(struct crowd *crowd, const struct reply *reply, long count)
{
    char seconds[16] = "", type[64] = "";
    if (reply->status == 503) {
        atomic_fetch_add(&crowd->refused, 1);
        if (!reply_field(reply, "Retry-After", seconds, sizeof seconds) ||
            !reply_field(reply, "Content-Type", type, sizeof type) ||
            strcmp(type, "application/problem+json") != 0)
            complain(crowd, reply);
        return false;
    }
    long created = count == 1 ? reply->status == 201 : number_of(reply->body, "\"created\":");
    long duplicate =
        count == 1 ? reply->status == 200 : number_of(reply->body, "\"duplicate\":");
    atomic_fetch_add(&crowd->duplicates, duplicate > 0);
    if (created + duplicate == count)
        return true;
    complain(crowd, reply);
    return false;
}

static void note_duration(struct crowd *crowd, int64_t began_at)
{
    long milliseconds = (long)((clock_monotonic() - began_at) / 1000);
    long slowest = atomic_load(&crowd->slowest);
    while (milliseconds > slowest &&
           !atomic_compare_exchange_weak(&crowd->slowest, &slowest, milliseconds))
        ;
}

/* Posts until it is acknowledged. */
static bool send_request(struct sender *sender, struct client **client, int *port,
                         const char *body, long count)
{
    struct crowd *crowd = sender->crowd;
    int64_t give_up_at = clock_monotonic() + PATIENCE_MICROSECONDS;
    while (clock_monotonic() < give_up_at && atomic_load(&crowd->fault) == NULL) {
        if (*port != atomic_load(&crowd->port)) {
            if (*client != NULL)
                client_destroy(*client);
            *port = atomic_load(&crowd->port);
            *client = client_create(*port, crowd->service->key);
        }
        int64_t began_at = clock_monotonic();
        struct reply reply = client_post(*client, "/v1/events", body);
        bool is_done = reply.status != 0 && judge(crowd, &reply, count);
        if (reply.status == 0)
            atomic_fetch_add(&crowd->unanswered, 1);
        note_duration(crowd, began_at);
        reply_clear(&reply);
        if (is_done)
            return true;
        clock_pause(PAUSE_MILLISECONDS);
    }
    return false;
}

static void *send_events(void *context)
{
    struct sender *sender = context;
    struct client *client = NULL;
    int port = 0;
    bool goes_on = true;
    while (goes_on && !atomic_load(&sender->crowd->is_over)) {
        long count = rand_r(&sender->seed) % 4 == 0 ? SENDERS_ARRAY : 1;
        char *body = write_request(sender, count);
        goes_on = body != NULL && send_request(sender, &client, &port, body, count);
        sender->acknowledged += goes_on ? count : 0;
        atomic_fetch_add(&sender->crowd->acknowledged, goes_on ? count : 0);
        free(body);
    }
    if (client != NULL)
        client_destroy(client);
    return NULL;
}

void crowd_start(struct crowd *crowd, const struct service *service, unsigned seed)
{
    *crowd = (struct crowd){.service = service};
    atomic_store(&crowd->port, service->port);
    for (int i = 0; i < SENDERS; i++) {
        struct sender *sender = &crowd->senders[i];
        *sender = (struct sender){.crowd = crowd, .number = i, .seed = seed + (unsigned)i};
        ck_assert_int_eq(pthread_create(&sender->thread, NULL, send_events, sender), 0);
    }
}

static void check_answers(struct crowd *crowd)
{
    char *fault = atomic_load(&crowd->fault);
    ck_assert_msg(fault == NULL, "an answer that must not be: %s", fault);
}

void crowd_await(struct crowd *crowd, long count)
{
    int64_t deadline = clock_monotonic() + PATIENCE_MICROSECONDS;
    long wanted = atomic_load(&crowd->acknowledged) + count;
    while (atomic_load(&crowd->acknowledged) < wanted) {
        check_answers(crowd);
        ck_assert_msg(clock_monotonic() < deadline, "nothing is acknowledged any more");
        clock_pause(1);
    }
}

void crowd_stop(struct crowd *crowd)
{
    atomic_store(&crowd->is_over, true);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(crowd->senders[i].thread, NULL);
    check_answers(crowd);
}

static long count_rows(struct db *db, const char *sql)
{
    struct problem why = {0};
    PGresult *rows = NULL;
    ck_assert_msg(db_execute(db, sql, &rows, &why), "%s: %s", sql, why.log_detail);
    long count = strtol(PQgetvalue(rows, 0, 0), NULL, 10);
    PQclear(rows);
    return count;
}

void crowd_check(const struct crowd *crowd, struct db *db)
{
    char sql[256];
    long total = 0, orders = 0;
    for (int i = 0; i < SENDERS; i++) {
        long sent = crowd->senders[i].acknowledged;
        snprintf(sql, sizeof sql,
                 "select count(distinct id) from lifecycle.event where source = 's%d' "
                 "and id::bigint < %ld",
                 i, sent);
        ck_assert_msg(count_rows(db, sql) == sent, "events of sender %d are lost", i);
        total += sent;
        orders += (sent + KINDS - 1) / KINDS;
    }
    ck_assert_int_eq(
        count_rows(db, "select count(*) from lifecycle.event where source like 's_'"), total);
    ck_assert_int_eq(
        count_rows(db, "select sum(events) from lifecycle.event_total where source like 's_'"),
        total);
    ck_assert_int_eq(count_rows(db, "select count(*) from lifecycle.purchase"), orders);
}

void crowd_print(const struct crowd *crowd)
{
    fprintf(stderr,
            "# %ld events acknowledged; of the requests %ld were refused (503), %ld had no "
            "answer, %ld had been stored before; the slowest answer took %ld ms\n",
            crowd->acknowledged, crowd->refused, crowd->unanswered, crowd->duplicates,
            crowd->slowest);
}
