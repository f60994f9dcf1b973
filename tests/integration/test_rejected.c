/* What is rejected is counted by its source, and told by the metric data_quality: within
 * seconds, and across a stop. */
#include "base/clock.h"
#include "integration/answers.h"
#include "integration/scene.h"
#include "tap.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { SOON_MILLISECONDS = 20000 };

/* Rejected events of a source, by now; −1 if it was never heard of. */
static json_int_t count_of(const char *source)
{
    char group[128];
    json_t *answer = answer_get(client, "/v1/metrics/data_quality?group_by=source");
    snprintf(group, sizeof group, "{\"source\":\"%s\",\"measure\":\"rejected\"}", source);
    const json_t *value = json_object_get(answer_row(answer, group), "value");
    json_int_t count = value != NULL ? (json_int_t)json_number_value(value) : -1;
    json_decref(answer);
    return count;
}

static void await_count(const char *source, json_int_t wanted)
{
    json_int_t count = count_of(source);
    for (int waited = 0; count != wanted && waited < SOON_MILLISECONDS; waited += 100) {
        clock_pause(100);
        count = count_of(source);
    }
    ck_assert_msg(count == wanted, "%s: %lld", source, (long long)count);
}

static void post(const char *path, const char *type, const char *body, int status)
{
    struct reply reply = client_call(client, "POST", path, type, body);
    ck_assert_msg(reply.status == status, "%d %s", reply.status, reply.body);
    reply_clear(&reply);
}

#define EVENT(id, source, channel)                                                             \
    "{\"id\":\"" id "\",\"source\":\"" source "\",\"subject\":\"acme\","                       \
    "\"type\":\"find.lead.created\",\"time\":\"2025-03-01T09:30:00Z\","                        \
    "\"data\":{\"channel\":\"" channel "\"}}"
#define EVENTS "/v1/events"
#define JSON_TYPE "application/json"
#define LINES_TYPE "application/x-ndjson"

START_TEST(each_is_counted_as_often_as_it_was_sent)
{
    post(EVENTS, JSON_TYPE, EVENT("1", "alone", "owl"), 422);
    post(EVENTS, JSON_TYPE, EVENT("1", "alone", "owl"), 422);
    post(EVENTS, JSON_TYPE,
         "[" EVENT("1", "among", "ad") "," EVENT("2", "among", "owl") ",17,{}]", 200);
    post(EVENTS "?atomic=true", JSON_TYPE,
         "[" EVENT("3", "among", "ad") "," EVENT("4", "among", "owl") "]", 422);
    post(EVENTS, LINES_TYPE, EVENT("5", "among", "owl") "\nno JSON\n", 200);
    await_count("alone", 2);
    await_count("among", 3);
    await_count("", 3);
}
END_TEST

START_TEST(a_trial_is_not_counted)
{
    post(EVENTS "?dry_run=true", JSON_TYPE, EVENT("1", "tried", "owl"), 422);
    post(EVENTS, JSON_TYPE, EVENT("1", "tried", "owl"), 422);
    await_count("tried", 1);
}
END_TEST

START_TEST(rows_of_an_import_are_counted)
{
    post("/v1/imports", LINES_TYPE,
         EVENT("1", "file", "ad") "\n" EVENT("2", "file", "owl") "\n" EVENT("3", "file",
                                                                            "owl") "\n",
         202);
    await_count("file", 2);
}
END_TEST

START_TEST(rows_of_the_command_import_are_counted)
{
    char path[128], output[1024];
    snprintf(path, sizeof path, "%s/rows.ndjson", service.directory);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(EVENT("1", "command", "ad") "\n" EVENT("2", "command", "owl") "\n", file);
    fclose(file);
    const char *const arguments[] = {"import", path, "--rejects", "/dev/null", NULL};
    int status = service_command(&service, arguments, output, sizeof output);
    ck_assert_msg(strstr(output, "1 created") != NULL, "%d %s", status, output);
    await_count("command", 1);
}
END_TEST

START_TEST(a_stop_loses_none)
{
    scene_open();
    scene_connect();
    post(EVENTS, JSON_TYPE, EVENT("1", "late", "owl"), 422);
    ck_assert_int_eq(service_stop(&service), 0);
    service_again(&service);
    scene_disconnect();
    scene_connect();
    ck_assert_int_eq(count_of("late"), 1);
    scene_disconnect();
    scene_close();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rejected");
    TCase *tests = scene_case(suite, "rejected", 60), *stops = tcase_create("stops");
    tcase_add_test(tests, each_is_counted_as_often_as_it_was_sent);
    tcase_add_test(tests, a_trial_is_not_counted);
    tcase_add_test(tests, rows_of_an_import_are_counted);
    tcase_add_test(tests, rows_of_the_command_import_are_counted);
    tcase_set_timeout(stops, 60);
    tcase_add_test(stops, a_stop_loses_none);
    suite_add_tcase(suite, stops);
    return tap_run(suite);
}
