/* Claim: a business changes its stage model while events come in and questions are asked. Until
 * the switch every answer is the old model's, afterwards the new one's, and in the end all is
 * as if it had been derived from scratch, whatever was stopped or killed meanwhile. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/mixture.h"
#include "integration/service.h"
#include "tap.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CUSTOMERS = 2000, POSTS = 80, STEP = 45, POSTERS = 2, PATIENCE_SECONDS = 90 };

#define PLAIN_JSON "Content-Type: application/json\r\n"

static const char *const WINDOWS[] = {
    "from=2024-01-01&to=2025-01-01&interval=month",
    "from=2024-01-01&to=2025-01-01&timezone=America/New_York",
    NULL,
};

static struct service service;
static struct client *client;

/* One who posts until it is over. */
struct poster {
    pthread_t thread;
    struct writer writer;
    atomic_bool *is_over;
    bool has_failed;
};

static void *post_on(void *context)
{
    struct poster *poster = context;
    struct client *own = client_create(service.port, service.key);
    while (!atomic_load(poster->is_over) && !poster->has_failed)
        poster->has_failed = !writer_post(&poster->writer, own, 20);
    client_destroy(own);
    return NULL;
}

/* Asking ----------------------------------------------------------------------------------- */

static int ask(const char *method, const char *path, const char *fields, const char *body)
{
    struct reply reply =
        client_ask(client, method, path, fields, body, body != NULL ? strlen(body) : 0);
    int status = reply.status;
    reply_clear(&reply);
    return status;
}

static void activate(const char *name)
{
    char path[96];
    snprintf(path, sizeof path, "/v1/stage-models/%s/activate", name);
    ck_assert_int_eq(ask("POST", path, "", NULL), 202);
}

/* The state of a model, and how many buckets have been derived by it, where it is on its way.
 */
static bool is_in_state(const char *name, const char *state, int *derived)
{
    char path[96];
    snprintf(path, sizeof path, "/v1/stage-models/%s", name);
    json_t *model = answer_get(client, path);
    json_t *activation = json_object_get(model, "activation");
    bool is_so = strcmp(answer_text(model, "state"), state) == 0;
    *derived = (int)json_integer_value(json_object_get(activation, "derived"));
    json_decref(model);
    return is_so;
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 5 * 1000 * 1000}, NULL);
}

static void await_active(const char *name)
{
    time_t deadline = time(NULL) + PATIENCE_SECONDS;
    int derived;
    while (!is_in_state(name, "active", &derived)) {
        ck_assert_msg(time(NULL) < deadline, "%s: %d buckets, then nothing", name, derived);
        pause_briefly();
    }
}

/* Waits until some of the history has been derived, but not all. */
static void await_midst(const char *name)
{
    time_t deadline = time(NULL) + PATIENCE_SECONDS;
    int derived = 0;
    while (derived < 3) {
        ck_assert_msg(is_in_state(name, "deriving", &derived), "%s is through", name);
        ck_assert_msg(time(NULL) < deadline, "nothing is derived");
    }
}

/* The model that the metrics answer by: its first stage, and so many rows that all of an answer
 * is of one model. */
static bool is_answered_by_three(void)
{
    json_t *answer = answer_get(client, "/v1/metrics/stage_population?from=2024-01-01");
    const json_t *data = json_object_get(answer, "data");
    json_t *group = json_object_get(json_array_get(data, 0), "group");
    bool is_three = strcmp(answer_text(group, "stage"), "acquisition") == 0;
    ck_assert_uint_eq(json_array_size(data), is_three ? 9 : 18);
    json_decref(answer);
    return is_three;
}

/* The tests, in this order ----------------------------------------------------------------- */

static void start(void)
{
    struct writer writer = {.seed = 3, .customers = CUSTOMERS, .step = STEP};
    service_start(&service);
    client = client_create(service.port, service.key);
    for (int i = 0; i < POSTS; i++)
        ck_assert(writer_post(&writer, client, 100));
}

static void stop(void)
{
    client_destroy(client);
    service_remove(&service);
}

