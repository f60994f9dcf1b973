#define ZLIB_CONST
#include "base/pack.h"

#include <assert.h>
#include <limits.h>
#include <zlib.h>

enum { GZIP = 16 + MAX_WBITS, EFFORT = 1, MEMORY = 8 };

struct packer {
    z_stream stream;
    bool is_last;
};

static void end_stream(void *stream)
{
    (void)deflateEnd(stream);
}

struct packer *packer_create(struct arena *arena)
{
    struct packer *packer = arena_alloc(arena, sizeof *packer);
    if (!packer || deflateInit2(&packer->stream, EFFORT, Z_DEFLATED, GZIP, MEMORY,
                                Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    return arena_defer(arena, end_stream, &packer->stream) ? packer : NULL;
}

void packer_feed(struct packer *packer, const void *piece, size_t length, bool is_last)
{
    assert(length <= UINT_MAX);
    packer->stream.next_in = piece;
    packer->stream.avail_in = (unsigned)length;
    packer->is_last = is_last;
}

size_t packer_read(struct packer *packer, void *room, size_t size)
{
    z_stream *stream = &packer->stream;
    assert(size <= UINT_MAX);
    stream->next_out = room;
    stream->avail_out = (unsigned)size;
    (void)deflate(stream, packer->is_last ? Z_FINISH : Z_NO_FLUSH);
    return size - stream->avail_out;
}
