/* The vocabulary: every event type of the program, in one table. A new type is a row here (and
 * a case of the fixture); the database gets its copy by a repeatable migration. Types that a
 * business registers itself stand in the registry (ingest/registry.h). */
#ifndef CLMD_INGEST_VOCABULARY_H
#define CLMD_INGEST_VOCABULARY_H

#include "base/arena.h"
#include "base/buffer.h"
#include "json/decode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stage_position {
    STAGE_NONE,
    STAGE_FIND,
    STAGE_SELL,
    STAGE_DELIVER,
    STAGE_BILL,
    STAGE_SUPPORT,
    STAGE_LOYALTY,
    STAGE_POSITIONS
};

/* How a type moves the customer: not at all; to its stage; to its stage, but never back from a
 * later one; out of the lifecycle; to the stage that the event itself names. */
enum event_entry { ENTRY_ACTIVITY, ENTRY_ENTER, ENTRY_ADVANCE, ENTRY_EXIT, ENTRY_OVERRIDE };

struct event_type {
    int16_t code;              /* of the ledger: never changed, never used again */
    const char *name;          /* "sell.order.placed" */
    enum stage_position stage; /* STAGE_NONE for what is about the record itself */
    enum event_entry entry;
    bool is_scheduled; /* may lie in the future */
    bool needs_no_subject;
    bool is_spend;                   /* its amount is what the business spent */
    bool tells_identity;             /* who a customer is: see ingest/identity.h */
    const struct json_field *fields; /* of data, over struct event_values */
};

enum { CUSTOM_TYPE_CODE = 10000 }; /* the codes of custom types begin here */

extern const struct event_type EVENT_TYPES[];
extern const size_t EVENT_TYPE_COUNT;

/* The optional fields of every type's data; no more than COMMON_FIELD_LIMIT. */
extern const struct json_field COMMON_FIELDS[];
enum { COMMON_FIELD_LIMIT = 8 };

extern const char *const STAGE_NAMES[STAGE_POSITIONS + 1]; /* ends with NULL */
extern const char *const ENTRY_NAMES[];

/* NULL for an unknown name. */
const struct event_type *vocabulary_find(const char *name);

/* A field of a table by its name of `length` bytes; NULL if it has none. */
const struct json_field *vocabulary_field(const struct json_field *fields, const char *name,
                                          size_t length);

/* How the kinds of fields are called in what is shown and registered; ends with NULL. */
extern const char *const KIND_NAMES[JSON_KIND_OBJECT + 2];

/* A table of fields, a type, and all of them, as GET /v1/event-types shows them. custom_types:
 * JSON objects with commas between, or NULL. */
void fields_write(struct buffer *out, const struct json_field *fields);
void event_type_write(struct buffer *out, const struct event_type *type);
void vocabulary_write(struct buffer *out, const char *custom_types);

/* The stages, types and currencies as SQL that brings the database's copy up to date. */
void vocabulary_write_sql(struct buffer *out);

#endif
