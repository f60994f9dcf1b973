/* Conditional requests (RFC 9110, 13): the tags that name a state of a resource, and what a
 * caller says about the state that it knows. */
#ifndef CLMD_HTTP_CONDITION_H
#define CLMD_HTTP_CONDITION_H

#include "base/problem.h"
#include "http/headers.h"
#include "http/request.h"

#include <stdbool.h>
#include <stddef.h>

enum { TAG_SIZE = 35 }; /* 32 hexadecimal digits in quotes, and a NUL */

/* The strong tag of a representation, by its bytes; lifecycle.tag_of gives the same in SQL. */
void tag_of(const char *body, size_t length, char tag[TAG_SIZE]);

/* Whether a list of tags, as If-None-Match holds it, is "*" or has this one, weak or strong. */
bool tag_is_listed(const char *list, const char *tag);

/* Leaves If-Match, If-None-Match and Idempotency-Key in the request, each where its route takes
 * it. 400 for what is malformed; 428 where the route wants a condition and there is none. */
bool condition_read(const struct headers *headers, struct request *request,
                    struct problem *why) MUST_CHECK;

/* Puts the tag on an answer that has none yet, and makes of it a 304 where the caller has that
 * state already. */
bool condition_apply(struct request *request, struct problem *why) MUST_CHECK;

#endif
