/* Packing, for the tests of unpacking. */
#ifndef CLMD_TESTS_GZIP_H
#define CLMD_TESTS_GZIP_H

#include "tap.h"

#include <stdint.h>
#include <zlib.h>

/* Packs a text into `packed`, which has `size` bytes; the length. */
static inline size_t gzip_pack(const char *text, size_t length, char *packed, size_t size)
{
    z_stream stream = {.avail_in = (unsigned)length, .avail_out = (unsigned)size};
    stream.next_in = (unsigned char *)(uintptr_t)text;
    stream.next_out = (unsigned char *)packed;
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    ck_assert_int_eq(deflateEnd(&stream), Z_OK);
    return size - stream.avail_out;
}

#endif
