#include "integration/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CALL_SECONDS = 30, READ_STEP = 16384 };

struct client {
    int port;
    int socket;
    char key[1024]; /* or a token */
};

struct text {
    char *data;
    size_t length;
};

static bool text_add(struct text *text, const char *data, size_t length)
{
    char *grown = realloc(text->data, text->length + length + 1);
    if (grown == NULL)
        return false;
    memcpy(grown + text->length, data, length);
    text->data = grown;
    text->length += length;
    grown[text->length] = '\0';
    return true;
}

int client_connect(int port)
{
    int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0)
        return -1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    setsockopt(socket_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(socket_fd, (struct sockaddr *)&address, sizeof address) == 0)
        return socket_fd;
    close(socket_fd);
    return -1;
}

/* More bytes into `text`: their number, 0 at the end, −1 on an error or after `seconds`. */
static ssize_t read_more(int socket_fd, struct text *text, int seconds)
{
    struct pollfd ready = {.fd = socket_fd, .events = POLLIN};
    if (poll(&ready, 1, seconds * 1000) != 1)
        return -1;
    char chunk[READ_STEP];
    ssize_t got = recv(socket_fd, chunk, sizeof chunk, 0);
    if (got > 0 && !text_add(text, chunk, (size_t)got))
        return -1;
    return got;
}

static bool send_all(int socket_fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(socket_fd, data, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        data += sent;
        length -= (size_t)sent;
    }
    return true;
}

char *client_raw(int port, const char *bytes, size_t length, int seconds)
{
    struct text text = {0};
    int socket_fd = client_connect(port);
    if (socket_fd < 0 || !text_add(&text, "", 0))
        return text.data;
    if (send_all(socket_fd, bytes, length)) {
        while (read_more(socket_fd, &text, seconds) > 0) {
        }
    }
    close(socket_fd);
    return text.data;
}

struct client *client_create(int port, const char *key)
{
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return NULL;
    client->port = port;
    client->socket = -1;
    snprintf(client->key, sizeof client->key, "%s", key != NULL ? key : "");
    return client;
}

static void client_close(struct client *client)
{
    if (client->socket >= 0)
        close(client->socket);
    client->socket = -1;
}

void client_destroy(struct client *client)
{
    client_close(client);
    free(client);
}

bool reply_field(const struct reply *reply, const char *name, char *value, size_t size)
{
    size_t name_length = strlen(name);
    for (const char *line = strstr(reply->head, "\r\n"); line != NULL && line[2] != '\0';
         line = strstr(line + 2, "\r\n")) {
        const char *field = line + 2;
        if (strncasecmp(field, name, name_length) != 0 || field[name_length] != ':')
            continue;
        field += name_length + 1;
        field += strspn(field, " ");
        snprintf(value, size, "%.*s", (int)strcspn(field, "\r"), field);
        return true;
    }
    return false;
}

void reply_clear(struct reply *reply)
{
    free(reply->head);
    free(reply->body);
    *reply = (struct reply){0};
}

/* The content of chunks; false where the last one has not come yet. */
static bool join_chunks(const char *text, struct text *joined)
{
    free(joined->data);
    *joined = (struct text){0};
    for (;;) {
        char *data;
        const char *line_end = strstr(text, "\r\n");
        size_t size = strtoul(text, &data, 16);
        if (line_end == NULL || strlen(line_end + 2) < size + 2)
            return false;
        if (!text_add(joined, line_end + 2, size) || size == 0)
            return size == 0;
        text = line_end + 2 + size + 2;
    }
}

/* `text` holds what has come of the reply; the body is read to its end. */
static bool read_body(struct client *client, struct text *text, size_t head_length,
                      struct reply *reply)
{
    char value[32] = "0";
    bool is_chunked = reply_field(reply, "Transfer-Encoding", value, sizeof value);
    size_t expected = 0;
    struct text body = {0};
    if (!is_chunked && reply_field(reply, "Content-Length", value, sizeof value))
        expected = strtoul(value, NULL, 10);
    while (is_chunked ? !join_chunks(text->data + head_length, &body)
                      : text->length < head_length + expected)
        if (read_more(client->socket, text, CALL_SECONDS) <= 0) {
            free(body.data);
            return false;
        }
    reply->length = is_chunked ? body.length : expected;
    reply->body = is_chunked ? body.data : strndup(text->data + head_length, expected);
    return reply->body != NULL;
}

static struct reply read_reply(struct client *client, bool has_body)
{
    struct reply reply = {0};
    struct text text = {0};
    char *end = NULL, value[32];
    bool is_open = true;
    while (end == NULL && is_open) {
        is_open = read_more(client->socket, &text, CALL_SECONDS) > 0;
        end = is_open ? strstr(text.data, "\r\n\r\n") : NULL;
    }
    if (end != NULL) {
        size_t head_length = (size_t)(end - text.data) + 4;
        reply.head = strndup(text.data, head_length - 2);
        reply.status = (int)strtol(reply.head + strlen("HTTP/1.1 "), NULL, 10);
        if (has_body && reply.status != 304)
            is_open = read_body(client, &text, head_length, &reply);
        else
            reply.body = strdup("");
    }
    if (!is_open)
        reply_clear(&reply);
    if (!is_open || (reply_field(&reply, "Connection", value, sizeof value) &&
                     strcasecmp(value, "close") == 0))
        client_close(client);
    free(text.data);
    return reply;
}

/* The head and the body in one write: in packets of their own they would wait for each other's
 * acknowledgement. */
static bool send_message(struct client *client, const char *head, const char *body,
                         size_t length)
{
    struct text message = {0};
    bool is_sent = text_add(&message, head, strlen(head)) &&
                   text_add(&message, body != NULL ? body : "", length) &&
                   client->socket >= 0 &&
                   send_all(client->socket, message.data, message.length);
    free(message.data);
    return is_sent;
}

struct reply client_ask(struct client *client, const char *method, const char *path,
                        const char *fields, const char *body, size_t length)
{
    char authorization[1100] = "", head[4096];
    if (client->key[0] != '\0')
        snprintf(authorization, sizeof authorization, "Authorization: Bearer %s\r\n",
                 client->key);
    int head_length =
        snprintf(head, sizeof head,
                 "%s %s HTTP/1.1\r\nHost: localhost\r\n%s%sContent-Length: %zu\r\n\r\n", method,
                 path, authorization, fields, length);
    if (client->socket < 0)
        client->socket = client_connect(client->port);
    if (head_length < (int)sizeof head && send_message(client, head, body, length))
        return read_reply(client, strcmp(method, "HEAD") != 0);
    client_close(client);
    return (struct reply){0};
}

struct reply client_call(struct client *client, const char *method, const char *path,
                         const char *content_type, const char *body)
{
    char fields[128] = "";
    if (content_type != NULL)
        snprintf(fields, sizeof fields, "Content-Type: %s\r\n", content_type);
    return client_ask(client, method, path, fields, body, body != NULL ? strlen(body) : 0);
}

struct reply client_get(struct client *client, const char *path)
{
    return client_call(client, "GET", path, NULL, NULL);
}

struct reply client_post(struct client *client, const char *path, const char *body)
{
    return client_call(client, "POST", path, "application/json", body);
}
