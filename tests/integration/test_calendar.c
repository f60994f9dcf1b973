/* The settings that cut time: another time zone, and weeks from another day, hold for the whole
 * history, changed over HTTP or by the command. */
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/service.h"
#include "tap.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct service service;
static struct client *client;

static void set_up(void)
{
    service_start(&service);
    client = client_create(service.port, service.key);
}

static void tear_down(void)
{
    client_destroy(client);
    service_remove(&service);
}

/* Changes the settings, whatever they are. */
static int patch(const char *body)
{
    struct reply reply = client_ask(client, "PATCH", "/v1/settings",
                                    "Content-Type: application/merge-patch+json\r\n"
                                    "If-Match: *\r\n",
                                    body, strlen(body));
    int status = reply.status;
    reply_clear(&reply);
    return status;
}

START_TEST(another_time_zone_cuts_the_days_anew)
{
    static const char ORDER[] =
        "{\"id\":\"1\",\"source\":\"shop\",\"type\":\"sell.order.placed\",\"subject\":\"a\","
        "\"time\":\"2026-03-01T23:30:00Z\",\"data\":{\"order_id\":\"1\",\"amount\":5,"
        "\"currency\":\"EUR\",\"units\":1}}";
    static const char QUESTION[] =
        "/v1/metrics/stage_population?from=2026-03-01&to=2026-03-03&interval=day";
    struct reply reply = client_post(client, "/v1/events", ORDER);
    ck_assert_int_eq(reply.status, 201);
    reply_clear(&reply);
    json_t *before = answer_get(client, QUESTION);
    ck_assert_int_eq(patch("{\"timezone\":\"Europe/Berlin\"}"), 200);
    json_t *after = answer_get(client, QUESTION);
    ck_assert(!json_equal(json_object_get(before, "data"), json_object_get(after, "data")));
    json_decref(before);
    json_decref(after);
    answer_verified(&service);
    ck_assert_int_eq(patch("{\"timezone\":\"Europe/Atlantis\"}"), 422);
}
END_TEST

/* clmd rebuild with an option and its value: its exit status. */
static int rebuild_with(const char *option, const char *value)
{
    char output[1024];
    const char *arguments[] = {"rebuild", option, value, NULL};
    return service_command(&service, arguments, output, sizeof output);
}

START_TEST(the_first_day_of_weeks_is_set_by_a_command_too)
{
    static const char QUESTION[] =
        "/v1/metrics/purchases?from=2026-03-01&to=2026-03-08&interval=week";
    ck_assert_int_eq(rebuild_with("--week-start", "friday"), 1);
    ck_assert_int_eq(rebuild_with("--week-begin", "sunday"), 2);
    json_t *before = answer_get(client, QUESTION);
    ck_assert_int_eq(rebuild_with("--week-start", "sunday"), 0);
    json_t *settings = answer_get(client, "/v1/settings");
    ck_assert_str_eq(answer_text(settings, "week_start"), "sunday");
    json_t *after = answer_get(client, QUESTION); /* two weeks, and one */
    ck_assert_uint_eq(json_array_size(json_object_get(before, "data")),
                      2 * json_array_size(json_object_get(after, "data")));
    json_decref(before);
    json_decref(settings);
    json_decref(after);
    ck_assert_int_eq(patch("{\"week_start\":null}"), 200);
    answer_verified(&service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("calendar");
    TCase *tests = tcase_create("calendar");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, another_time_zone_cuts_the_days_anew);
    tcase_add_test(tests, the_first_day_of_weeks_is_set_by_a_command_too);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
