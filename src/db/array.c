#include "db/array.h"

#include <endian.h>
#include <string.h>

/* What stands before the elements: dimensions, whether there are nulls, the elements' type,
 * and of the one dimension its length and lower bound; each 4 bytes, big-endian. */
enum { HEADER_SIZE = 20, HEADER_SIZE_EMPTY = 12, NULL_LENGTH = -1 };

static const uint32_t ELEMENT_TYPES[] = {
    [ARRAY_INT2] = 21,   [ARRAY_INT8] = 20,          [ARRAY_TEXT] = 25,
    [ARRAY_UUID] = 2950, [ARRAY_TIMESTAMPTZ] = 1184, [ARRAY_BOOL] = 16,
};

static void put_number(char *place, uint32_t number)
{
    uint32_t wire = htobe32(number);
    memcpy(place, &wire, sizeof wire);
}

struct array array_create(struct arena *arena, enum array_type type, size_t limit)
{
    struct array array = {.buffer = buffer_create(arena, limit)};
    char *header = buffer_extend(&array.buffer, HEADER_SIZE);
    if (header) {
        memset(header, 0, HEADER_SIZE);
        put_number(header + 8, ELEMENT_TYPES[type]);
    }
    return array;
}

static void add_element(struct array *array, const void *data, size_t length)
{
    uint32_t wire = htobe32((uint32_t)length);
    if (length > INT32_MAX || array->count == INT32_MAX) {
        array->buffer.failed = true;
        return;
    }
    buffer_append(&array->buffer, &wire, sizeof wire);
    buffer_append(&array->buffer, data, length);
    array->count++;
}

void array_null(struct array *array)
{
    uint32_t wire = htobe32((uint32_t)NULL_LENGTH);
    if (array->count == INT32_MAX) {
        array->buffer.failed = true;
        return;
    }
    buffer_append(&array->buffer, &wire, sizeof wire);
    array->count++;
    array->has_null = true;
}

void array_int2(struct array *array, int16_t value)
{
    uint16_t wire = htobe16((uint16_t)value);
    add_element(array, &wire, sizeof wire);
}

void array_int8(struct array *array, int64_t value)
{
    uint64_t wire = htobe64((uint64_t)value);
    add_element(array, &wire, sizeof wire);
}

void array_bool(struct array *array, bool value)
{
    const char wire = value ? 1 : 0;
    add_element(array, &wire, sizeof wire);
}

void array_bytes(struct array *array, const void *data, size_t length)
{
    add_element(array, data, length);
}

void array_text(struct array *array, const char *text)
{
    if (text)
        add_element(array, text, strlen(text));
    else
        array_null(array);
}

bool array_finish(struct array *array, struct db_value *value)
{
    const struct buffer *buffer = &array->buffer;
    if (buffer->failed || buffer->length > INT32_MAX)
        return false;
    bool is_empty = array->count == 0;
    put_number(buffer->data, is_empty ? 0 : 1);
    put_number(buffer->data + 4, array->has_null ? 1 : 0);
    put_number(buffer->data + 12, (uint32_t)array->count);
    put_number(buffer->data + 16, 1);
    *value = (struct db_value){
        .data = buffer->data,
        .length = is_empty ? HEADER_SIZE_EMPTY : (int)buffer->length,
        .is_binary = true,
    };
    return true;
}
