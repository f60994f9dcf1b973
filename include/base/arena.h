/* Memory that lives as long as one request: everything taken from an arena is given back
 * together, by arena_destroy. An arena has a limit, and what it cannot give is NULL, never an
 * abort. An arena belongs to one thread at a time. */
#ifndef CLMD_BASE_ARENA_H
#define CLMD_BASE_ARENA_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* limit: the most bytes that the arena will ever hand out. NULL when out of memory. */
struct arena *arena_create(size_t limit);

/* Runs what was deferred, last first, then frees everything. NULL is allowed. */
void arena_destroy(struct arena *arena);

/* Zeroed memory aligned for any type; NULL when out of memory or over the limit. */
void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;

/* As arena_alloc, for `size` bytes that the caller fills itself: not zeroed. */
void *arena_alloc_raw(struct arena *arena, size_t size) MUST_CHECK;

/* `piece` of `size` bytes (NULL of 0) with room for new_size; what it held moves along. NULL
 * leaves it as it was. */
void *arena_grow(struct arena *arena, void *piece, size_t size, size_t new_size) MUST_CHECK;

/* A copy that ends in NUL; `text` need not. */
char *arena_copy(struct arena *arena, const char *text, size_t length) MUST_CHECK;
char *arena_print(struct arena *arena, const char *format, ...) MUST_CHECK PRINTF_LIKE(2, 3);

/* `release(what)` will be called by arena_destroy. When there is no memory left to remember
 * it, it is called at once and the result is false. */
bool arena_defer(struct arena *arena, void (*release)(void *), void *what) MUST_CHECK;

#endif
