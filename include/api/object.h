/* The body of a change: one JSON object, by a table of its members. */
#ifndef CLMD_API_OBJECT_H
#define CLMD_API_OBJECT_H

#include "base/problem.h"
#include "http/request.h"
#include "json/decode.h"

#include <stdbool.h>

/* Parses the body, which may be nothing where the route says so: then it is an empty object.
 * The object, and the texts stored into `target`, live as long as the request. NULL if it is
 * none; what is wrong with its members is added to `why` as faults, for the caller to look at.
 * A member that the table does not name is a fault too, since a misspelt one must not pass for
 * one that is absent. */
json_t *object_read(struct request *request, const struct json_field *fields, void *target,
                    struct problem *why) MUST_CHECK;

#endif