START_TEST(there_and_back_every_answer_is_the_same)
{
    char *before = answer_all_metrics(client, WINDOWS);
    activate("three-stage");
    ck_assert_int_eq(ask("POST", "/v1/stage-models/lifecycle/activate", "", NULL), 409);
    ck_assert_int_eq(ask("POST", "/v1/stage-models/three-stage/activate", "", NULL), 409);
    await_active("three-stage");
    ck_assert_int_eq(ask("POST", "/v1/stage-models/three-stage/activate", "", NULL), 200);
    char *between = answer_all_metrics(client, WINDOWS);
    ck_assert_str_ne(before, between);
    activate("lifecycle"); /* while what it had derived before is being taken away */
    await_active("lifecycle");
    char *after = answer_all_metrics(client, WINDOWS);
    ck_assert_str_eq(before, after);
    answer_verified(&service);
    free(before);
    free(between);
    free(after);
}
END_TEST

START_TEST(events_and_questions_go_on_meanwhile)
{
    static const char *const REBUILD[] = {"rebuild", NULL};
    char output[4096];
    atomic_bool is_over = false;
    struct poster posters[POSTERS];
    for (int i = 0; i < POSTERS; i++) {
        const struct writer writer = {.number = i + 1,
                                      .seed = 7 + (unsigned)i,
                                      .customers = CUSTOMERS,
                                      .begins = POSTS * 100 * STEP,
                                      .step = 1};
        posters[i] = (struct poster){.writer = writer, .is_over = &is_over};
        pthread_create(&posters[i].thread, NULL, post_on, &posters[i]);
    }
    activate("three-stage");
    int derived, answers = 0;
    while (!is_answered_by_three())
        answers++;
    ck_assert_int_gt(answers, 2);
    ck_assert(is_in_state("three-stage", "active", &derived));
    for (int i = 0; i < 20; i++)
        ck_assert(is_answered_by_three());
    atomic_store(&is_over, true);
    for (int i = 0; i < POSTERS; i++) {
        pthread_join(posters[i].thread, NULL);
        ck_assert(!posters[i].has_failed);
    }
    answer_verified(&service);
    char *before = answer_all_metrics(client, WINDOWS);
    ck_assert_int_eq(service_command(&service, REBUILD, output, sizeof output), 0);
    char *after = answer_all_metrics(client, WINDOWS);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

START_TEST(an_activation_is_cancelled)
{
    char *before = answer_all_metrics(client, WINDOWS);
    ck_assert_int_eq(ask("DELETE", "/v1/stage-models/lifecycle/activation", "", NULL), 404);
    activate("lifecycle");
    await_midst("lifecycle");
    ck_assert_int_eq(ask("DELETE", "/v1/stage-models/three-stage/activation", "", NULL), 404);
    ck_assert_int_eq(ask("DELETE", "/v1/stage-models/lifecycle/activation", "", NULL), 200);
    answer_verified(&service);
    char *after = answer_all_metrics(client, WINDOWS);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

#define STAGE(name, covers) "{\"name\":\"" name "\",\"covers\":[" covers "]}"
#define TWO_STAGES                                                                             \
    "\"stages\":[" STAGE("Gäste", "\"find\",\"sell\",\"deliver\"") "," STAGE(                  \
        "Freunde", "\"bill\",\"support\",\"loyalty\"") "]"

START_TEST(a_model_of_ones_own)
{
    static const char MODEL[] = "{" TWO_STAGES ",\"opening\":1}";
    static const char OTHER[] = "{" TWO_STAGES ",\"opening\":1,\"types\":{\"bill.invoice."
                                "issued\":{\"entry\":\"enter\"}}}";
    char tag[64], fields[160];
    const char *path = "/v1/stage-models/own";
    ck_assert_int_eq(ask("PUT", path, PLAIN_JSON "If-Match: *\r\n", MODEL), 412);
    ck_assert_int_eq(ask("PUT", path, PLAIN_JSON, MODEL), 201);
    ck_assert_int_eq(ask("PUT", path, PLAIN_JSON, OTHER), 428);
    struct reply reply = client_get(client, path);
    ck_assert(reply_field(&reply, "ETag", tag, sizeof tag));
    reply_clear(&reply);
    snprintf(fields, sizeof fields, PLAIN_JSON "If-Match: %s\r\n", tag);
    ck_assert_int_eq(ask("PUT", path, fields, MODEL), 200);
    ck_assert_int_eq(ask("PUT", path, fields, OTHER), 200);
    ck_assert_int_eq(ask("PUT", path, fields, MODEL), 412);
    ck_assert_int_eq(ask("GET", "/v1/stage-models/own?version=2", "", NULL), 200);
    ck_assert_int_eq(ask("GET", "/v1/stage-models/own?version=3", "", NULL), 404);
    ck_assert_int_eq(ask("GET", "/v1/stage-models/own?version=two", "", NULL), 422);
    ck_assert_int_eq(ask("PUT", "/v1/stage-models/Own", PLAIN_JSON, MODEL), 422);
    ck_assert_int_eq(ask("GET", "/v1/customers?stage=Freunde", "", NULL), 422);
    activate("own");
    await_active("own");
    ck_assert_int_eq(ask("GET", "/v1/customers?stage=Freunde", "", NULL), 200);
    ck_assert_int_eq(ask("GET", "/v1/customers?stage=find", "", NULL), 422);
    answer_verified(&service);
}
END_TEST

START_TEST(a_model_that_cannot_be_is_told_why)
{
    static const char MODEL[] = "{\"stages\":[{\"name\":\"\",\"covers\":[\"find\",\"find\"]}],"
                                "\"opening\":2,\"types\":{\"a/b\":{\"entry\":\"enter\"}}}";
    static const char *const POINTERS[] = {"/stages/0/name", "/stages/0/covers/1", "/stages",
                                           "/opening", "/types/a~1b"};
    struct reply reply =
        client_ask(client, "PUT", "/v1/stage-models/odd", PLAIN_JSON, MODEL, sizeof MODEL - 1);
    ck_assert_int_eq(reply.status, 422);
    for (size_t i = 0; i < COUNT_OF(POINTERS); i++) {
        char pointer[64];
        snprintf(pointer, sizeof pointer, "{\"pointer\":\"%s\",", POINTERS[i]);
        ck_assert_msg(strstr(reply.body, pointer) != NULL, "%s: %s", pointer, reply.body);
    }
    reply_clear(&reply);
    ck_assert_int_eq(ask("PUT", "/v1/stage-models/odd", PLAIN_JSON, "[]"), 422);
    ck_assert_int_eq(ask("GET", "/v1/stage-models/odd", "", NULL), 404);
}
END_TEST

/* With a service of its own, since whoever starts it again must be its parent. */
START_TEST(what_is_killed_or_stopped_goes_on)
{
    start();
    char *before = answer_all_metrics(client, WINDOWS);
    activate("three-stage");
    await_midst("three-stage");
    if (_i == 0)
        service_kill(&service);
    else
        ck_assert_int_eq(service_stop(&service), 0);
    client_destroy(client);
    service_again(&service);
    client = client_create(service.port, service.key);
    answer_verified(&service);
    await_active("three-stage");
    ck_assert(is_answered_by_three());
    answer_verified(&service);
    activate("lifecycle");
    await_active("lifecycle");
    char *after = answer_all_metrics(client, WINDOWS);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
    stop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("models");
    TCase *models = tcase_create("models");
    tcase_add_unchecked_fixture(models, start, stop);
    tcase_set_timeout(models, 240);
    tcase_add_test(models, there_and_back_every_answer_is_the_same);
    tcase_add_test(models, events_and_questions_go_on_meanwhile);
    tcase_add_test(models, an_activation_is_cancelled);
    tcase_add_test(models, a_model_of_ones_own);
    tcase_add_test(models, a_model_that_cannot_be_is_told_why);
    suite_add_tcase(suite, models);
    TCase *ends = tcase_create("ends");
    tcase_set_timeout(ends, 240);
    tcase_add_loop_test(ends, what_is_killed_or_stopped_goes_on, 0, 2);
    suite_add_tcase(suite, ends);
    return tap_run(suite);
}
