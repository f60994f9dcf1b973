#include "base/ring.h"

#include <string.h>

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

bool ring_create(struct arena *arena, size_t capacity, struct ring *ring)
{
    *ring = (struct ring){.data = arena_alloc_raw(arena, capacity), .capacity = capacity};
    return ring->data != NULL;
}

size_t ring_room(const struct ring *ring)
{
    return ring->capacity - ring->length;
}

/* What goes past the end of the memory goes on at its beginning. */
size_t ring_put(struct ring *ring, const void *data, size_t length)
{
    const char *bytes = data;
    size_t put = least(length, ring_room(ring));
    size_t end = (ring->first + ring->length) % ring->capacity;
    size_t before = least(put, ring->capacity - end);
    memcpy(ring->data + end, bytes, before);
    memcpy(ring->data, bytes + before, put - before);
    ring->length += put;
    return put;
}

size_t ring_take(struct ring *ring, void *into, size_t size)
{
    char *bytes = into;
    size_t taken = least(size, ring->length);
    size_t before = least(taken, ring->capacity - ring->first);
    memcpy(bytes, ring->data + ring->first, before);
    memcpy(bytes + before, ring->data, taken - before);
    ring->first = (ring->first + taken) % ring->capacity;
    ring->length -= taken;
    return taken;
}
