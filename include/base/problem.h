/* What can go wrong, told in the terms of RFC 9457. A function that can fail takes a
 * `struct problem *why` last, fills it by fail() or fault_add(), and returns false. A
 * problem begins as {0}.
 *
 * `detail` and the faults are shown to the caller: they never hold a library's or PostgreSQL's
 * own words, a secret, or more than an excerpt of the input. `log_detail` is for our own
 * log. */
#ifndef CLMD_BASE_PROBLEM_H
#define CLMD_BASE_PROBLEM_H

#include "base/buffer.h"
#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

enum problem_code {
    PROBLEM_NONE,
    PROBLEM_MALFORMED,             /* 400 */
    PROBLEM_UNAUTHENTICATED,       /* 401 */
    PROBLEM_FORBIDDEN,             /* 403 */
    PROBLEM_NOT_FOUND,             /* 404 */
    PROBLEM_METHOD_NOT_ALLOWED,    /* 405 */
    PROBLEM_NOT_ACCEPTABLE,        /* 406 */
    PROBLEM_CONFLICT,              /* 409 */
    PROBLEM_ERASED,                /* 410 */
    PROBLEM_LENGTH_REQUIRED,       /* 411 */
    PROBLEM_PRECONDITION_FAILED,   /* 412 */
    PROBLEM_TOO_LARGE,             /* 413 */
    PROBLEM_URI_TOO_LONG,          /* 414 */
    PROBLEM_UNSUPPORTED_MEDIA,     /* 415 */
    PROBLEM_UNPROCESSABLE,         /* 422 */
    PROBLEM_PRECONDITION_REQUIRED, /* 428 */
    PROBLEM_TOO_MANY,              /* 429, with Retry-After */
    PROBLEM_HEADERS_TOO_LARGE,     /* 431 */
    PROBLEM_INTERNAL,              /* 500 */
    PROBLEM_UNAVAILABLE,           /* 503, with Retry-After */
    PROBLEM_CODES
};

enum { PROBLEM_FAULTS = 8 };

/* pointer: a JSON Pointer (RFC 6901) into the body, or "?name" for a query parameter */
struct fault {
    char pointer[96];
    char detail[128];
};

struct problem {
    enum problem_code code;
    char detail[224];
    char log_detail[224];
    struct fault faults[PROBLEM_FAULTS];
    unsigned fault_count; /* faults beyond PROBLEM_FAULTS are dropped */
};

/* A row for each code: the HTTP status, the path segment of `type` (/problems/<slug>), the
 * title, and the explanation that the service gives at that path. */
struct problem_kind {
    int status;
    const char *slug;
    const char *title;
    const char *explanation;
};

const struct problem_kind *problem_kind(enum problem_code code);

/* Both return false, so that a function can end in `return fail(…)`. */
bool fail(struct problem *why, enum problem_code code, const char *detail, ...)
    PRINTF_LIKE(3, 4);

/* Adds a fault in the input; the code becomes PROBLEM_UNPROCESSABLE if there was none. */
bool fault_add(struct problem *why, const char *pointer, const char *detail, ...)
    PRINTF_LIKE(3, 4);

/* Appends a fault as a JSON object. */
void fault_write(struct buffer *out, const struct fault *fault);

/* Appends the faults as a JSON array of objects with the members pointer and detail. */
void faults_write(struct buffer *out, const struct problem *why);

#endif
