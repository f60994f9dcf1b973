/* Any bytes as a packed body: however the pieces fall in which it comes, it is the same text or
 * refused, never more than the limit; and any bytes, once packed, are unpacked again. */
#include "fuzz.h"

#include "base/pack.h"
#include "http/body.h"
#include "ingest/unpack.h"

enum { LIMIT = 64 * 1024, MEMORY = 4 * 1024 * 1024, ROOM = 8 * 1024 };

struct outcome {
    const char *text;
    size_t length;
    bool is_taken;
    struct problem why;
};

static struct outcome unpack(struct arena *arena, const uint8_t *data, size_t size,
                             size_t piece)
{
    struct outcome outcome = {.text = NULL};
    struct body body;
    MUST_HOLD(body_begin(&body, arena, LIMIT, size < LIMIT ? size : 0, true, &outcome.why));
    for (size_t at = 0; at < size; at += piece)
        body_take(&body, (const char *)data + at, size - at < piece ? size - at : piece);
    outcome.is_taken = body_end(&body, &outcome.text, &outcome.length, &outcome.why);
    if (outcome.is_taken)
        MUST_HOLD(outcome.length <= LIMIT && outcome.text[outcome.length] == '\0');
    else
        promise_refusal(&outcome.why);
    return outcome;
}

struct rest {
    const uint8_t *data;
    size_t size;
};

/* The packed input as a source, an uneven piece at a time. */
static enum source_state read_rest(void *closure, char *into, size_t size, size_t *length)
{
    struct rest *rest = closure;
    *length = rest->size < 7 ? rest->size : 7;
    MUST_HOLD(*length <= size);
    memcpy(into, rest->data, *length);
    rest->data += *length;
    rest->size -= *length;
    return *length > 0 ? SOURCE_FLOWS : SOURCE_ENDED;
}

/* What an import reads of a packed file is what a body would be. */
static void check_source(struct arena *arena, const uint8_t *data, size_t size,
                         const struct outcome *expected)
{
    struct rest rest = {data, size};
    struct unpacker *unpacker = unpacker_create(arena, (struct source){read_rest, &rest});
    MUST_HOLD(unpacker != NULL);
    struct source source = unpacker_source(unpacker);
    enum source_state state = SOURCE_FLOWS;
    char room[ROOM];
    size_t at = 0, length = 0;
    while (state == SOURCE_FLOWS && at <= LIMIT) {
        state = source.read(source.closure, room, sizeof room, &length);
        if (expected->is_taken && state == SOURCE_FLOWS) {
            MUST_HOLD(length <= expected->length - at);
            MUST_HOLD(memcmp(room, expected->text + at, length) == 0);
        }
        at += state == SOURCE_FLOWS ? length : 0;
    }
    if (expected->is_taken)
        MUST_HOLD(state == SOURCE_ENDED && at == expected->length);
    else
        MUST_HOLD(state != SOURCE_ENDED || at > LIMIT || size > LIMIT);
}

static void check_packed(struct arena *arena, const uint8_t *data, size_t size)
{
    struct packer *packer = packer_create(arena);
    size_t capacity = 2 * size + ROOM, packed = 0, more;
    uint8_t *room = arena_alloc(arena, capacity);
    MUST_HOLD(packer != NULL && room != NULL);
    packer_feed(packer, data, size / 2, false);
    while ((more = packer_read(packer, room + packed, capacity - packed)) > 0)
        packed += more;
    packer_feed(packer, data + size / 2, size - size / 2, true);
    while ((more = packer_read(packer, room + packed, capacity - packed)) > 0)
        packed += more;
    struct outcome outcome = unpack(arena, room, packed, packed);
    MUST_HOLD(outcome.is_taken && outcome.length == size);
    MUST_HOLD(memcmp(outcome.text, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(MEMORY);
    struct outcome whole = unpack(arena, data, size, size > 0 ? size : 1);
    struct outcome pieces = unpack(arena, data, size, 1 + size / 5);
    MUST_HOLD(whole.is_taken == pieces.is_taken);
    MUST_HOLD(!whole.is_taken || (whole.length == pieces.length &&
                                  memcmp(whole.text, pieces.text, whole.length) == 0));
    check_source(arena, data, size, &whole);
    check_packed(arena, data, size);
    arena_destroy(arena);
    return 0;
}
