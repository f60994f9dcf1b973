/* Who is who: what may be a customer's name, and what is told of customers, by events and by
 * changes alike. */
#ifndef CLMD_INGEST_IDENTITY_H
#define CLMD_INGEST_IDENTITY_H

#include "base/compiler.h"
#include "base/problem.h"

#include <jansson.h>
#include <stdbool.h>

enum {
    IDENTITY_NAMES = 1000, /* identifiers that may be told at once */
    IDENTITY_DEPTH = 16    /* how deep the values of attributes may lie in each other */
};

/* A name has no control characters, and no space at either end. NULL is none, and right. */
bool name_check(const char *name, const char *pointer, struct problem *why) MUST_CHECK;

/* The members of an object that tell who a customer is, each where it is given: "identifiers"
 * and "into" must be names, no longer than a subject; "attributes" must not lie too deep. Other
 * kinds of values are left to the object's table of fields. `pointer` is where it stands. */
bool identity_check(const json_t *object, const char *pointer, struct problem *why) MUST_CHECK;

#endif
