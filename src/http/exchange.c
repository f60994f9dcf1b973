/* libmicrohttpd calls the handler when the header is there, for each piece of the body, at its
 * end, and once more after a parked request was resumed; the state says which it is.
 *
 * What the header decides is answered before a body is read, and the connection is closed then,
 * for libmicrohttpd takes an early answer for a last one; where no body follows, the answer
 * waits for the end, which comes at once, and the connection is kept. In mid-body no answer is
 * taken: what is over the limit is dropped, within bounds, and refused at the end.
 *
 * A request that a worker has (it is lent) outlives its connection: then the exchange is gone,
 * and is destroyed when it is given back. */
#include "http/exchange.h"

#include "base/clock.h"
#include "http/stream.h"
#include "http/target.h"

#include <string.h>

enum {
    ARENA_BASE = 1 << 20, /* bytes that a request may take, beside … */
    ARENA_FACTOR = 16,    /* … so many times the largest body */
    DROP_FACTOR = 64      /* so many times the largest body are dropped, then we hang up */
};

static void add_fields(struct exchange *exchange, struct MHD_Response *response)
{
    struct header_field fields[ANSWER_FIELDS];
    size_t count = exchange_fields(exchange, fields);
    for (size_t i = 0; i < count; i++)
        (void)MHD_add_response_header(response, fields[i].name, fields[i].value);
    if (exchange->closes || exchange->io->phase >= IO_DRAINING ||
        atomic_load_explicit(&exchange->io->service->leaving_since, memory_order_relaxed) != 0)
        (void)MHD_add_response_header(response, "Connection", "close");
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    struct problem unanswered = {.code = PROBLEM_INTERNAL, .log_detail = "no answer was given"};
    if (request->answer.status == 0)
        request_refuse(request, &unanswered);
    struct MHD_IoVec body = {request->answer.body, request->answer.length};
    struct MHD_Response *response = request->answer.is_streamed
                                        ? streaming_response(exchange)
                                        : MHD_create_response_from_iovec(&body, 1, NULL, NULL);
    if (!response)
        return MHD_NO;
    add_fields(exchange, response);
    if (!exchange->is_lent)
        exchange_account(exchange);
    exchange->state = EXCHANGE_ANSWERED;
    connection_answered(&exchange->io->connections, exchange->connection,
                        request->answer.length, clock_monotonic());
    enum MHD_Result queued =
        MHD_queue_response(exchange->wire, (unsigned)request->answer.status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result refuse(struct exchange *exchange, const struct problem *why)
{
    request_refuse(&exchange->request, why);
    return send_answer(exchange);
}

/* Receiving -------------------------------------------------------------------------------- */

/* A body of any length goes to its worker while it comes. */
static bool begin_upload(struct exchange *exchange, struct problem *why)
{
    struct request *request = &exchange->request;
    if (request->route->flow != FLOW_BODY)
        return true;
    if (!request->route->admit(request, why) || !streaming_begin(exchange, why) ||
        !exchange_lend(exchange, why))
        return false;
    exchange->state = EXCHANGE_UPLOADING;
    return true;
}

static enum MHD_Result take_header(struct exchange *exchange, const char *method,
                                   const char *version)
{
    struct request *request = &exchange->request;
    struct problem why = {0};
    exchange->state = EXCHANGE_RECEIVING;
    if (exchange_admit(exchange, method, version, &why) && begin_upload(exchange, &why))
        return MHD_YES;
    if (exchange->allow && strcmp(method, "OPTIONS") == 0)
        (void)respond_text(request, 204, NULL, NULL, 0);
    else
        request_refuse(request, &why);
    if (exchange->allow)
        (void)respond_field(request, "Allow", exchange->allow);
    return exchange->closes ? send_answer(exchange) : MHD_YES;
}

static enum MHD_Result take_piece(struct exchange *exchange, const char *piece, size_t *size)
{
    struct body *body = &exchange->body;
    body_take(body, piece, *size);
    *size = 0;
    return body->received > DROP_FACTOR * (uint64_t)body->limit ? MHD_NO : MHD_YES;
}

static bool close_body(struct exchange *exchange, struct problem *why)
{
    struct request *request = &exchange->request;
    exchange->closes = exchange->body.received > exchange->body.limit;
    return body_end(&exchange->body, &request->body, &request->body_length, why);
}

static enum MHD_Result submit(struct exchange *exchange)
{
    struct problem why = {0};
    if (!streaming_begin(exchange, &why) || !exchange_lend(exchange, &why))
        return refuse(exchange, &why);
    exchange_park(exchange);
    return MHD_YES;
}

static enum MHD_Result take_end(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    const struct route *route = request->route;
    struct problem why = {0};
    exchange->is_received = true;
    connection_received(exchange->connection);
    if (request->answer.status != 0)
        return send_answer(exchange);
    if (!close_body(exchange, &why) || (route->admit && !route->admit(request, &why)))
        return refuse(exchange, &why);
    if (request->answer.status != 0)
        return send_answer(exchange);
    if (route->lane != LANE_INLINE)
        return submit(exchange);
    if (!request_answer(request, &why))
        return refuse(exchange, &why);
    return send_answer(exchange);
}

static enum MHD_Result take_upload(struct exchange *exchange, const char *piece, size_t *size)
{
    if (*size > 0) {
        streaming_take(exchange, piece, size);
        return MHD_YES;
    }
    exchange->is_received = true;
    exchange->closes = false;
    connection_received(exchange->connection);
    stream_end(exchange->request.stream);
    exchange_park(exchange);
    return MHD_YES;
}

/* What libmicrohttpd calls ----------------------------------------------------------------- */

static struct connection *connection_of(struct MHD_Connection *wire)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(wire, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void *exchange_begin(void *closure, const char *target, struct MHD_Connection *wire)
{
    struct io *io = closure;
    size_t length = target ? strlen(target) : 0;
    struct connection *connection = connection_of(wire);
    struct arena *arena = arena_create(ARENA_BASE + ARENA_FACTOR * io->service->body_limit);
    struct exchange *exchange = arena ? arena_alloc(arena, sizeof *exchange) : NULL;
    if (!exchange || !connection) {
        arena_destroy(arena);
        return NULL;
    }
    exchange->io = io;
    exchange->wire = wire;
    exchange->connection = connection;
    exchange->target = length <= TARGET_LIMIT ? arena_copy(arena, target, length) : NULL;
    exchange->request.arena = arena;
    exchange->request.service = io->service->service;
    exchange->request.began_at = clock_monotonic();
    connection_begin(&io->connections, connection, exchange->request.began_at);
    gauge_add(&io->counts.in_flight, 1);
    return exchange;
}

/* Without memory for an exchange there is none for a refusal: the connection is closed. */
enum MHD_Result exchange_handle(void *closure, struct MHD_Connection *wire, const char *url,
                                const char *method, const char *version, const char *piece,
                                size_t *piece_size, void **context)
{
    struct exchange *exchange = *context;
    (void)closure;
    (void)wire;
    (void)url;
    if (!exchange)
        return MHD_NO;
    switch (exchange->state) {
    case EXCHANGE_BEGUN:
        return take_header(exchange, method, version);
    case EXCHANGE_RECEIVING:
        return *piece_size > 0 ? take_piece(exchange, piece, piece_size) : take_end(exchange);
    case EXCHANGE_UPLOADING:
        return take_upload(exchange, piece, piece_size);
    case EXCHANGE_PARKED:
        exchange_unpark(exchange);
        return send_answer(exchange);
    case EXCHANGE_ANSWERED:
        break;
    case EXCHANGE_TORN:
        if (*piece_size == 0)
            return MHD_NO;
        *piece_size = 0;
        break;
    }
    return MHD_YES;
}

void exchange_destroy(struct exchange *exchange)
{
    guard_let_go(&exchange->client);
    streaming_end(exchange);
    exchange_account(exchange);
    gauge_add(&exchange->io->counts.in_flight, -1);
    arena_destroy(exchange->request.arena);
}

void exchange_end(void *closure, struct MHD_Connection *wire, void **context,
                  enum MHD_RequestTerminationCode how)
{
    struct io *io = closure;
    struct exchange *exchange = *context;
    (void)wire;
    if (!exchange)
        return;
    int64_t now = clock_monotonic();
    if (!exchange->is_received && how == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        linger_add(&io->lingering, exchange->connection->socket, now);
    connection_rest(&io->connections, exchange->connection, now);
    *context = NULL;
    exchange->connection = NULL;
    exchange->is_gone = true;
    if (exchange->is_lent)
        streaming_forget(exchange);
    else
        exchange_destroy(exchange);
}
