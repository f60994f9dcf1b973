/* Every way in, through the door: one event in every form is one event. */
#include "base/compiler.h"
#include "gzip.h"
#include "integration/answers.h"
#include "integration/scene.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The answer as JSON; to be released. */
static json_t *ask(const char *fields, const char *body, size_t length, int status)
{
    struct reply reply = client_ask(client, "POST", "/v1/events", fields, body, length);
    ck_assert_msg(reply.status == status, "%d %s", reply.status, reply.body);
    json_t *answer = json_loads(reply.body, 0, NULL);
    ck_assert_ptr_nonnull(answer);
    reply_clear(&reply);
    return answer;
}

static const char *outcome_of(const json_t *answer)
{
    const json_t *items = json_object_get(answer, "data");
    return answer_text(items != NULL ? json_array_get(items, 0) : answer, "outcome");
}

/* Forms ------------------------------------------------------------------------------------ */

#define TYPE(type) "Content-Type: " type "\r\n"
#define REST                                                                                   \
    "\"id\":\"lead #\",\"source\":\"cr\xc3\xa4m\",\"subject\":\"acme\",\"type\":"              \
    "\"find.lead.created\",\"time\":\"2025-03-01T09:30:00Z\","                                 \
    "\"data\":{\"channel\":\"ad\",\"referrer\":\"b\"}}"
#define LEAD "{\"retries\":3," REST
#define PREFIXED                                                                               \
    "{\"id\":\"lead #\",\"source\":\"cr\xc3\xa4m\",\"subject\":\"acme\",\"type\":"             \
    "\"com.acme.find.lead.created\",\"time\":\"2025-03-01T09:30:00Z\",\"retries\":3,"          \
    "\"data\":{\"referrer\":\"b\",\"channel\":\"ad\"}}"
#define BINARY                                                                                 \
    "ce-specversion: 1.0\r\nce-id: \"lead #\"\r\nCe-Source: cr%C3%A4m\r\nce-subject: acme\r\n" \
    "CE-TYPE: find.lead.created\r\nce-time: 2025-03-01T10:30:00+01:00\r\nce-retries: 3\r\n"

/* "#" stands for a number. */
static const struct form {
    const char *name, *fields, *body;
    bool is_packed;
} FORMS[] = {
    {"an object", TYPE("application/json"), LEAD, false},
    {"an array", TYPE("application/json"), "[" LEAD "]", false},
    {"CloudEvents", TYPE("application/cloudevents+json; charset=utf-8"),
     "{\"specversion\":\"1.0\",\"retries\":\"3\",\"extra\":null,"
     "\"datacontenttype\":\"application/json\"," REST,
     false},
    {"a batch", TYPE("application/cloudevents-batch+json"), " [ " LEAD " ] ", false},
    {"a type with a prefix", TYPE("application/json"), PREFIXED, false},
    {"lines", TYPE("application/x-ndjson"), "\xef\xbb\xbf\r\n" LEAD "\r\n", false},
    {"binary mode", TYPE("application/json") BINARY,
     "{ \"referrer\": \"b\", \"channel\": \"ad\" }", false},
    {"binary mode, +json", TYPE("application/vnd.acme+json") BINARY,
     "{\"referrer\":\"b\",\"channel\":\"ad\"}", false},
    {"packed", TYPE("application/json") "Content-Encoding: gzip\r\n", LEAD, true},
    {"packed lines", TYPE("application/x-ndjson") "Content-Encoding: gzip\r\n", LEAD, true},
};

static char *numbered(const char *text, int number)
{
    char *copy = strdup(text);
    for (char *at = copy; (at = strchr(at, '#')) != NULL;)
        *at = (char)('0' + number);
    return copy;
}

static void post_form(const struct form *form, int number, const char *outcome)
{
    char *fields = numbered(form->fields, number), *body = numbered(form->body, number);
    char packed[4096];
    const char *sent = form->is_packed ? packed : body;
    size_t length = strlen(body);
    if (form->is_packed)
        length = gzip_pack(body, length, packed, sizeof packed);
    struct reply reply = client_ask(client, "POST", "/v1/events", fields, sent, length);
    ck_assert_msg(reply.status == 200 || reply.status == 201, "%s: %s", form->name, reply.body);
    json_t *answer = json_loads(reply.body, 0, NULL);
    ck_assert_msg(strcmp(outcome_of(answer), outcome) == 0, "%s: %s", form->name, reply.body);
    json_decref(answer);
    reply_clear(&reply);
    free(fields);
    free(body);
}

