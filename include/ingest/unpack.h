/* A source that unpacks another one, which is in the gzip form. What it unpacks is as much as
 * is read, so it takes no memory to speak of; but it takes time, and so there is a limit to how
 * many times its size a text may be unpacked. */
#ifndef CLMD_INGEST_UNPACK_H
#define CLMD_INGEST_UNPACK_H

#include "base/arena.h"
#include "base/gzip.h"
#include "base/problem.h"
#include "ingest/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UNPACK_PIECE = 16 * 1024,
    UNPACK_FACTOR = 250,           /* the most that so many times as much may come of a text, */
    UNPACK_FREE = 64 * 1024 * 1024 /* but for so many bytes, of any text */
};

struct unpacker {
    struct source packed;
    struct gzip *gzip;
    uint64_t taken, given; /* bytes */
    struct problem why;    /* of a SOURCE_BROKEN that is the text's own fault */
    char piece[UNPACK_PIECE];
};

/* Lives as long as the arena; NULL when out of memory. */
struct unpacker *unpacker_create(struct arena *arena, struct source packed);

struct source unpacker_source(struct unpacker *unpacker);

#endif
