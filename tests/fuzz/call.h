/* A request as text, "POST /v1/events?atomic=true", its header fields, an empty line and its
 * body, on the way that it goes through the service up to the database: what libmicrohttpd
 * does, and who may call what, are left out. */
#ifndef CLMD_TESTS_CALL_H
#define CLMD_TESTS_CALL_H

#include "base/arena.h"
#include "http/headers.h"
#include "http/request.h"
#include "http/target.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { CALL_BODY_LIMIT = 1024 * 1024 };

struct call {
    struct request request; /* with an arena of its own */
    struct headers headers;
    struct header_field fields[FIELDS_LIMIT];
    size_t field_count;
    char *raw; /* the target */
    const char *content;
    size_t content_length;
    struct target target;
    struct route_match match;
};

/* False for what is no such text; there is nothing to end then. */
bool call_begin(struct call *call, const void *text, size_t length) MUST_CHECK;
void call_end(struct call *call);

/* The order of src/http/admission.c and src/http/exchange.c, and the route's own check. */
bool call_admit(struct call *call, void *service, struct problem *why) MUST_CHECK;

/* The header alone. */
bool call_admit_header(struct call *call, struct problem *why) MUST_CHECK;

/* The body as JSON; NULL where it is none. */
json_t *call_body(const struct call *call);

#endif