START_TEST(every_form_is_the_same_event)
{
    post_form(&FORMS[_i], _i, "created");
    for (size_t i = 0; i < COUNT_OF(FORMS); i++)
        post_form(&FORMS[i], _i, "duplicate");
}
END_TEST

START_TEST(binary_mode_is_kept_as_an_object)
{
    static const struct form IN_BINARY_MODE = {"binary mode", TYPE("application/json") BINARY,
                                               "{ \"referrer\": \"b\", \"channel\": \"ad\" }",
                                               false};
    post_form(&IN_BINARY_MODE, 10, "created");
    json_t *page = answer_get(client, "/v1/customers/acme/timeline?limit=1000");
    const json_t *items = json_object_get(page, "data"), *item;
    const char *event_id = NULL;
    size_t i;
    json_array_foreach(items, i, item)
    {
        if (strcmp(answer_text(item, "id"), "lead :") == 0)
            event_id = answer_text(item, "event_id");
    }
    ck_assert_ptr_nonnull(event_id);
    char path[64];
    snprintf(path, sizeof path, "/v1/events/%s", event_id);
    struct reply reply = client_get(client, path);
    ck_assert_ptr_nonnull(strstr(
        reply.body, "{\"specversion\":\"1.0\",\"id\":\"lead :\",\"source\":\"cr\xc3\xa4m\","
                    "\"subject\":\"acme\",\"type\":\"find.lead.created\","
                    "\"time\":\"2025-03-01T10:30:00+01:00\",\"retries\":\"3\","
                    "\"data\":{ \"referrer\": \"b\", \"channel\": \"ad\" }}"));
    reply_clear(&reply);
    json_decref(page);
}
END_TEST

START_TEST(other_content_is_a_conflict_in_every_form)
{
    static const struct form OTHER = {"other", TYPE("application/json") BINARY,
                                      "{\"referrer\":\"c\",\"channel\":\"ad\"}", false};
    char *fields = numbered(OTHER.fields, 0);
    post_form(&FORMS[0], 0, "duplicate");
    json_decref(ask(fields, OTHER.body, strlen(OTHER.body), 409));
    free(fields);
}
END_TEST

/* A file is one more form: its types may have the prefix too, and what is known is known. */
START_TEST(files_are_taken_alike)
{
    static const char *const IMPORT[] = {"import", "--format", "csv", "-", NULL};
    char output[1024];
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    fputs("id,source,type,time,subject,data.order_id,data.amount,data.currency,data.units\n"
          "1,file,com.acme.sell.order.placed,2025-03-01T09:30:00Z,filed,1,100,EUR,1\n"
          "1,file,sell.order.placed,2025-03-01T09:30:00Z,filed,1,100,EUR,1\n",
          file);
    rewind(file);
    int input = dup(STDIN_FILENO);
    dup2(fileno(file), STDIN_FILENO);
    int status = service_command(&service, IMPORT, output, sizeof output);
    dup2(input, STDIN_FILENO);
    close(input);
    fclose(file);
    ck_assert_msg(status == 0 && strstr(output, "1 created, 1 duplicate") != NULL, "%s",
                  output);
}
END_TEST

int main(void)
{
    setenv("CLMD_TYPE_PREFIX", "com.acme", 1);
    Suite *suite = suite_create("ways");
    TCase *tests = scene_case(suite, "ways", 60);
    tcase_add_loop_test(tests, every_form_is_the_same_event, 0, COUNT_OF(FORMS));
    tcase_add_test(tests, binary_mode_is_kept_as_an_object);
    tcase_add_test(tests, other_content_is_a_conflict_in_every_form);
    tcase_add_test(tests, files_are_taken_alike);
    return tap_run(suite);
}
