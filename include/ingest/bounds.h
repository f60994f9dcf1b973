/* What a key may post, where it is bound to sources or types. */
#ifndef CLMD_INGEST_BOUNDS_H
#define CLMD_INGEST_BOUNDS_H

#include "base/problem.h"
#include "http/auth.h"
#include "ingest/event.h"

#include <stdbool.h>

/* False with 403, and a fault for each thing that is out of bounds: the source, the type, the
 * source of the event that an event.voided takes back. Of which type that one is the database
 * knows (event.target_types). `rights` may be NULL: anything. */
bool bounds_check(const struct rights *rights, const struct event *event,
                  struct problem *why) MUST_CHECK;

/* Whether a key that is bound to sources, or types, may post this one; NULL: any. */
bool bounds_allow_source(const char *sources, const char *source);
bool bounds_allow_type(const char *types, const char *type);

#endif
