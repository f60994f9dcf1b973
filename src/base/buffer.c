/* There is always room for one byte more than the capacity says: for the NUL that vsnprintf
 * writes behind its text. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 255 };

struct buffer buffer_create(struct arena *arena, size_t limit)
{
    return (struct buffer){.arena = arena, .limit = limit};
}

static bool buffer_reserve(struct buffer *buffer, size_t length)
{
    if (length > buffer->limit - buffer->length)
        return false;
    size_t needed = buffer->length + length;
    if (buffer->data && needed <= buffer->capacity)
        return true;
    size_t capacity = buffer->data ? 2 * buffer->capacity + 1 : FIRST_CAPACITY;
    if (capacity > buffer->limit)
        capacity = buffer->limit;
    if (capacity < needed)
        capacity = needed;
    size_t held = buffer->data ? buffer->capacity + 1 : 0;
    char *data = arena_grow(buffer->arena, buffer->data, held, capacity + 1);
    if (!data)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

char *buffer_extend(struct buffer *buffer, size_t length)
{
    if (buffer->failed || !buffer_reserve(buffer, length)) {
        buffer->failed = true;
        return NULL;
    }
    char *room = buffer->data + buffer->length;
    buffer->length += length;
    return room;
}

void buffer_append(struct buffer *buffer, const void *data, size_t length)
{
    if (length == 0)
        return;
    char *room = buffer_extend(buffer, length);
    if (room)
        memcpy(room, data, length);
}

void buffer_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        buffer->failed = true;
        return;
    }
    char *room = buffer_extend(buffer, (size_t)length);
    if (!room)
        return;
    va_start(arguments, format);
    vsnprintf(room, (size_t)length + 1, format, arguments);
    va_end(arguments);
}

static bool needs_escape(char character)
{
    return (unsigned char)character < 0x20 || character == '"' || character == '\\';
}

static void append_escaped(struct buffer *buffer, char character)
{
    static const char NAMED[] = "\"\\\b\f\n\r\t", NAMES[] = "\"\\bfnrt";
    const char *named = character ? strchr(NAMED, character) : NULL;
    if (named)
        buffer_append(buffer, (const char[]){'\\', NAMES[named - NAMED]}, 2);
    else
        buffer_print(buffer, "\\u%04x", (unsigned)(unsigned char)character);
}

void buffer_json(struct buffer *buffer, const char *text, size_t length)
{
    buffer_append(buffer, "\"", 1);
    size_t start = 0;
    for (size_t at = 0; at < length; at++) {
        if (!needs_escape(text[at]))
            continue;
        buffer_append(buffer, text + start, at - start);
        append_escaped(buffer, text[at]);
        start = at + 1;
    }
    if (start < length)
        buffer_append(buffer, text + start, length - start);
    buffer_append(buffer, "\"", 1);
}

void buffer_json_text(struct buffer *buffer, const char *text)
{
    if (text)
        buffer_json(buffer, text, strlen(text));
    else
        buffer_append(buffer, "null", 4);
}
