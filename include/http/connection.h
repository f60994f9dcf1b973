/* The connections of one I/O thread, with the deadlines that libmicrohttpd does not keep: its
 * time-out is for idleness, and a byte a minute is not idle. A connection past its deadline is
 * shut down; libmicrohttpd notices and closes it. */
#ifndef CLMD_HTTP_CONNECTION_H
#define CLMD_HTTP_CONNECTION_H

#include "http/guard.h"
#include "http/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum connection_state {
    CONNECTION_IDLE,      /* between requests; the line of the next one may be under way */
    CONNECTION_RECEIVING, /* from the request line to the end of the body */
    CONNECTION_ANSWERING, /* received; never cut by a deadline */
    CONNECTION_SENDING,   /* the answer is on its way; the client has a time for it that grows
                             with its length */
    CONNECTION_UPLOADING, /* a long body comes, for as long as it moves */
    CONNECTION_STREAMING  /* a long answer goes, as long as its client takes a KB a second */
};

struct connection {
    struct connection *previous, *next;
    int socket;
    struct caller caller;
    struct certificate *certificate; /* NULL without TLS */
    bool is_ending;                  /* was shut down, and is not closed yet */
    enum connection_state state;
    int64_t deadline; /* clock_monotonic, as idle_since */
    int64_t idle_since;
    int64_t given; /* STREAMING: bytes so far … */
    int64_t taken; /* … and those that its client had when it was looked at */
};

struct connections {
    struct connection *first;
    size_t count;
    unsigned request_seconds; /* for receiving a whole request, from its first moment; for
                               * taking an answer, beside what its length takes; for the next
                               * bytes of an upload */
    unsigned idle_seconds;    /* that a kept-alive connection may wait before the next one */
};

/* NULL: out of memory. */
struct connection *connection_open(struct connections *all, int socket, int64_t now);
void connection_close(struct connections *all, struct connection *connection);

/* A request's life: its line was read, all of it was received, its answer is there, the answer
 * was sent. */
void connection_begin(const struct connections *all, struct connection *connection,
                      int64_t now);
void connection_received(struct connection *connection);
void connection_answered(const struct connections *all, struct connection *connection,
                         uint64_t length, int64_t now);
void connection_rest(const struct connections *all, struct connection *connection, int64_t now);

/* UPLOADING, and something has come: the time for the next bytes begins. */
void connection_takes(const struct connections *all, struct connection *connection,
                      int64_t now);

/* STREAMING: so many further bytes go, or (0) will. A client that takes less than a KB a
 * second, over request_seconds, is past its deadline; what it waits for us does not count. */
void connection_gives(const struct connections *all, struct connection *connection,
                      size_t length, int64_t now);

/* The client sees an error, even if it knows the end of an answer by nothing but the end of the
 * connection: TCP's reset. */
void connection_tear(const struct connection *connection);

/* Shuts down what is past its deadline, and uploads whose clients have left. How many were
 * past it. */
size_t connections_sweep(const struct connections *all, int64_t now);

/* Shuts down the idle ones, but for those whose next request has arrived and was not read yet:
 * that will be answered. */
void connections_finish_idle(const struct connections *all);

/* Where there are `limit` of them, shuts down the one that has been idle for longest, so that
 * the next client need not wait until one leaves by itself. Whether there was one. */
bool connections_make_room(const struct connections *all, size_t limit);

/* Shuts down all whose request was not received. */
void connections_cut_unanswered(const struct connections *all);

#endif
