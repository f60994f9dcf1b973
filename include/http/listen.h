/* The socket that the service listens at. */
#ifndef CLMD_HTTP_LISTEN_H
#define CLMD_HTTP_LISTEN_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

enum { LISTEN_TEXT_SIZE = 96 };

/* `address`: "host:port", "[::1]:port", ":port" for every address; port 0 takes a free one.
 * The socket does not block; `bound` says where it really is. The detail is for an operator. */
bool listen_open(const char *address, int *socket, char bound[LISTEN_TEXT_SIZE],
                 struct problem *why) MUST_CHECK;

#endif
