/* An exchange: one request on its way through libmicrohttpd's callbacks, from its line to the
 * last byte of its answer. For the files alone that do that: io.c, which owns the thread,
 * exchange.c and admission.c. */
#ifndef CLMD_HTTP_EXCHANGE_H
#define CLMD_HTTP_EXCHANGE_H

#include "http/body.h"
#include "http/connection.h"
#include "http/guard.h"
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
    size_t lent;              /* exchanges whose requests are in lanes */
    struct exchange *streams; /* those that have a stream */
    struct connections connections;
    struct lingering lingering;
    int64_t swept_at;
    int64_t ends_at; /* in IO_ENDED: the longest wait for clients to take their answers */
    struct io_counts counts; /* written by the thread alone */

    /* Of the monitor. */
    struct monitor monitor;
    struct request *returned; /* answered by a lane */
    struct exchange *stirred; /* whose streams are worth another look */
    enum io_phase ordered, reached;
};

enum exchange_state {
    EXCHANGE_BEGUN,     /* the line is there */
    EXCHANGE_RECEIVING, /* the header let it in; the body comes */
    EXCHANGE_UPLOADING, /* the same, and goes through a stream */
    EXCHANGE_PARKED,    /* received; suspended, in a lane or on the way back */
    EXCHANGE_ANSWERED,
    EXCHANGE_TORN /* answered before the body's end; what still comes is dropped */
};

struct exchange {
    struct request request; /* first, so that a request leads to its exchange */
    struct io *io;
    struct MHD_Connection *wire;
    struct connection *connection;
    struct caller client; /* counted among its requests under way */
    struct guard_standing standing;
    char policy_text[48], standing_text[48], retry_text[12]; /* of the fields that tell it */
    enum exchange_state state;
    char *target;       /* raw; NULL: too long */
    const char *allow;  /* the methods of the path, where that is the answer */
    const char *origin; /* of the page that asks, if it may; else NULL */
    bool is_preflight;  /* a browser asks whether the page may ask */
    struct body body;   /* of any other flow than FLOW_BODY */
    bool is_received;   /* nothing of the request is outstanding */
    bool closes;        /* the connection is not to be used again */
    bool is_suspended;
    bool is_lent; /* request and arena are a worker's */
    bool is_gone; /* its client is, while it is lent */
    bool is_accounted;

    /* LANE_BULK: */
    struct exchange *previous_stream, *next_stream;
    uint64_t sent;   /* bytes of a long answer that libmicrohttpd has taken */
    bool is_stirred; /* of the monitor, as what follows */
    struct exchange *next_stirred;
};

/* Decides everything that can be told before a byte of the body is read. On failure
 * `allow` is set where the path has other methods. */
bool exchange_admit(struct exchange *exchange, const char *method, const char *version,
                    struct problem *why) MUST_CHECK;

/* The fields of the answer that was given: its own, and those that every answer has. Valid for
 * as long as the exchange. */
enum { ANSWER_FIELDS = REQUEST_FIELDS + 18 };
size_t exchange_fields(struct exchange *exchange, struct header_field fields[ANSWER_FIELDS]);

/* MHD_OPTION_URI_LOG_CALLBACK, MHD_AccessHandlerCallback, MHD_OPTION_NOTIFY_COMPLETED, each
 * with the struct io as its closure. */
void *exchange_begin(void *io, const char *target, struct MHD_Connection *wire);
enum MHD_Result exchange_handle(void *io, struct MHD_Connection *wire, const char *url,
                                const char *method, const char *version, const char *piece,
                                size_t *piece_size, void **context);
void exchange_end(void *io, struct MHD_Connection *wire, void **context,
                  enum MHD_RequestTerminationCode how);

/* Resumes what the lanes gave back, and the streams that may go on. */
void exchanges_resume(struct io *io);

/* Hands the request to its lane: from here on it is the worker's, until it is taken back. 503
 * when the lane is full. */
bool exchange_lend(struct exchange *exchange, struct problem *why) MUST_CHECK;

/* Suspends the connection until the answer is there, and follows its resumption. */
void exchange_park(struct exchange *exchange);
void exchange_unpark(struct exchange *exchange);

/* Counts the answer and logs its line, once, whatever becomes of it on its way. */
void exchange_account(struct exchange *exchange);

void exchange_suspend(struct exchange *exchange);
void exchange_resume(struct exchange *exchange);

/* Of one that is not lent. */
void exchange_destroy(struct exchange *exchange);

/* Of exchanges with a stream (streaming.c)
 * ------------------------------------------------------ streaming_begin makes the stream of a
 * request, if its route has one. streaming_take puts a piece of the body into it, or as much as
 * there is room for. streaming_attend follows a stir. streaming_response is the answer that a
 * worker has begun. streaming_answer_early answers a request whose body has not ended.
 * streaming_forget tells the worker that the client is gone.
 * streams_break ends them all, because the service stops. */
bool streaming_begin(struct exchange *exchange, struct problem *why) MUST_CHECK;
void streaming_take(struct exchange *exchange, const char *piece, size_t *size);
void streaming_attend(struct exchange *exchange);
struct MHD_Response *streaming_response(struct exchange *exchange);
void streaming_answer_early(struct exchange *exchange);
void streaming_forget(struct exchange *exchange);
void streaming_end(struct exchange *exchange);
void streams_break(struct io *io);

#endif
