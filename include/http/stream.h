/* A stream: the bytes of a long body or a long answer on their way between the I/O thread of
 * its connection and a bulk worker. What lies between the two is bounded by a ring. The worker
 * waits for the I/O thread; the I/O thread never waits: where it finds no room, or nothing, it
 * suspends the connection, and is stirred when it is worth its while to look again. So a sender
 * that is too fast is held up by TCP, and a reader that is too slow holds up its worker.
 *
 * Each side may end the stream (all is said) or break it (the client is gone, the service
 * stops, the worker has failed); what is broken stays broken. */
#ifndef CLMD_HTTP_STREAM_H
#define CLMD_HTTP_STREAM_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum { STREAM_CAPACITY = 256 * 1024 };

enum stream_state {
    STREAM_FLOWS,
    STREAM_QUIET, /* nothing has come, for as long as was to be waited */
    STREAM_ENDED, /* all was said and read */
    STREAM_BROKEN
};

struct stream;

/* Lives as long as the arena. `stir` is called by the worker's side, from any thread, with
 * nothing locked. NULL when out of memory. */
struct stream *stream_create(struct arena *arena, void (*stir)(void *closure), void *closure);

/* Of the I/O thread --------------------------------------------------------------------------
 * stream_offer: how many of the bytes were put in; after fewer than all comes a stir. What is
 * put into a broken stream is lost.
 * stream_accept: STREAM_QUIET is followed by a stir. */
size_t stream_offer(struct stream *stream, const void *data, size_t length);
enum stream_state stream_accept(struct stream *stream, void *into, size_t size, size_t *length);

/* Of the worker ------------------------------------------------------------------------------
 * stream_open stirs, to tell that an answer begins.
 * stream_read waits for at least a byte; what came before a break is still read.
 * stream_write waits until all of it has found room; false when the stream is broken. */
void stream_open(struct stream *stream);
enum stream_state stream_read(struct stream *stream, void *into, size_t size, size_t *length,
                              unsigned milliseconds);
bool stream_write(struct stream *stream, const void *data, size_t length) MUST_CHECK;

/* Of either ----------------------------------------------------------------------------------
 */
void stream_end(struct stream *stream);
void stream_break(struct stream *stream);
bool stream_is_broken(struct stream *stream);

#endif
