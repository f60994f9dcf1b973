/* Events stored all or none (?atomic), and none at all (?dry_run), alone and in a crowd. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/scene.h"
#include "tap.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENT(id, subject, channel)                                                            \
    "{\"id\":\"" id "\",\"source\":\"whole\",\"subject\":\"" subject                           \
    "\",\"type\":\"find.lead.created\",\"time\":\"2025-03-01T09:30:00Z\","                     \
    "\"data\":{\"channel\":\"" channel "\"}}"

static const struct {
    const char *query, *body;
    int status;
    const char *text; /* that the answer contains */
    bool is_stored;   /* customer "whole" is there afterwards */
} WHOLES[] = {
    {"dry_run=true", EVENT("1", "whole", "ad"), 200,
     "\"transition\":{\"from\":null,\"to\":\"find\",\"kind\":\"enter\"", false},
    {"dry_run=true", EVENT("1", "whole", "owl"), 422, "\"/data/channel\"", false},
    {"dry_run=true", "[" EVENT("1", "whole", "ad") "," EVENT("1", "whole", "email") ",7]", 200,
     "\"created\":1,\"duplicate\":0,\"conflict\":1,\"rejected\":1,\"dry_run\":true", false},
    {"atomic=true", "[" EVENT("1", "whole", "ad") "," EVENT("2", "whole", "owl") "]", 422,
     "\"/1/data/channel\"", false},
    {"atomic=true", "[" EVENT("1", "whole", "ad") "," EVENT("1", "whole", "email") "]", 409,
     "\"/1\"", false},
    {"atomic=true&dry_run=true", "[" EVENT("1", "whole", "ad") "]", 200, "\"created\":1",
     false},
    {"atomic=true&dry_run=true", "[" EVENT("1", "whole", "ad") ",{}]", 422, "\"/1/id\"", false},
    {"atomic=yes", "[" EVENT("1", "whole", "ad") "]", 422, "\"?atomic\"", false},
    {"dry_run", EVENT("1", "whole", "ad"), 422, "\"?dry_run\"", false},
    {"atomic=true", "[" EVENT("1", "whole", "ad") "," EVENT("2", "whole", "ad") "]", 200,
     "\"created\":2", true},
    {"atomic=true", "[" EVENT("1", "whole", "ad") "," EVENT("2", "whole", "ad") "]", 200,
     "\"duplicate\":2", true},
    {"atomic=false&dry_run=false", "[" EVENT("1", "whole", "email") "]", 200, "\"conflict\":1",
     true},
    {"dry_run=true", EVENT("1", "whole", "email"), 409, "other content", true},
};

START_TEST(it_is_all_or_none)
{
    char path[64];
    for (size_t i = 0; i < COUNT_OF(WHOLES); i++) {
        snprintf(path, sizeof path, "/v1/events?%s", WHOLES[i].query);
        struct reply reply = client_post(client, path, WHOLES[i].body);
        ck_assert_msg(reply.status == WHOLES[i].status &&
                          strstr(reply.body, WHOLES[i].text) != NULL,
                      "%zu: %d %s", i, reply.status, reply.body);
        reply_clear(&reply);
        reply = client_get(client, "/v1/customers/whole");
        ck_assert_int_eq(reply.status, WHOLES[i].is_stored ? 200 : 404);
        reply_clear(&reply);
    }
}
END_TEST

/* Every fault of a thousand events is told. */
START_TEST(all_faults_are_told_at_once)
{
    enum { EVENTS = 1000 };
    char *body = malloc((EVENTS + 1) * sizeof EVENT("1", "c", "owl")), *at = body;
    for (int i = 0; i < EVENTS; i++)
        at = stpcpy(stpcpy(at, i > 0 ? "," : "["), EVENT("1", "c", "owl"));
    stpcpy(at, "]");
    struct reply reply = client_post(client, "/v1/events?atomic=true", body);
    ck_assert_int_eq(reply.status, 422);
    json_t *answer = json_loads(reply.body, 0, NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(answer, "errors")), EVENTS);
    json_decref(answer);
    reply_clear(&reply);
    free(body);
}
END_TEST

enum { POSTERS = 6, POSTS = 40 };

/* Trials, kept or not, between ordinary posts, about the same few customers. */
static void *post_much(void *argument)
{
    static const char *const PATHS[] = {"/v1/events", "/v1/events?atomic=true",
                                        "/v1/events?dry_run=true"};
    int poster = *(const int *)argument;
    struct client *own = client_create(service.port, service.key);
    for (int i = 0; i < POSTS; i++) {
        char body[1024];
        snprintf(
            body, sizeof body,
            "[{\"id\":\"%d-%d\",\"source\":\"crowd\",\"subject\":\"crowd-%d\",\"type\":"
            "\"sell.order.placed\",\"time\":\"2025-03-02T10:00:00Z\",\"data\":{\"order_id\":"
            "\"%d-%d\",\"amount\":100,\"currency\":\"EUR\",\"units\":1}}]",
            poster, i, i % 4, poster, i);
        struct reply reply = client_post(own, PATHS[i % 3], body);
        ck_assert_msg(reply.status == 200, "%d %s", reply.status, reply.body);
        ck_assert_ptr_nonnull(strstr(reply.body, "\"created\":1"));
        reply_clear(&reply);
    }
    client_destroy(own);
    return NULL;
}

START_TEST(trials_and_posts_go_together)
{
    pthread_t threads[POSTERS];
    int numbers[POSTERS];
    for (int i = 0; i < POSTERS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, post_much, &numbers[i]), 0);
    }
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    json_t *answer = answer_get(client, "/v1/metrics/purchases?from=2025-03-02&to=2025-03-03");
    const json_t *row = answer_row(answer, "{\"measure\":\"purchases\"}");
    int kept = POSTERS * (POSTS - POSTS / 3);
    ck_assert_int_eq(json_integer_value(json_object_get(row, "value")), kept);
    json_decref(answer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trials");
    TCase *tests = scene_case(suite, "trials", 60);
    tcase_add_test(tests, it_is_all_or_none);
    tcase_add_test(tests, all_faults_are_told_at_once);
    tcase_add_test(tests, trials_and_posts_go_together);
    return tap_run(suite);
}
