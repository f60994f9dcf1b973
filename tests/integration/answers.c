#include "integration/answers.h"

#include "tap.h"

#include <stdio.h>
#include <string.h>

json_t *answer_get(struct client *client, const char *path)
{
    struct reply reply = client_get(client, path);
    ck_assert_msg(reply.status == 200, "%s: %d %s", path, reply.status, reply.body);
    json_t *json = json_loads(reply.body, 0, NULL);
    ck_assert_ptr_nonnull(json);
    reply_clear(&reply);
    return json;
}

char *answer_ask(struct client *client, const char *method, const char *path,
                 const char *fields, const char *body, int status, const char *field,
                 char *value, size_t size)
{
    struct reply reply = client_ask(client, method, path, fields, body, strlen(body));
    ck_assert_msg(reply.status == status, "%s %s %s: %d %s", method, path, body, reply.status,
                  reply.body);
    ck_assert(value == NULL || reply_field(&reply, field, value, size));
    char *text = reply.body;
    reply.body = NULL;
    reply_clear(&reply);
    return text;
}

json_t *answer_row(const json_t *answer, const char *group)
{
    json_t *wanted = json_loads(group, JSON_DECODE_ANY, NULL);
    json_t *row, *found = NULL;
    size_t i;
    ck_assert_ptr_nonnull(wanted);
    json_array_foreach(json_object_get(answer, "data"), i, row)
    {
        if (json_equal(json_object_get(row, "group"), wanted))
            found = row;
    }
    json_decref(wanted);
    return found;
}

const char *answer_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "-";
}

static void print_answer(struct client *client, const char *metric, const char *window,
                         FILE *out)
{
    char path[256];
    snprintf(path, sizeof path, "/v1/metrics/%s?%s", metric, window);
    struct reply reply = client_get(client, path);
    ck_assert_msg(reply.status == 200 || reply.status == 422, "%s: %d", path, reply.status);
    char *end = reply.status == 200 ? strstr(reply.body, "\"computed_at\"") : NULL;
    fprintf(out, "%s %.*s\n", path, end != NULL ? (int)(end - reply.body) : 0, reply.body);
    reply_clear(&reply);
}

char *answer_all_metrics(struct client *client, const char *const *windows)
{
    char *text = NULL;
    size_t size, i;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    json_t *catalogue = answer_get(client, "/v1/metrics"), *metric;
    json_array_foreach(json_object_get(catalogue, "data"), i, metric)
    {
        for (size_t j = 0; windows[j] != NULL; j++)
            print_answer(client, answer_text(metric, "name"), windows[j], out);
    }
    ck_assert_uint_gt(i, 0);
    fclose(out);
    json_decref(catalogue);
    return text;
}

void answer_verified(const struct service *service)
{
    static const char *const VERIFY[] = {"verify", NULL};
    char output[4096];
    ck_assert_msg(service_command(service, VERIFY, output, sizeof output) == 0, "%s", output);
}
