/* Custom types: event types that a business registers, in the JSON that GET /v1/event-types
 * shows them in. The door takes it from a caller, the registry from the database. */
#ifndef CLMD_INGEST_CUSTOM_TYPE_H
#define CLMD_INGEST_CUSTOM_TYPE_H

#include "base/arena.h"
#include "base/problem.h"
#include "ingest/vocabulary.h"

#include <jansson.h>
#include <stdbool.h>

enum {
    CUSTOM_TYPE_NAME_LIMIT = 100,         /* bytes */
    CUSTOM_TYPE_BODY_LIMIT = 16 * 1024,   /* bytes of a definition */
    CUSTOM_TYPE_DESCRIPTION_LIMIT = 1000, /* bytes */
    CUSTOM_FIELDS_LIMIT = 100,            /* fields in a table, choices of a field */
    CUSTOM_FIELDS_DEPTH = 4               /* tables in each other */
};

/* Reads a definition: entry, fields, description (NULL if not given). Everything lives in the
 * arena; the type has no code yet. False with the faults, each with its pointer. */
bool custom_type_read(struct arena *arena, const char *name, json_t *definition,
                      struct event_type *type, const char **description,
                      struct problem *why) MUST_CHECK;

/* Reads `rows`, the fields of a type's data, to a table of them; for custom_type_read. */
bool custom_fields_read(struct arena *arena, const json_t *rows, const char *pointer,
                        const struct json_field **fields, struct problem *why) MUST_CHECK;

#endif
