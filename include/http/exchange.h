/* An exchange: one request on its way through libmicrohttpd's callbacks, from its line to the
 * last byte of its answer. For the files alone that do that: io.c, which owns the thread,
 * exchange.c and admission.c. */
#ifndef CLMD_HTTP_EXCHANGE_H
#define CLMD_HTTP_EXCHANGE_H

#include "http/body.h"
#include "http/connection.h"
#include "http/io.h"
#include "http/linger.h"
#include "http/request.h"
#include "http/thread.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct io {
    const struct io_service *service;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    bool is_running;
    int wake;

    /* The thread's own. */
    enum io_phase phase;
    size_t parked; /* suspended connections */
    struct connections connections;
    struct lingering lingering;
    int64_t swept_at;
    int64_t ends_at; /* in IO_ENDED: the longest wait for clients to take their answers */

    /* Of the monitor. */
    struct monitor monitor;
    struct request *returned; /* answered by a lane, still suspended */
    enum io_phase ordered, reached;
};

enum exchange_state {
    EXCHANGE_BEGUN,     /* the line is there */
    EXCHANGE_RECEIVING, /* the header let it in; the body comes */
    EXCHANGE_PARKED,    /* suspended, in a lane or on the way back */
    EXCHANGE_ANSWERED
};

struct exchange {
    struct request request; /* first, so that a request leads to its exchange */
    struct io *io;
    struct MHD_Connection *wire;
    struct connection *connection;
    enum exchange_state state;
    char *target;      /* raw; NULL: too long */
    const char *allow; /* the methods of the path, where that is the answer */
    struct body body;
    bool is_received; /* nothing of the request is outstanding */
    bool closes;      /* the connection is not to be used again */
};

/* Decides everything that can be told before a byte of the body is read. On failure
 * `allow` is set where the path has other methods. */
bool exchange_admit(struct exchange *exchange, const char *method, const char *version,
                    struct problem *why) MUST_CHECK;

/* MHD_OPTION_URI_LOG_CALLBACK, MHD_AccessHandlerCallback, MHD_OPTION_NOTIFY_COMPLETED, each
 * with the struct io as its closure. */
void *exchange_begin(void *io, const char *target, struct MHD_Connection *wire);
enum MHD_Result exchange_handle(void *io, struct MHD_Connection *wire, const char *url,
                                const char *method, const char *version, const char *piece,
                                size_t *piece_size, void **context);
void exchange_end(void *io, struct MHD_Connection *wire, void **context,
                  enum MHD_RequestTerminationCode how);

/* Resumes what the lanes gave back. */
void exchanges_resume(struct io *io);

#endif
