/* The body of a request as it arrives: gathered up to a limit, and unpacked on the way if it is
 * compressed. What is over the limit is dropped, for it can be answered at the end only; of
 * what is compressed, no more is unpacked than the limit allows. */
#ifndef CLMD_HTTP_BODY_H
#define CLMD_HTTP_BODY_H

#include "base/buffer.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gzip;

enum body_state { BODY_SOUND, BODY_TOO_LARGE, BODY_NOT_GZIP, BODY_NO_MEMORY };

struct body {
    struct buffer text;
    struct gzip *gzip; /* NULL: it comes as it is */
    uint64_t received; /* bytes on the wire, the dropped ones too */
    size_t limit;      /* bytes on the wire, and unpacked */
    bool is_dropped;   /* nobody wants it */
    enum body_state state;
};

/* announced: its length on the wire, not over the limit; 0 if that was not told. */
bool body_begin(struct body *body, struct arena *arena, size_t limit, size_t announced,
                bool is_packed, struct problem *why) MUST_CHECK;

/* A body that nobody wants; its size is watched all the same. */
void body_drop(struct body *body, struct arena *arena, size_t limit);

void body_take(struct body *body, const char *piece, size_t length);

/* The whole body, in the arena, with a NUL behind it. 413 for what is over the limit, 400 for
 * what is not gzip to its end. */
bool body_end(struct body *body, const char **text, size_t *length,
              struct problem *why) MUST_CHECK;

#endif
