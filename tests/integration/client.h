/* A small HTTP client for the tests: one keep-alive connection to the loopback, every wait
 * bounded by a deadline. Not for anything but tests: it trusts the server's framing. */
#ifndef CLMD_TESTS_CLIENT_H
#define CLMD_TESTS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct client;

struct reply {
    int status; /* 0: no answer (the connection failed or the deadline passed) */
    char *head; /* the status line and the fields, terminated */
    char *body; /* terminated */
    size_t length;
};

struct client *client_create(int port, const char *key); /* key: NULL for none */
void client_destroy(struct client *client);

/* Connects if need be. `body` may be NULL. The reply is released by reply_clear. */
struct reply client_call(struct client *client, const char *method, const char *path,
                         const char *content_type, const char *body);

/* As client_call, with header fields of one's own ("Name: value\r\n…") and a body of any
 * bytes. */
struct reply client_ask(struct client *client, const char *method, const char *path,
                        const char *fields, const char *body, size_t length);
struct reply client_get(struct client *client, const char *path);
struct reply client_post(struct client *client, const char *path, const char *body);

/* The value of a header field, copied into `value`; false if there is none. */
bool reply_field(const struct reply *reply, const char *name, char *value, size_t size);
void reply_clear(struct reply *reply);

/* Sends bytes as they are over a connection of its own and returns what came back until the
 * server closed it or `seconds` passed; terminated, to be freed. */
char *client_raw(int port, const char *bytes, size_t length, int seconds);

/* A connected socket, or −1. */
int client_connect(int port);

#endif
