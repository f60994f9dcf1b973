#include "http/body.h"

#include "base/gzip.h"

enum { UNPACKED_PIECE = 16384 };

void body_drop(struct body *body, struct arena *arena, size_t limit)
{
    *body =
        (struct body){.text = buffer_create(arena, limit), .limit = limit, .is_dropped = true};
}

bool body_begin(struct body *body, struct arena *arena, size_t limit, size_t announced,
                bool is_packed, struct problem *why)
{
    *body = (struct body){.text = buffer_create(arena, limit), .limit = limit};
    if (is_packed)
        body->gzip = gzip_create(arena);
    else if (buffer_extend(&body->text, announced))
        body->text.length = 0; /* the room is there; the body will fill it */
    return !is_packed || body->gzip || fail(why, PROBLEM_INTERNAL, "out of memory");
}

static enum body_state unpack(struct body *body)
{
    char piece[UNPACKED_PIECE];
    size_t length;
    do {
        struct problem why = {0};
        if (!gzip_read(body->gzip, piece, sizeof piece, &length, &why))
            return why.code == PROBLEM_MALFORMED ? BODY_NOT_GZIP : BODY_NO_MEMORY;
        if (length > body->limit - body->text.length)
            return BODY_TOO_LARGE;
        buffer_append(&body->text, piece, length);
    } while (length == sizeof piece);
    return BODY_SOUND;
}

void body_take(struct body *body, const char *piece, size_t length)
{
    body->received += length;
    if (body->received > body->limit)
        body->state = BODY_TOO_LARGE;
    if (body->state != BODY_SOUND || body->is_dropped)
        return;
    if (body->gzip) {
        gzip_feed(body->gzip, piece, length);
        body->state = unpack(body);
    } else {
        buffer_append(&body->text, piece, length);
    }
}

bool body_end(struct body *body, const char **text, size_t *length, struct problem *why)
{
    struct buffer *whole = &body->text;
    if (body->state == BODY_TOO_LARGE)
        return fail(why, PROBLEM_TOO_LARGE, "a body may take %zu bytes%s", body->limit,
                    body->gzip ? " unpacked" : "");
    if (body->state == BODY_NOT_GZIP)
        return fail(why, PROBLEM_MALFORMED, "the body is not valid gzip");
    if (body->state == BODY_SOUND && body->gzip && !gzip_is_whole(body->gzip))
        return fail(why, PROBLEM_MALFORMED, "the gzip data of the body ends too early");
    whole->limit = body->limit + 1;
    buffer_append(whole, "", 1);
    if (whole->failed || body->state == BODY_NO_MEMORY)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    *text = whole->data;
    *length = whole->length - 1;
    return true;
}
