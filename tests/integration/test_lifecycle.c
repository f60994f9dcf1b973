/* The golden case, worked by hand, through the door: its events are posted, its numbers are
 * read. The business's days are Europe/Berlin's, with the change to summer time in between. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/service.h"
#include "tap.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct happening {
    const char *customer;
    const char *type;
    const char *time;
    const char *data;
};

#define FIND(c, t)                                                                             \
    {                                                                                          \
        c, "find.lead.created", t, "\"channel\":\"ad\""                                        \
    }
#define SELL(c, t)                                                                             \
    {                                                                                          \
        c, "sell.order.placed", t,                                                             \
            "\"order_id\":\"o\",\"amount\":100,\"currency\":\"EUR\",\"units\":1"               \
    }
#define DELIVER(c, t)                                                                          \
    {                                                                                          \
        c, "deliver.fulfilment.started", t, "\"order_id\":\"o\""                               \
    }
#define BILL(c, t)                                                                             \
    {                                                                                          \
        c, "bill.invoice.issued", t,                                                           \
            "\"invoice_id\":\"i\",\"amount\":100,\"currency\":\"EUR\",\"due_at\":\"2025-12-"   \
            "31\""                                                                             \
    }
#define SUPPORT(c, t)                                                                          \
    {                                                                                          \
        c, "support.case.opened", t, "\"case_id\":\"k\""                                       \
    }
#define LOYALTY(c, t)                                                                          \
    {                                                                                          \
        c, "loyalty.program.joined", t, "\"program\":\"gold\""                                 \
    }
#define LOST(c, t)                                                                             \
    {                                                                                          \
        c, "loyalty.relationship.ended", t, "\"reason\":\"moved away\""                        \
    }

static const struct happening FIXTURE[] = {
    FIND("C1", "2025-01-01T00:00:00+01:00"),    SELL("C1", "2025-01-11T00:00:00+01:00"),
    DELIVER("C1", "2025-01-21T00:00:00+01:00"), BILL("C1", "2025-01-31T00:00:00+01:00"),
    SUPPORT("C1", "2025-02-10T00:00:00+01:00"), LOYALTY("C1", "2025-02-20T00:00:00+01:00"),
    SELL("C1", "2025-03-02T00:00:00+01:00"),    FIND("C2", "2025-01-05T00:00:00+01:00"),
    SELL("C2", "2025-01-15T00:00:00+01:00"),    FIND("C2", "2025-01-25T00:00:00+01:00"),
    SELL("C2", "2025-02-04T00:00:00+01:00"),    LOST("C2", "2025-02-14T00:00:00+01:00"),
    FIND("C3", "2025-02-01T00:00:00+01:00"),    DELIVER("C3", "2025-03-01T00:00:00+01:00"),
};
static const struct happening LATE = SELL("C3", "2025-02-11T00:00:00+01:00");

/* A number of a metric: NAN for null, a row that must be missing is not asked for. */
struct figure {
    const char *metric;
    const char *group;
    double late_absent, late_present;
};

#define MOVE(from, to, kind, measure)                                                          \
    "{\"from\":" from ",\"to\":" to ",\"kind\":\"" kind "\",\"measure\":\"" measure "\"}"
#define MEASURE(stage, measure) "{\"stage\":\"" stage "\",\"measure\":\"" measure "\"}"

enum { DAY_SECONDS = 86400 };

static const struct figure FIGURES[] = {
    {"transitions", MOVE("\"find\"", "\"sell\"", "advance", "count"), 3, 4},
    {"transitions", MOVE("\"find\"", "\"deliver\"", "skip", "count"), 1, 0},
    {"transitions", MOVE("\"sell\"", "\"deliver\"", "advance", "count"), 1, 2},
    {"transitions", MOVE("\"sell\"", "\"find\"", "regress", "count"), 1, 1},
    {"transitions", MOVE("\"sell\"", "null", "exit", "count"), 1, 1},
    {"transitions", MOVE("\"deliver\"", "\"bill\"", "advance", "count"), 1, 1},
    {"transitions", MOVE("\"bill\"", "\"support\"", "advance", "count"), 1, 1},
    {"transitions", MOVE("\"support\"", "\"loyalty\"", "advance", "count"), 1, 1},
    {"transitions", MOVE("\"loyalty\"", "\"sell\"", "loop", "count"), 1, 1},
    {"transitions", MOVE("\"sell\"", "\"deliver\"", "advance", "probability"), 0.333333, 0.5},
    {"transitions", "{\"from\":\"sell\",\"measure\":\"still_in\"}", 1, 1},
    {"transitions", "{\"from\":\"deliver\",\"measure\":\"still_in\"}", 1, 1},
    {"transitions", "{\"from\":\"find\",\"measure\":\"still_in\"}", 0, 0},
    {"stage_population", MEASURE("find", "entries"), 4, 4},
    {"stage_population", MEASURE("sell", "entries"), 4, 5},
    {"stage_population", MEASURE("sell", "exits"), 3, 4},
    {"stage_population", MEASURE("deliver", "entries"), 2, 2},
    {"stage_population", MEASURE("sell", "population"), 1, 1},
    {"time_in_stage", MEASURE("find", "mean"), 14.5 * DAY_SECONDS, 10 * DAY_SECONDS},
    {"time_in_stage", MEASURE("sell", "mean"), 10 * DAY_SECONDS, 12 * DAY_SECONDS},
    {"time_in_stage", MEASURE("sell", "open"), 1, 1},
};

