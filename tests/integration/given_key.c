#include "integration/given_key.h"

#include "base/clock.h"
#include "tap.h"

#include <jansson.h>
#include <stdio.h>

enum { SETTLE_MICROSECONDS = 5000000 };

int reply_status(struct reply reply)
{
    int status = reply.status;
    reply_clear(&reply);
    return status;
}

void reply_member(const struct reply *reply, const char *name, char *text, size_t size)
{
    json_t *document = json_loads(reply->body, 0, NULL);
    const char *value = json_string_value(json_object_get(document, name));
    ck_assert_msg(value != NULL, "%d without %s: %s", reply->status, name, reply->body);
    snprintf(text, size, "%s", value);
    json_decref(document);
}

void given_key(struct client *admin, const char *wish, char key[GIVEN_KEY_SIZE],
               char id[GIVEN_KEY_SIZE])
{
    struct reply reply = client_post(admin, "/v1/keys", wish);
    ck_assert_msg(reply.status == 201, "%d %s", reply.status, reply.body);
    reply_member(&reply, "key", key, GIVEN_KEY_SIZE);
    if (id != NULL)
        reply_member(&reply, "key_id", id, GIVEN_KEY_SIZE);
    reply_clear(&reply);
}

int status_with(int port, const char *key, const char *path)
{
    struct client *client = client_create(port, key);
    int status = reply_status(client_get(client, path));
    client_destroy(client);
    return status;
}

void assert_settles(int port, const char *key, int status)
{
    int64_t until = clock_monotonic() + SETTLE_MICROSECONDS;
    int told;
    while ((told = status_with(port, key, "/v1/settings")) != status &&
           clock_monotonic() < until)
        clock_pause(5);
    ck_assert_int_eq(told, status);
}
