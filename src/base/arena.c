/* Small pieces are cut from shared chunks, one after the other; a piece that would waste much
 * of a chunk gets one of its own, so that what is left of the shared one is not lost. The arena
 * itself lies at the front of its first chunk: a request that needs little costs one malloc
 * and one free.
 *
 * Sizes are rounded up to the alignment, and so is the limit: what fits the limit before the
 * rounding fits it afterwards. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGNMENT = _Alignof(max_align_t),
    FIRST_CHUNK = 4096,
    SHARED_CHUNK = 16384,
    SHARED_PIECE = SHARED_CHUNK / 4 /* the largest that shares a chunk */
};

struct chunk {
    struct chunk *previous;
    max_align_t data[];
};

struct deferred {
    struct deferred *previous;
    void (*release)(void *);
    void *what;
};

struct arena {
    size_t limit;
    size_t used;
    unsigned char *next; /* from here to end: what is left of the newest shared chunk */
    unsigned char *end;
    struct chunk *shared; /* newest first, without the first one, which holds this */
    struct chunk *own;    /* newest first */
    struct deferred *deferred;
};

static size_t round_up(size_t size)
{
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

struct arena *arena_create(size_t limit)
{
    struct arena *arena = malloc(FIRST_CHUNK);
    if (!arena)
        return NULL;
    *arena = (struct arena){
        .limit = round_up(limit < SIZE_MAX / 2 ? limit : SIZE_MAX / 2),
        .next = (unsigned char *)arena + round_up(sizeof *arena),
        .end = (unsigned char *)arena + FIRST_CHUNK,
    };
    return arena;
}

static void free_chunks(struct chunk *newest)
{
    while (newest) {
        struct chunk *previous = newest->previous;
        free(newest);
        newest = previous;
    }
}

void arena_destroy(struct arena *arena)
{
    if (!arena)
        return;
    while (arena->deferred) {
        struct deferred *deferred = arena->deferred;
        arena->deferred = deferred->previous;
        deferred->release(deferred->what);
    }
    free_chunks(arena->shared);
    free_chunks(arena->own);
    free(arena);
}

static struct chunk *chunk_push(struct chunk **newest, size_t size)
{
    struct chunk *chunk = malloc(sizeof *chunk + size);
    if (!chunk)
        return NULL;
    chunk->previous = *newest;
    *newest = chunk;
    return chunk;
}

static void *take_own(struct arena *arena, size_t size)
{
    struct chunk *chunk = chunk_push(&arena->own, size);
    return chunk ? chunk->data : NULL;
}

static void *take_shared(struct arena *arena, size_t size)
{
    if (size > (size_t)(arena->end - arena->next)) {
        struct chunk *chunk = chunk_push(&arena->shared, SHARED_CHUNK);
        if (!chunk)
            return NULL;
        arena->next = (unsigned char *)chunk->data;
        arena->end = arena->next + SHARED_CHUNK;
    }
    void *piece = arena->next;
    arena->next += size;
    return piece;
}

void *arena_alloc_raw(struct arena *arena, size_t size)
{
    if (size > arena->limit - arena->used)
        return NULL;
    size = round_up(size);
    void *piece = size > SHARED_PIECE ? take_own(arena, size) : take_shared(arena, size);
    if (piece)
        arena->used += size;
    return piece;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *piece = arena_alloc_raw(arena, size);
    return piece ? memset(piece, 0, size) : NULL;
}

/* The newest piece with a chunk of its own grows by realloc. */
static void *grow_own(struct arena *arena, size_t size, size_t new_size)
{
    if (new_size - size > arena->limit - arena->used)
        return NULL;
    struct chunk *chunk = realloc(arena->own, sizeof *chunk + new_size);
    if (!chunk)
        return NULL;
    arena->own = chunk;
    arena->used += new_size - size;
    return chunk->data;
}

void *arena_grow(struct arena *arena, void *piece, size_t size, size_t new_size)
{
    if (new_size <= size)
        return piece;
    if (new_size > arena->limit)
        return NULL;
    if (arena->own && piece == arena->own->data)
        return grow_own(arena, round_up(size), round_up(new_size));
    void *grown = arena_alloc_raw(arena, new_size);
    return grown && size > 0 ? memcpy(grown, piece, size) : grown;
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? arena_alloc_raw(arena, length + 1) : NULL;
    if (!copy)
        return NULL;
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : arena_alloc_raw(arena, (size_t)length + 1);
    if (!text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

bool arena_defer(struct arena *arena, void (*release)(void *), void *what)
{
    struct deferred *deferred = arena_alloc_raw(arena, sizeof *deferred);
    if (!deferred) {
        release(what);
        return false;
    }
    *deferred = (struct deferred){arena->deferred, release, what};
    arena->deferred = deferred;
    return true;
}
