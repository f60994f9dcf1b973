/* What the header of a request says about its framing, its body and its caller; decided before
 * a byte of the body is read, without libmicrohttpd (which accepts a repeated Content-Length
 * and Content-Length beside Transfer-Encoding: two readings of one stream of bytes). */
#ifndef CLMD_HTTP_HEADERS_H
#define CLMD_HTTP_HEADERS_H

#include "base/problem.h"
#include "http/request.h"
#include "http/route.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum header {
    HEADER_ACCEPT,
    HEADER_ACCEPT_ENCODING,
    HEADER_AUTHORIZATION,
    HEADER_CONTENT_ENCODING,
    HEADER_CONTENT_LENGTH,
    HEADER_CONTENT_TYPE,
    HEADER_HOST,
    HEADER_IDEMPOTENCY_KEY,
    HEADER_IF_MATCH,
    HEADER_IF_NONE_MATCH,
    HEADER_ORIGIN,
    HEADER_REQUEST_METHOD,
    HEADER_POSITION,
    HEADER_REQUEST_ID,
    HEADER_TRACEPARENT,
    HEADER_TRANSFER_ENCODING,
    HEADERS
};

/* More bytes of request line and fields, or more fields, are 431. */
enum { HEADER_LIMIT = 8192, FIELDS_LIMIT = 100 };

/* The fields that matter to us. */
struct headers {
    const char *values[HEADERS]; /* NULL: absent */
    bool is_repeated[HEADERS];
    size_t size;  /* bytes of request line and fields */
    size_t count; /* fields */
};

void headers_add(struct headers *headers, const char *name, const char *value);

/* 431 and 400: what is too long or has two readings. */
bool headers_check(const struct headers *headers, const char *version,
                   struct problem *why) MUST_CHECK;

/* 406: the caller takes none of the media types that the route answers in. Leaves
 * request->answer_type and accepts_gzip. */
bool headers_check_accept(const struct headers *headers, struct request *request,
                          struct problem *why) MUST_CHECK;

/* Whether a body follows, and its length if that was declared (else 0). */
bool headers_announce_body(const struct headers *headers, uint64_t *length);

/* Whether the body is compressed. */
bool headers_tell_gzip(const struct headers *headers);

/* 415 and 411, for a route that takes a body; leaves request->media_type. */
bool headers_check_body(const struct headers *headers, struct request *request,
                        struct problem *why) MUST_CHECK;

/* Whereto the caller's traceparent says that the request belongs; empty without a good one. */
struct trace headers_trace(const struct headers *headers);

/* The caller's request id, if it gave a good one. */
const char *headers_request_id(const struct headers *headers);

#endif
