/* The target of a request line, read by ourselves: libmicrohttpd decodes it before it hands it
 * over, and cuts it at %00. */
#ifndef CLMD_HTTP_TARGET_H
#define CLMD_HTTP_TARGET_H

#include "base/arena.h"
#include "base/problem.h"
#include "http/request.h"
#include "http/route.h"

#include <stdbool.h>
#include <stddef.h>

enum { TARGET_LIMIT = 4096 }; /* bytes; a longer one is 414 */

struct target {
    const char *path; /* raw, ends in NUL */
    size_t path_length;
    const char *query; /* raw, without its question mark; empty if there is none */
};

/* `raw` is cut in place. Takes "/path?query" and "http://host/path?query". 400 for what cannot
 * stand in a target. */
bool target_split(char *raw, struct target *target, struct problem *why) MUST_CHECK;

/* The variables of the path into request->variables, decoded. 400 for invalid escapes, for
 * what is not UTF-8, and for %00. */
bool target_variables(struct request *request, const struct route_match *match,
                      struct problem *why) MUST_CHECK;

/* The query into request->parameters, decoded ("+" is a space). 400 as above; 422 for too many,
 * for one that comes twice, and for one that request->route does not know. */
bool target_parameters(struct request *request, const char *query,
                       struct problem *why) MUST_CHECK;

#endif
