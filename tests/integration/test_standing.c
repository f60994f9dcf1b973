/* Where customers stand, over HTTP: peers and signals as the sweep of one of two servers finds
 * them, a status and subscriptions as of now, and what is refused. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/service.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SWEEP_TRIES = 300, TRY_MILLISECONDS = 100 };

static struct service service, second;
static struct client *client;

static void set_up(void)
{
    setenv("CLMD_SWEEP_SECONDS", "1", 1);
    service_start(&service);
    service_beside(&second, &service);
}

static void tear_down(void)
{
    service_remove(&second);
    service_remove(&service);
}

static void connect_client(void)
{
    client = client_create(service.port, service.key);
}

static void disconnect_client(void)
{
    client_destroy(client);
}

static void days_ago(int days, char text[32])
{
    struct tm parts;
    time_t then = time(NULL) - days * 86400L;
    gmtime_r(&then, &parts);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static void post(const char *customer, const char *type, int days, const char *data)
{
    char body[1024], at[32];
    days_ago(days, at);
    snprintf(body, sizeof body,
             "{\"source\":\"test\",\"id\":\"%s %s %d\",\"type\":\"%s\",\"subject\":\"%s\","
             "\"time\":\"%s\",\"data\":%s}",
             customer, type, days, type, customer, at, data);
    struct reply reply = client_post(client, "/v1/events", body);
    ck_assert_msg(reply.status == 201, "%s: %d %s", body, reply.status, reply.body);
    reply_clear(&reply);
}

static void post_order(const char *customer, int days, int amount)
{
    char data[128];
    snprintf(data, sizeof data,
             "{\"order_id\":\"%s%d\",\"amount\":%d,\"currency\":\"EUR\",\"units\":1}", customer,
             days, amount);
    post(customer, "sell.order.placed", days, data);
}

static const char SUBSCRIBED[] = "{\"subscription_id\":\"s-1\",\"plan\":\"basic\","
                                 "\"amount\":1000,\"currency\":\"EUR\",\"interval\":\"month\"}";

static void post_history(void)
{
    for (int days = 90; days >= 50; days -= 10)
        post_order("seldom", days, 300);
    post_order("once", 5, 100);
    post("member", "bill.subscription.started", 60, SUBSCRIBED);
    post("member", "bill.payment.succeeded", 60,
         "{\"payment_id\":\"p-1\",\"amount\":1000,\"currency\":\"EUR\"}");
    post("member", "bill.payment.failed", 2,
         "{\"payment_id\":\"p-2\",\"amount\":1000,\"currency\":\"EUR\",\"reason\":"
         "\"declined\"}");
}

/* The list must hold so many rows, at the latest when the sweep has been. To be released. */
static json_t *await_rows(const char *path, size_t count)
{
    const struct timespec pause = {.tv_nsec = TRY_MILLISECONDS * 1000000L};
    for (int i = 0; i < SWEEP_TRIES; i++) {
        json_t *page = answer_get(client, path);
        if (json_array_size(json_object_get(page, "data")) == count)
            return page;
        json_decref(page);
        nanosleep(&pause, NULL);
    }
    ck_abort_msg("%s: never %zu rows", path, count);
    return NULL;
}

START_TEST(the_sweep_finds_signals)
{
    post_history();
    json_t *page = await_rows("/v1/signals", 2);
    json_t *data = json_object_get(page, "data");
    const json_t *failing = json_array_get(data, 0), *overdue = json_array_get(data, 1);
    ck_assert_str_eq(answer_text(failing, "kind"), "payment_failing");
    ck_assert_str_eq(answer_text(failing, "customer"), "member");
    ck_assert_uint_eq(json_array_size(json_object_get(failing, "evidence")), 1);
    ck_assert_str_eq(answer_text(overdue, "kind"), "overdue");
    ck_assert_str_eq(answer_text(overdue, "customer"), "seldom");
    json_decref(page);
    json_decref(await_rows("/v1/signals?kind=overdue", 1));
    json_decref(await_rows("/v1/signals?limit=1", 1));
    json_decref(await_rows("/v1/signals?customer=member", 1));
    json_decref(await_rows("/v1/signals?customer=nobody", 0));
}
END_TEST

