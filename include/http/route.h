/* The table of what the service answers. A route is a row; everything that can be decided from
 * the row (404, 405, 401, 403, 415, unknown parameters) is decided before a body is read. */
#ifndef CLMD_HTTP_ROUTE_H
#define CLMD_HTTP_ROUTE_H

#include "base/problem.h"
#include "http/scope.h"

#include <stdbool.h>
#include <stddef.h>

struct db;
struct request;

/* Where a request is answered: at once on the I/O thread, or by a worker with a connection.
 * What changes configuration or customers has a lane of its own, so that it holds up neither
 * those who read nor the events; so has what takes long. */
enum lane_name { LANE_INLINE, LANE_READ, LANE_WRITE, LANE_CHANGE, LANE_BULK, LANES };

/* LANE_BULK: what is of any length, and goes through request->stream. */
enum flow { FLOW_NONE, FLOW_BODY, FLOW_ANSWER };

struct route {
    const char *method;
    const char *path; /* "/v1/customers/{ref}/visits" */
    enum scope scope; /* what the caller's key must allow; of several one is enough */
    enum lane_name lane;
    enum flow flow;
    const char *const *parameters;  /* query parameters that it knows; NULL: none */
    const char *const *media_types; /* of the body, "*+json" too; NULL: it takes none */
    bool is_body_optional;          /* there may be none, whatever its type */
    const char *field_prefix; /* of the header fields that it reads, lower case; NULL: none */
    const char *const *answer_types; /* that it answers in; NULL: application/json */
    bool is_tagged;      /* a strong ETag on its answers; If-None-Match makes a 304 of them */
    bool requires_match; /* without If-Match or If-None-Match it is 428 */
    bool takes_long;     /* its statements may take as long as any */
    bool of_customer;    /* its first variable is the customer whom alone it tells of */
    bool keeps_answer;   /* LANE_CHANGE: takes an Idempotency-Key */

    /* On the I/O thread, with the whole body (FLOW_BODY: before it comes): check the input,
     * leave it in request->input. Never touches the database. It may fill the answer, which
     * then needs no lane. NULL: nothing to check. */
    bool (*admit)(struct request *request, struct problem *why);

    /* But for LANE_WRITE: fill the answer. LANE_BULK: it may take hours. */
    bool (*answer)(struct request *request, struct problem *why);

    /* LANE_CHANGE: after the commit, before the caller has the answer: what is held in memory
     * of that which was changed is read again. NULL: nothing is. */
    void (*refresh)(struct request *request);

    /* LANE_WRITE: fill the answers of a batch, request_refuse() for those that failed. */
    void (*answer_batch)(struct request *const *batch, size_t count, struct db *db);
};

enum { ROUTE_VARIABLES = 4 };

struct route_match {
    const struct route *route;
    const char *variables[ROUTE_VARIABLES]; /* segments, still encoded; not terminated */
    size_t lengths[ROUTE_VARIABLES];
    size_t variable_count;
    char allow[64]; /* the path's methods, for 405 and OPTIONS: "GET, HEAD, OPTIONS" */
};

/* Finds the route of a method and a raw path (without the query). HEAD finds GET's. False with
 * PROBLEM_NOT_FOUND, or with PROBLEM_METHOD_NOT_ALLOWED and `allow` filled. Methods are
 * case-sensitive. */
bool route_find(const struct route *routes, size_t count, const char *method, const char *path,
                size_t path_length, struct route_match *match, struct problem *why) MUST_CHECK;

#endif
