#define ZLIB_CONST
#include "base/gzip.h"

#include <assert.h>
#include <limits.h>
#include <zlib.h>

enum { GZIP_ONLY = 16 + MAX_WBITS }; /* in zlib's words: not its own form */

struct gzip {
    z_stream stream;
    bool is_whole; /* a member has ended, and no other has begun */
};

static void end_stream(void *stream)
{
    (void)inflateEnd(stream);
}

struct gzip *gzip_create(struct arena *arena)
{
    struct gzip *gzip = arena_alloc(arena, sizeof *gzip);
    if (gzip == NULL || inflateInit2(&gzip->stream, GZIP_ONLY) != Z_OK)
        return NULL;
    return arena_defer(arena, end_stream, &gzip->stream) ? gzip : NULL;
}

void gzip_feed(struct gzip *gzip, const void *piece, size_t length)
{
    assert(length <= UINT_MAX);
    gzip->stream.next_in = piece;
    gzip->stream.avail_in = (unsigned)length;
}

static bool tell(int result, struct problem *why)
{
    if (result == Z_MEM_ERROR)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    return fail(why, PROBLEM_MALFORMED, "not valid gzip");
}

bool gzip_read(struct gzip *gzip, char *room, size_t size, size_t *length, struct problem *why)
{
    z_stream *stream = &gzip->stream;
    int result = Z_OK;
    assert(size <= UINT_MAX);
    *length = 0;
    stream->next_out = (unsigned char *)room;
    stream->avail_out = (unsigned)size;
    while (result != Z_BUF_ERROR && stream->avail_out > 0) {
        gzip->is_whole = gzip->is_whole && stream->avail_in == 0;
        result = inflate(stream, Z_NO_FLUSH);
        if (result == Z_STREAM_END) {
            gzip->is_whole = true;
            result = inflateReset(stream);
        }
        if (result != Z_OK && result != Z_BUF_ERROR)
            return tell(result, why);
    }
    *length = (size_t)(stream->next_out - (unsigned char *)room);
    return true;
}

bool gzip_is_whole(const struct gzip *gzip)
{
    return gzip->is_whole;
}
