/* Imports over HTTP, for the tests that send them. */
#ifndef CLMD_TESTS_UPLOAD_H
#define CLMD_TESTS_UPLOAD_H

#include "integration/client.h"
#include "integration/service.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { UPLOAD_PATIENCE_SECONDS = 60, UPLOAD_CUSTOMERS = 500 };

#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define CSV "Content-Type: text/csv\r\n"
#define GZIP "Content-Encoding: gzip\r\n"

/* `count` orders of a source, as NDJSON; to be freed. */
char *upload_orders(const char *source, int count);

/* A text in the gzip form; to be freed. */
char *upload_pack(const char *text, size_t length, size_t *packed_length);

/* A reply's JSON, to be released; the reply is cleared. */
json_t *upload_reply(struct reply *reply);
json_int_t upload_count(const json_t *import, const char *name);

/* The import is done, with these counts, and so it is shown at its Location. */
void upload_done(struct client *client, struct reply reply, json_int_t created,
                 json_int_t duplicate, json_int_t rejected);

/* A connection on which an import has begun, whose body is announced as longer than it will
 * be. */
int upload_begin(const struct service *service, const char *fields);

/* False when the service has closed. */
bool upload_bytes(int socket_fd, const char *bytes, size_t length);

/* The latest import, once it is in the state; to be released. */
json_t *upload_await(struct client *client, const char *state);

#endif
