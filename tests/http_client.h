/* A client on a raw socket, for tests that say every byte themselves. All waiting has a
 * deadline, after which the test fails. */
#ifndef CLMD_TESTS_HTTP_CLIENT_H
#define CLMD_TESTS_HTTP_CLIENT_H

#include "base/clock.h"
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "Host: test\r\n"
#define JSON "Content-Type: application/json\r\n"

enum { CLIENT_SECONDS = 20, CLIENT_BUFFER = 32768 };

struct client {
    int socket;
    gnutls_session_t session; /* NULL: plain (see tls_client.h) */
    bool is_closed;           /* by the server */
    size_t length;
    char data[CLIENT_BUFFER]; /* received and not yet taken; ends in NUL */
};

struct reply {
    int status; /* 0: the connection was closed instead */
    char header[4096];
    char body[CLIENT_BUFFER];
    size_t body_length;
    char field[512]; /* what reply_field found */
};

static inline int64_t client_deadline(void)
{
    return clock_monotonic() + (int64_t)CLIENT_SECONDS * 1000000;
}

static inline short client_poll(int socket, short events, int64_t deadline)
{
    struct pollfd ready = {.fd = socket, .events = events};
    int64_t left = (deadline - clock_monotonic()) / 1000;
    ck_assert_msg(left > 0, "nothing happened within the deadline");
    return poll(&ready, 1, (int)left) > 0 ? ready.revents : 0;
}

static inline void client_make(struct client *client)
{
    client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    client->session = NULL;
    client->is_closed = false;
    client->length = 0;
    client->data[0] = '\0';
    ck_assert_int_ge(client->socket, 0);
}

/* Takes no file but that of client_make. */
static inline void client_connect(struct client *client, unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ck_assert_int_eq(connect(client->socket, (const struct sockaddr *)&address, sizeof address),
                     0);
}

static inline void client_dial(struct client *client, unsigned port)
{
    client_make(client);
    client_connect(client, port);
}

static inline void client_hang_up(struct client *client)
{
    if (client->session)
        gnutls_deinit(client->session);
    client->session = NULL;
    close(client->socket);
}

/* False when the server has closed. */
static inline bool client_send(struct client *client, const char *data, size_t length)
{
    int64_t deadline = client_deadline();
    while (length > 0) {
        client_poll(client->socket, POLLOUT, deadline);
        ssize_t sent = client->session
                           ? gnutls_record_send(client->session, data, length)
                           : send(client->socket, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (client->session && sent < 0)
            return false;
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        data += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

static inline bool client_say(struct client *client, const char *text)
{
    return client_send(client, text, strlen(text));
}

/* Waits for something to take in. */
static inline void client_await(struct client *client, int64_t deadline)
{
    if (!client->session || gnutls_record_check_pending(client->session) == 0)
        client_poll(client->socket, POLLIN, deadline);
}

/* Takes in what has come. False at the end of it. */
static inline bool client_take(struct client *client, int flags)
{
    size_t room = CLIENT_BUFFER - 1 - client->length;
    ssize_t got = client->session
                      ? gnutls_record_recv(client->session, client->data + client->length, room)
                      : recv(client->socket, client->data + client->length, room, flags);
    if (!client->session && got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    client->is_closed = got <= 0;
    client->length += got > 0 ? (size_t)got : 0;
    client->data[client->length] = '\0';
    return !client->is_closed;
}

/* The value of a field of the reply, or NULL; valid until the next call. */
static inline const char *reply_field(struct reply *reply, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = reply->header; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        const char *text = line + length + 1 + strspn(line + length + 1, " ");
        snprintf(reply->field, sizeof reply->field, "%.*s", (int)strcspn(text, "\r\n"), text);
        return reply->field;
    }
    return NULL;
}

/* Cuts a whole reply from the front of what was received. */
static inline bool client_cut(struct client *client, struct reply *reply, bool is_head)
{
    const char *end = strstr(client->data, "\r\n\r\n");
    if (!end)
        return false;
    size_t header = (size_t)(end - client->data) + 4;
    ck_assert_uint_lt(header, sizeof reply->header);
    memcpy(reply->header, client->data, header);
    reply->header[header] = '\0';
    ck_assert_int_eq(sscanf(reply->header, "HTTP/1.1 %d ", &reply->status), 1);
    const char *length = is_head ? NULL : reply_field(reply, "Content-Length");
    reply->body_length = length ? strtoul(length, NULL, 10) : 0;
    if (client->length < header + reply->body_length)
        return false;
    memcpy(reply->body, client->data + header, reply->body_length);
    reply->body[reply->body_length] = '\0';
    client->length -= header + reply->body_length;
    memmove(client->data, client->data + header + reply->body_length, client->length + 1);
    return true;
}

static inline void client_receive_for(struct client *client, struct reply *reply, bool is_head)
{
    int64_t deadline = client_deadline();
    while (!client_cut(client, reply, is_head)) {
        client_await(client, deadline);
        if (!client_take(client, 0)) {
            reply->status = 0;
            return;
        }
    }
}

/* The next reply; status 0 when the server closes before it is whole. */
static inline void client_receive(struct client *client, struct reply *reply)
{
    client_receive_for(client, reply, false);
}

/* Whether the server closes now, without another byte. */
static inline bool client_sees_end(struct client *client)
{
    int64_t deadline = client_deadline();
    while (!client->is_closed && client->length == 0) {
        client_await(client, deadline);
        (void)client_take(client, 0);
    }
    return client->length == 0;
}

#endif
