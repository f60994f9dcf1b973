/* An I/O thread: a libmicrohttpd daemon in external mode, driven by our own loop (`poll` on its
 * epoll descriptor and on an eventfd, then MHD_run). With the library's own epoll threads,
 * exactly 128·k connections that become ready together are left unserved until something else
 * happens. Several threads share one listening socket. */
#ifndef CLMD_HTTP_IO_H
#define CLMD_HTTP_IO_H

#include "base/config.h"
#include "base/problem.h"
#include "http/auth.h"
#include "http/io_counts.h"
#include "http/lane.h"
#include "http/route.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;

/* What the threads have in common; read only while they run, but for what is atomic. */
struct io_service {
    const struct route *routes;
    size_t route_count;
    void *service; /* request->service */
    struct auth *auth;
    struct guard *guard;
    struct cors *cors;         /* NULL: no other origins */
    struct tls *tls;           /* NULL: none */
    struct lane *lanes[LANES]; /* none for LANE_INLINE */
    int listen_socket;         /* not blocking */
    size_t body_limit;
    unsigned connection_limit; /* of one thread */
    unsigned request_seconds, idle_seconds;
    enum access_log access_log;
    _Atomic int64_t leaving_since; /* clock_monotonic, once the end was announced; or 0 */
};

/* The life of a thread, in order. */
enum io_phase {
    IO_SERVING,
    IO_DRAINING, /* takes no new connection; answers what was accepted, closes what is idle */
    IO_DRAINED,  /* draining, and no connection is left; reached by itself */
    IO_CLOSED,   /* nothing goes into a lane any more */
    IO_ENDED     /* sends what the lanes gave back, and ends */
};

struct io;

struct io *io_start(const struct io_service *service, struct problem *why);

/* What the thread has counted; it goes on counting meanwhile. */
const struct io_counts *io_counts(const struct io *io);

/* Orders a later phase; the thread follows soon. */
void io_order(struct io *io, enum io_phase phase);

/* Waits until the phase, or a later one, is reached. False at the deadline
 * (clock_monotonic). */
bool io_await(struct io *io, enum io_phase phase, int64_t deadline);

/* Orders the end, waits for it, frees. The lanes must have stopped, with every request given
 * back, unless the thread never served. */
void io_stop(struct io *io);

/* Gives an answered request back to its thread: for lane_options.done. */
void io_return(struct request *request);

#endif
