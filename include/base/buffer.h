/* Text that grows in an arena up to a limit. A buffer that could not grow remembers it
 * (`failed`), so a writer appends freely and looks once, at the end. */
#ifndef CLMD_BASE_BUFFER_H
#define CLMD_BASE_BUFFER_H

#include "base/arena.h"

#include <stdint.h>

struct buffer {
    struct arena *arena;
    char *data; /* not terminated; NULL while empty */
    size_t length;
    size_t capacity;
    size_t limit; /* the most bytes that it may hold */
    bool failed;  /* something did not fit; what `data` holds is then incomplete */
};

struct buffer buffer_create(struct arena *arena, size_t limit);
void buffer_append(struct buffer *buffer, const void *data, size_t length);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_print(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Room for `length` more bytes, already counted in; the caller fills it. NULL when there is
 * none. */
char *buffer_extend(struct buffer *buffer, size_t length);

/* A JSON string with its quotes, escaped by RFC 8259; `text` is UTF-8. */
void buffer_json(struct buffer *buffer, const char *text, size_t length);

/* The same for text that ends in NUL; NULL is written as null. */
void buffer_json_text(struct buffer *buffer, const char *text);

#endif
