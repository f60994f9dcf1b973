/* An event, from a sender's JSON to what the ingest stores. */
#ifndef CLMD_INGEST_EVENT_H
#define CLMD_INGEST_EVENT_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/problem.h"
#include "ingest/registry.h"
#include "ingest/vocabulary.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EVENT_NAME_LIMIT = 256,                    /* bytes of id, source, subject */
    EVENT_BODY_LIMIT = 256 * 1024,             /* bytes of one event */
    EVENT_FUTURE_SECONDS = 300,                /* how far ahead of our clock a time may be */
    EVENT_SCHEDULED_SECONDS = 10 * 366 * 86400 /* the same for scheduled types */
};

/* The namespace of event ids: event_id = UUIDv5(namespace, source + "\n" + id). */
extern const unsigned char EVENT_NAMESPACE[UUID_SIZE];

/* What an event's data has for the facts that read it from the body; or-ed. */
enum event_facet {
    FACET_COST = 1, /* data.cost: what the event itself cost */
    FACET_SPEND = 2 /* its amount is money spent: is_spend of its type */
};

/* What the types' fields give to the ledger's columns; the vocabulary says which field goes
 * where. Absent: NULL for texts, the flags for numbers. */
struct event_values {
    int64_t amount; /* minor units of currency */
    const char *currency;
    int64_t units;
    const char *object;                    /* the id of what the event is about */
    int16_t stage;                         /* stage.overridden: position from 0 in STAGES */
    const char *target_source, *target_id; /* event.voided */
    bool has_amount, has_units, has_stage;
    int16_t facets; /* enum event_facet */
};

/* The source of the events that the service itself records, of what came as a change. */
extern const char EVENT_OWN_SOURCE[];

struct event {
    const struct event_type *type;
    unsigned char event_id[UUID_SIZE];
    const char *source, *id;
    const char *subject;  /* NULL where the type needs none and none was given */
    const char *sequence; /* normalised (see the ledger's comment); NULL if not given */
    int64_t occurred_at;  /* microseconds since 2000-01-01 UTC */
    struct event_values values;
    unsigned char target[UUID_SIZE]; /* of event.voided */
    const char *target_types;        /* which it may be of, as in struct rights; NULL: any */
    const char *body;                /* the sender's own bytes */
    size_t body_length;
};

struct rights;

/* What events are read by. */
struct event_context {
    int64_t now;                 /* clock_utc() */
    const char *type_prefix;     /* "com.acme", where types may begin so; "" or NULL: none */
    struct registry *registry;   /* of the custom types; NULL where there are none */
    const struct rights *rights; /* of the sender (see ingest/bounds.h); NULL: any */
};

/* Reads one event: `body` must outlive the event, everything else is in the arena. False with
 * the faults, each with its pointer within the event ("/data/amount"), to which those are added
 * that `why` comes in with, and of the event its source, if it has a valid one, else NULL; or
 * with a problem that is not the event's (PROBLEM_INTERNAL, PROBLEM_UNAVAILABLE). */
bool event_read(struct arena *arena, const char *body, size_t length, json_t *object,
                const struct event_context *context, struct event *event,
                struct problem *why) MUST_CHECK;

/* The type of a name, with the prefix before it or without; as registry_find. */
bool event_type_find(struct arena *arena, const char *name, const struct event_context *context,
                     const struct event_type **type, struct problem *why) MUST_CHECK;

/* A fresh name for an event of EVENT_OWN_SOURCE: its id, and its event id, as texts. False when
 * the system has no randomness to give. */
bool event_name_own(char id[UUID_TEXT_SIZE], char event_id[UUID_TEXT_SIZE]) MUST_CHECK;

#endif