static struct service service;

static void start(void)
{
    service_start(&service);
}

static void stop(void)
{
    service_remove(&service);
}

static void post(struct client *client, const struct happening *happening)
{
    char body[1024];
    snprintf(body, sizeof body,
             "{\"source\":\"golden\",\"id\":\"%s %s\",\"type\":\"%s\",\"subject\":\"%s\","
             "\"time\":\"%s\",\"data\":{%s}}",
             happening->customer, happening->time, happening->type, happening->customer,
             happening->time, happening->data);
    struct reply reply = client_post(client, "/v1/events", body);
    ck_assert_msg(reply.status == 201, "%s: %d %s", body, reply.status, reply.body);
    reply_clear(&reply);
}

static void check_figures(struct client *client, bool has_late)
{
    for (size_t i = 0; i < COUNT_OF(FIGURES); i++) {
        const struct figure *figure = &FIGURES[i];
        char path[160];
        snprintf(path, sizeof path,
                 "/v1/metrics/%s?from=2025-01-01&to=2025-07-01&timezone=Europe/Berlin",
                 figure->metric);
        json_t *answer = answer_get(client, path);
        json_t *row = answer_row(answer, figure->group);
        double expected = has_late ? figure->late_present : figure->late_absent;
        double value = row == NULL ? 0 : json_number_value(json_object_get(row, "value"));
        ck_assert_msg(fabs(value - expected) < 1e-9, "%s %s: %f, not %f", figure->metric,
                      figure->group, value, expected);
        json_decref(answer);
    }
}

START_TEST(golden_stages_before_and_after_the_late_event)
{
    struct client *client = client_create(service.port, service.key);
    for (size_t i = 0; i < COUNT_OF(FIXTURE); i++)
        post(client, &FIXTURE[i]);
    check_figures(client, false);
    post(client, &LATE);
    check_figures(client, true);
    client_destroy(client);
}
END_TEST

/* 121 local days in the stage are an hour short of 121 times 24 hours: 10 450 800 seconds. */
START_TEST(summer_time_shortens_the_visit)
{
    static const struct happening LEAVES = DELIVER("C1", "2025-07-01T00:00:00+02:00");
    struct client *client = client_create(service.port, service.key);
    post(client, &LEAVES);
    json_t *page = answer_get(client, "/v1/customers/C1/transitions");
    json_t *data = json_object_get(page, "data");
    json_t *last = json_array_get(data, json_array_size(data) - 1);
    ck_assert_str_eq(json_string_value(json_object_get(last, "kind")), "advance");
    ck_assert_double_eq(json_number_value(json_object_get(last, "dwell_seconds")), 10450800);
    json_decref(page);
    client_destroy(client);
}
END_TEST

/* Taking the event back brings back every figure; its copy, sent again, stays without effect.
 */
START_TEST(voiding_takes_an_event_back)
{
    static const struct happening VOIDED = {
        NULL, "event.voided", "2025-07-02T00:00:00+02:00",
        "\"source\":\"golden\",\"id\":\"C1 2025-07-01T00:00:00+02:00\""};
    struct client *client = client_create(service.port, service.key);
    char body[512];
    snprintf(
        body, sizeof body,
        "{\"source\":\"golden\",\"id\":\"void\",\"type\":\"%s\",\"time\":\"%s\",\"data\":{%s}}",
        VOIDED.type, VOIDED.time, VOIDED.data);
    struct reply reply = client_post(client, "/v1/events", body);
    ck_assert_int_eq(reply.status, 201);
    reply_clear(&reply);
    check_figures(client, true);
    client_destroy(client);
}
END_TEST

START_TEST(verify_and_rebuild_agree)
{
    static const char *const REBUILD[] = {"rebuild", NULL};
    char output[4096];
    answer_verified(&service);
    ck_assert_int_eq(service_command(&service, REBUILD, output, sizeof output), 0);
    answer_verified(&service);
    struct client *client = client_create(service.port, service.key);
    check_figures(client, true);
    client_destroy(client);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifecycle");
    TCase *golden = tcase_create("golden");
    tcase_add_unchecked_fixture(golden, start, stop);
    tcase_set_timeout(golden, 60);
    tcase_add_test(golden, golden_stages_before_and_after_the_late_event);
    tcase_add_test(golden, summer_time_shortens_the_visit);
    tcase_add_test(golden, voiding_takes_an_event_back);
    tcase_add_test(golden, verify_and_rebuild_agree);
    suite_add_tcase(suite, golden);
    return tap_run(suite);
}
