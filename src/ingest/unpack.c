#include "ingest/unpack.h"

struct unpacker *unpacker_create(struct arena *arena, struct source packed)
{
    struct unpacker *unpacker = arena_alloc(arena, sizeof *unpacker);
    if (unpacker == NULL)
        return NULL;
    unpacker->packed = packed;
    unpacker->gzip = gzip_create(arena);
    return unpacker->gzip != NULL ? unpacker : NULL;
}

static bool is_bearable(struct unpacker *unpacker, size_t length)
{
    unpacker->given += length;
    return unpacker->given <= UNPACK_FREE ||
           unpacker->given / UNPACK_FACTOR <= unpacker->taken ||
           fail(&unpacker->why, PROBLEM_TOO_LARGE, "it unpacks to more than %d times its size",
                UNPACK_FACTOR);
}

static bool is_whole(struct unpacker *unpacker)
{
    return gzip_is_whole(unpacker->gzip) ||
           fail(&unpacker->why, PROBLEM_MALFORMED, "the gzip form ends too early");
}

static enum source_state unpack(void *closure, char *into, size_t size, size_t *length)
{
    struct unpacker *unpacker = closure;
    const struct source *packed = &unpacker->packed;
    size_t taken = 0;
    for (;;) {
        if (!gzip_read(unpacker->gzip, into, size, length, &unpacker->why))
            return SOURCE_BROKEN;
        if (*length > 0)
            return is_bearable(unpacker, *length) ? SOURCE_FLOWS : SOURCE_BROKEN;
        enum source_state state =
            packed->read(packed->closure, unpacker->piece, sizeof unpacker->piece, &taken);
        if (state == SOURCE_ENDED)
            return is_whole(unpacker) ? SOURCE_ENDED : SOURCE_BROKEN;
        if (state != SOURCE_FLOWS)
            return state;
        unpacker->taken += taken;
        gzip_feed(unpacker->gzip, unpacker->piece, taken);
    }
}

struct source unpacker_source(struct unpacker *unpacker)
{
    return (struct source){unpack, unpacker};
}