static void check_status(const char *customer, const char *status)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/customers/%s", customer);
    json_t *shown = answer_get(client, path);
    ck_assert_str_eq(answer_text(shown, "status"), status);
    json_decref(shown);
}

START_TEST(a_status_is_of_now)
{
    check_status("member", "at_risk");
    check_status("once", "active");
    post("member", "bill.payment.recovered", 1, "{\"payment_id\":\"p-2\"}");
    check_status("member", "active");
    json_decref(await_rows("/v1/signals?customer=member", 0));
    json_decref(await_rows("/v1/signals", 1)); /* after the next sweep */
}
END_TEST

START_TEST(values_are_held_against_peers)
{
    json_t *shown = answer_get(client, "/v1/customers/once/metrics"), *row, *found = NULL;
    size_t i;
    ck_assert_str_eq(answer_text(shown, "peers"), "all");
    ck_assert_str_ne(answer_text(shown, "peers_as_of"), "-");
    json_array_foreach(json_object_get(shown, "data"), i, row)
    {
        if (strcmp(answer_text(row, "metric"), "purchases") == 0)
            found = json_object_get(row, "peers");
    }
    /* 5, 1 and 0 */
    ck_assert_int_eq(json_integer_value(json_object_get(found, "n")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(found, "mean")), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(found, "median")), 1);
    json_decref(shown);
    shown = answer_get(client, "/v1/customers/once/metrics?peers=cohort");
    ck_assert_int_eq(strncmp(answer_text(shown, "peers"), "cohort:20", 9), 0);
    json_decref(shown);
}
END_TEST

START_TEST(subscriptions_are_listed)
{
    json_t *page = answer_get(client, "/v1/customers/member/subscriptions");
    const json_t *row = json_array_get(json_object_get(page, "data"), 0);
    ck_assert_str_eq(answer_text(row, "subscription_id"), "s-1");
    ck_assert_str_eq(answer_text(row, "status"), "active");
    ck_assert_int_eq(json_integer_value(json_object_get(row, "mrr")), 1000);
    ck_assert_uint_eq(json_array_size(json_object_get(row, "states")), 1);
    json_decref(page);
}
END_TEST

static const struct {
    const char *path;
    int status;
    const char *text; /* that the answer must contain */
} REFUSALS[] = {
    {"/v1/signals?kind=doubt", 422, "\"?kind\""},
    {"/v1/signals?kind=", 422, "\"?kind\""},
    {"/v1/signals?cursor=x", 422, "\"?cursor\""},
    {"/v1/customers/nobody/subscriptions", 404, "/problems/"},
    {"/v1/customers/nobody/metrics?peers=cohort", 404, "/problems/"},
    {"/v1/customers/once/metrics?peers=some", 422, "\"?peers\""},
    {"/v1/customers/once/metrics?peers=segment:", 422, "\"?peers\""},
    {"/v1/customers/once/metrics?peers=segment:nobody", 422, "\"?peers\""},
};

START_TEST(what_makes_no_sense_is_refused)
{
    struct reply reply = client_get(client, REFUSALS[_i].path);
    ck_assert_msg(reply.status == REFUSALS[_i].status &&
                      strstr(reply.body, REFUSALS[_i].text) != NULL,
                  "%s: %d %s", REFUSALS[_i].path, reply.status, reply.body);
    reply_clear(&reply);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("standing");
    TCase *tests = tcase_create("standing");
    suite_add_tcase(suite, tests);
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_add_checked_fixture(tests, connect_client, disconnect_client);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, the_sweep_finds_signals);
    tcase_add_test(tests, a_status_is_of_now);
    tcase_add_test(tests, values_are_held_against_peers);
    tcase_add_test(tests, subscriptions_are_listed);
    tcase_add_loop_test(tests, what_makes_no_sense_is_refused, 0, COUNT_OF(REFUSALS));
    return tap_run(suite);
}
