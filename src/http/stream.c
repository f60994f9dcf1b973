#include "http/stream.h"

#include "base/clock.h"
#include "base/ring.h"
#include "http/thread.h"

#include <stdint.h>

struct stream {
    struct monitor monitor; /* of what follows */
    struct ring ring;
    bool is_ended, is_broken;
    bool is_awaited; /* the I/O thread wants to be stirred */
    void (*stir)(void *closure);
    void *closure;
};

static void destroy(void *stream)
{
    monitor_destroy(&((struct stream *)stream)->monitor);
}

struct stream *stream_create(struct arena *arena, void (*stir)(void *closure), void *closure)
{
    struct stream *stream = arena_alloc(arena, sizeof *stream);
    if (!stream || !ring_create(arena, STREAM_CAPACITY, &stream->ring))
        return NULL;
    stream->stir = stir;
    stream->closure = closure;
    monitor_create(&stream->monitor);
    return arena_defer(arena, destroy, stream) ? stream : NULL;
}

/* With the lock held; it is given back. */
static void unlock_and_stir(struct stream *stream, bool is_worth_it)
{
    bool stirs = is_worth_it && stream->is_awaited;
    stream->is_awaited = stream->is_awaited && !stirs;
    monitor_unlock(&stream->monitor);
    if (stirs)
        stream->stir(stream->closure);
}

size_t stream_offer(struct stream *stream, const void *data, size_t length)
{
    monitor_lock(&stream->monitor);
    size_t taken = stream->is_broken ? length : ring_put(&stream->ring, data, length);
    stream->is_awaited = taken < length;
    monitor_signal(&stream->monitor);
    monitor_unlock(&stream->monitor);
    return taken;
}

/* With the lock held. */
static enum stream_state state_of(const struct stream *stream)
{
    if (stream->is_broken)
        return STREAM_BROKEN;
    return stream->is_ended ? STREAM_ENDED : STREAM_QUIET;
}

/* An answer that broke off is not to look like more than it is: of what is broken nothing more
 * is sent. */
enum stream_state stream_accept(struct stream *stream, void *into, size_t size, size_t *length)
{
    monitor_lock(&stream->monitor);
    *length = stream->is_broken ? 0 : ring_take(&stream->ring, into, size);
    enum stream_state state = *length > 0 ? STREAM_FLOWS : state_of(stream);
    stream->is_awaited = state == STREAM_QUIET;
    monitor_signal(&stream->monitor);
    monitor_unlock(&stream->monitor);
    return state;
}

void stream_open(struct stream *stream)
{
    stream->stir(stream->closure);
}

/* The sender goes on when half of the ring is free, not for each piece. */
enum stream_state stream_read(struct stream *stream, void *into, size_t size, size_t *length,
                              unsigned milliseconds)
{
    int64_t deadline = clock_monotonic() + (int64_t)milliseconds * 1000;
    bool is_in_time = true;
    monitor_lock(&stream->monitor);
    while (stream->ring.length == 0 && state_of(stream) == STREAM_QUIET && is_in_time)
        is_in_time = monitor_wait_until(&stream->monitor, deadline);
    *length = ring_take(&stream->ring, into, size);
    enum stream_state state = *length > 0 ? STREAM_FLOWS : state_of(stream);
    unlock_and_stir(stream, ring_room(&stream->ring) >= STREAM_CAPACITY / 2);
    return state;
}

bool stream_write(struct stream *stream, const void *data, size_t length)
{
    const char *bytes = data;
    monitor_lock(&stream->monitor);
    while (length > 0 && !stream->is_broken) {
        size_t put = ring_put(&stream->ring, bytes, length);
        bytes += put;
        length -= put;
        unlock_and_stir(stream, put > 0);
        monitor_lock(&stream->monitor);
        while (length > 0 && ring_room(&stream->ring) == 0 && !stream->is_broken)
            monitor_wait(&stream->monitor);
    }
    bool is_written = !stream->is_broken;
    monitor_unlock(&stream->monitor);
    return is_written;
}

static void finish(struct stream *stream, bool *how)
{
    monitor_lock(&stream->monitor);
    *how = true;
    monitor_signal(&stream->monitor);
    unlock_and_stir(stream, true);
}

void stream_end(struct stream *stream)
{
    finish(stream, &stream->is_ended);
}

void stream_break(struct stream *stream)
{
    finish(stream, &stream->is_broken);
}

bool stream_is_broken(struct stream *stream)
{
    monitor_lock(&stream->monitor);
    bool is_broken = stream->is_broken;
    monitor_unlock(&stream->monitor);
    return is_broken;
}
