/* A request, as handlers see it. Whatever a handler obtains lives until the request ends, in
 * its arena; handlers never free, never log, and never touch libmicrohttpd. */
#ifndef CLMD_HTTP_REQUEST_H
#define CLMD_HTTP_REQUEST_H

#include "base/address.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/problem.h"
#include "base/trace.h"
#include "http/auth.h"
#include "http/route.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct stream;

struct query_parameter {
    const char *name, *value; /* percent-decoded UTF-8, without NUL */
};

struct header_field {
    const char *name, *value;
};

enum { REQUEST_ID_SIZE = 65, REQUEST_FIELDS = 8, REQUEST_PARAMETERS = 24 };

struct answer {
    int status;
    const char *content_type;
    const char *body; /* in the arena, in a deferred PGresult, or static */
    size_t length;
    struct header_field fields[REQUEST_FIELDS];
    size_t field_count;
    bool is_streamed; /* the body comes through request->stream */
};

struct request {
    struct arena *arena;
    const struct route *route;
    const char *method;
    const char *path;                       /* raw, without the query */
    const char *variables[ROUTE_VARIABLES]; /* decoded UTF-8, in the order of the path */
    struct query_parameter parameters[REQUEST_PARAMETERS];
    size_t parameter_count;
    struct header_field *fields; /* of the route's prefix: names without it, in lower case */
    size_t field_count;
    char id[REQUEST_ID_SIZE]; /* X-Request-Id, given or made */
    struct trace trace;
    char key_id[KEY_ID_SIZE];        /* of the caller; empty on an open route */
    struct rights rights;            /* of the caller */
    char address[ADDRESS_TEXT_SIZE]; /* of the client, behind a trusted proxy too */
    const char *media_type; /* of the body, lower case, without its parameters; may be "" */
    const char *body;       /* NUL-terminated past `body_length` */
    const char *if_match, *if_none_match; /* the caller's conditions, or NULL */
    const char *idempotency_key;          /* without quotes, or NULL; see http/change.h */
    uint64_t position; /* that the caller wants the answer to be of, at the least; 0: none */
    size_t body_length;
    uint64_t announced;      /* bytes of the body, by its header; 0: it does not tell */
    bool is_gzip;            /* FLOW_BODY: the body is packed; the handler unpacks it */
    bool accepts_gzip;       /* the answer may be packed */
    const char *answer_type; /* of the media types of the route's answers, the one to give */
    struct stream *stream;   /* LANE_BULK: of the body or of the answer */
    void *input;             /* what admit made of all this */
    size_t weight;    /* LANE_WRITE: what it counts in a batch (its events); admit sets it */
    struct db *db;    /* the worker's, in answer(); not of LANE_INLINE */
    void *service;    /* what the program gave server_start, for handlers */
    int64_t began_at; /* clock_monotonic, as what follows */
    int64_t queued_at, taken_at, answered_at; /* given to its lane, by a worker, back; or 0 */
    int64_t database_time; /* of it, microseconds that the worker waited for PostgreSQL */
    struct answer answer;
    const char *log_detail; /* of a failure of ours, for our own log; NULL if there is none */
    struct request *next;   /* in a lane's queue, or on the way back from it */
};

/* As a weight: more than any batch takes, so that the request is answered alone. */
enum { REQUEST_ALONE = 1 << 30 };

/* The value of a query parameter, or NULL. */
const char *request_parameter(const struct request *request, const char *name);

/* The caller's key, where what others have sent is not for it to see: it is bound to sources or
 * types, or may not read events at all. NULL: it may see everybody's. */
const char *request_own_key(const struct request *request);

/* A parameter that is true or false, and false if it is not given. What is neither is a
 * fault. */
bool request_flag(const struct request *request, const char *name, struct problem *why);

/* All three fill the answer and return true. `body` is not copied. */
bool respond_json(struct request *request, int status, const char *body, size_t length);
bool respond_buffer(struct request *request, int status, const struct buffer *body,
                    struct problem *why); /* false if the buffer failed */
bool respond_text(struct request *request, int status, const char *content_type,
                  const char *body, size_t length);

/* A header field of the answer; the texts are not copied. False when there are too many. */
bool respond_field(struct request *request, const char *name, const char *value);

/* Runs the route's answer(), and tags what it gave where the route says so. */
bool request_answer(struct request *request, struct problem *why);

/* Begins the answer of FLOW_ANSWER: the header goes out with 200, and what is written into
 * request->stream follows. False: nothing is to follow (HEAD). From here on the answer is not
 * the worker's any more, and answer() returns true; of what failed, request_break tells the
 * client, by a connection that is torn, and our log. */
bool respond_stream(struct request *request, const char *content_type);
void request_break(struct request *request, const struct problem *why);

/* Makes the answer a problem+json of `why` (instance: the request's id). Header fields that the
 * answer had are dropped. */
void request_refuse(struct request *request, const struct problem *why);

/* The same, with the faults of several parts as its own. */
void request_refuse_parts(struct request *request, const struct problem *why,
                          const struct problem *parts, size_t count);

/* Appends `why` as a problem+json object; for an item of a batch, `instance` is NULL. */
void problem_write(struct buffer *out, const struct problem *why, const char *instance);

#endif
