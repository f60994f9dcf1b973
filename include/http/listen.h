/* The socket that the service listens at. */
#ifndef CLMD_HTTP_LISTEN_H
#define CLMD_HTTP_LISTEN_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

enum { LISTEN_TEXT_SIZE = 96, HOST_SIZE = 256, PORT_SIZE = 6 };

struct place {
    char host[HOST_SIZE]; /* empty: every address */
    char port[PORT_SIZE]; /* a number */
};

/* "host:port", "[::1]:port", ":port" → host and port. */
bool place_read(const char *address, struct place *place) MUST_CHECK;

/* Whether such an address, as numbers, is reached from this host alone. */
bool place_is_local(const char *address) MUST_CHECK;

/* `address`: as above; port 0 takes a free one. The socket does not block; `bound` says where
 * it really is. The detail is for an operator. */
bool listen_open(const char *address, int *socket, char bound[LISTEN_TEXT_SIZE],
                 struct problem *why) MUST_CHECK;

#endif
