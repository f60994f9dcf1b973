/* One-dimensional PostgreSQL arrays in binary format, for the parameters of a batch: each
 * column of the batch is one array, null where a row has none. */
#ifndef CLMD_DB_ARRAY_H
#define CLMD_DB_ARRAY_H

#include "base/arena.h"
#include "base/buffer.h"
#include "db/db.h"

#include <stdint.h>

enum array_type {
    ARRAY_INT2,
    ARRAY_INT8,
    ARRAY_TEXT,
    ARRAY_UUID,
    ARRAY_TIMESTAMPTZ,
    ARRAY_BOOL
};

struct array {
    struct buffer buffer;
    int32_t count;
    bool has_null;
};

/* limit: the most bytes that the array may take */
struct array array_create(struct arena *arena, enum array_type type, size_t limit);
void array_null(struct array *array);
void array_int2(struct array *array, int16_t value);

/* timestamptz too: microseconds */
void array_int8(struct array *array, int64_t value);

void array_bool(struct array *array, bool value);

/* uuid, or text by its length */
void array_bytes(struct array *array, const void *data, size_t length);

/* NULL is null */
void array_text(struct array *array, const char *text);

/* The array as a parameter; false when it did not fit. Nothing may be added after. */
bool array_finish(struct array *array, struct db_value *value) MUST_CHECK;

#endif
