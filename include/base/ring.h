/* A ring of bytes of a fixed size: what was put in first is taken out first. Both calls do as
 * much as they can and tell how much that was. A ring belongs to one thread at a time. */
#ifndef CLMD_BASE_RING_H
#define CLMD_BASE_RING_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct ring {
    char *data;
    size_t capacity;
    size_t first;  /* where the oldest byte lies */
    size_t length; /* bytes in it */
};

/* Lives as long as the arena. */
bool ring_create(struct arena *arena, size_t capacity, struct ring *ring) MUST_CHECK;

size_t ring_put(struct ring *ring, const void *data, size_t length);
size_t ring_take(struct ring *ring, void *into, size_t size);
size_t ring_room(const struct ring *ring);

#endif
