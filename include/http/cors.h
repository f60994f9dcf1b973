/* Cross-origin requests (the Fetch standard's CORS protocol): which origins' pages may use the
 * service from a browser. Credentials are never allowed, since there are none: a token comes in
 * the field Authorization, which a page must set itself. */
#ifndef CLMD_HTTP_CORS_H
#define CLMD_HTTP_CORS_H

#include "base/problem.h"

#include <stdbool.h>

struct cors;

/* Reads a list of origins ("https://app.example.com,http://localhost:5173"). Of an empty one
 * *cors is NULL: no page of another origin may. False, with the origin that is none: a path, a
 * wildcard, another scheme. */
bool cors_start(const char *origins, struct cors **cors, struct problem *why) MUST_CHECK;
void cors_destroy(struct cors *cors);

/* The origin of a request's field, if it is one of the list: text that lives as long as `cors`.
 * NULL otherwise. Both may be NULL. */
const char *cors_find(const struct cors *cors, const char *origin);

#endif
