/* A parcel: rows of an import that are stored together, in one batch, and told of together. It
 * has memory of its own, so that it can be filled by one thread and stored by another. */
#ifndef CLMD_INGEST_PARCEL_H
#define CLMD_INGEST_PARCEL_H

#include "base/arena.h"
#include "base/problem.h"
#include "ingest/batch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A row of the input. */
struct entry {
    struct item item;
    uint64_t line;       /* that it begins in */
    const char *excerpt; /* of the row as it stands in the input */
    size_t excerpt_length;
};

struct parcel {
    struct arena *arena;
    struct entry *entries;
    struct item **items;
    size_t count, capacity;
    size_t bytes;             /* of all rows */
    struct parcel *next;      /* of those that are stored */
    struct parcel *next_live; /* of all that are not told of yet */
    int64_t storing_time;     /* microseconds that it took */
    bool is_stored;           /* when it was a storer's; else */
    struct problem why;       /* what went wrong */
};

/* NULL when out of memory. */
struct parcel *parcel_create(size_t capacity);
void parcel_destroy(struct parcel *parcel); /* NULL is allowed */

/* The next entry, zeroed. There must be room for it. */
struct entry *parcel_add(struct parcel *parcel);

/* Appends why an entry was not stored, as an object of line, reason, errors and input. */
void reject_write(struct buffer *out, struct arena *arena, const struct entry *entry);

#endif
