#include "integration/upload.h"

#include "integration/answers.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <zlib.h>

char *upload_orders(const char *source, int count)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (int i = 0; i < count; i++)
        fprintf(out,
                "{\"source\":\"%s\",\"id\":\"%d\",\"type\":\"sell.order.placed\","
                "\"subject\":\"c%d\",\"time\":\"2025-01-01T00:00:00Z\",\"data\":{\"order_id\":"
                "\"%s%d\",\"amount\":1,\"currency\":\"EUR\",\"units\":1}}\n",
                source, i, i % UPLOAD_CUSTOMERS, source, i);
    fclose(out);
    return text;
}

char *upload_pack(const char *text, size_t length, size_t *packed_length)
{
    z_stream stream = {0};
    ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
    size_t room = deflateBound(&stream, length);
    char *packed = malloc(room);
    stream.next_in = (unsigned char *)(uintptr_t)text;
    stream.avail_in = (unsigned)length;
    stream.next_out = (unsigned char *)packed;
    stream.avail_out = (unsigned)room;
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *packed_length = stream.total_out;
    deflateEnd(&stream);
    return packed;
}

json_t *upload_reply(struct reply *reply)
{
    json_t *json = json_loadb(reply->body, reply->length, 0, NULL);
    ck_assert_ptr_nonnull(json);
    reply_clear(reply);
    return json;
}

json_int_t upload_count(const json_t *import, const char *name)
{
    return json_integer_value(json_object_get(import, name));
}

void upload_done(struct client *client, struct reply reply, json_int_t created,
                 json_int_t duplicate, json_int_t rejected)
{
    char location[128] = "";
    ck_assert_msg(reply.status == 202, "%d %s", reply.status, reply.body);
    ck_assert(reply_field(&reply, "Location", location, sizeof location));
    json_t *answered = upload_reply(&reply), *shown = answer_get(client, location);
    ck_assert(json_equal(answered, shown));
    ck_assert_str_eq(answer_text(shown, "state"), "done");
    ck_assert_int_eq(upload_count(shown, "created"), created);
    ck_assert_int_eq(upload_count(shown, "duplicate"), duplicate);
    ck_assert_int_eq(upload_count(shown, "rejected"), rejected);
    json_decref(answered);
    json_decref(shown);
}

bool upload_bytes(int socket_fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(socket_fd, text, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        text += sent;
        length -= (size_t)sent;
    }
    return true;
}

int upload_begin(const struct service *service, const char *fields)
{
    char head[512];
    snprintf(head, sizeof head,
             "POST /v1/imports HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
             "%sContent-Length: 1000000000\r\n\r\n",
             service->key, fields);
    int socket_fd = client_connect(service->port);
    ck_assert_int_ge(socket_fd, 0);
    ck_assert(upload_bytes(socket_fd, head, strlen(head)));
    return socket_fd;
}

/* NULL where the service cannot tell just now. */
static json_t *latest_import(struct client *client)
{
    struct reply reply = client_get(client, "/v1/imports?limit=1");
    json_t *page = reply.status == 200 ? json_loads(reply.body, 0, NULL) : NULL;
    json_t *latest = json_incref(json_array_get(json_object_get(page, "data"), 0));
    json_decref(page);
    reply_clear(&reply);
    return latest;
}

json_t *upload_await(struct client *client, const char *state)
{
    time_t deadline = time(NULL) + UPLOAD_PATIENCE_SECONDS;
    for (;;) {
        json_t *latest = latest_import(client);
        if (latest != NULL && strcmp(answer_text(latest, "state"), state) == 0)
            return latest;
        json_decref(latest);
        ck_assert_msg(time(NULL) < deadline, "no import became %s", state);
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    }
}
