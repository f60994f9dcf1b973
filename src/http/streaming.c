/* Exchanges whose body or answer goes through a stream. The I/O thread holds no more of it than
 * libmicrohttpd's own buffer of the connection; what does not fit the ring stays there, and
 * then with the client, while the connection is suspended. A connection that waits for us is
 * never cut; one that waits for its client is, when nothing of a body has come for the time of
 * a request, or too little of an answer was taken. */
#include "base/clock.h"
#include "http/exchange.h"
#include "http/stream.h"

#include <string.h>
#include <sys/socket.h>

enum {
    BLOCK_SIZE = 32768, /* that a client of HTTP/1.0 is sent at a time */
    EARLY_SIZE = 32768, /* of an answer before the body's end: more than any problem takes */
    TORN_MICROSECONDS = 2 * 1000000 /* for the client to read it before the connection ends */
};

/* Called by the worker's side. */
static void stir(void *closure)
{
    struct exchange *exchange = closure;
    struct io *io = exchange->io;
    monitor_lock(&io->monitor);
    bool is_news = !exchange->is_stirred;
    if (is_news) {
        exchange->is_stirred = true;
        exchange->next_stirred = io->stirred;
        io->stirred = exchange;
    }
    monitor_unlock(&io->monitor);
    if (is_news)
        wake_send(io->wake);
}

bool streaming_begin(struct exchange *exchange, struct problem *why)
{
    struct request *request = &exchange->request;
    struct io *io = exchange->io;
    if (request->route->flow == FLOW_NONE)
        return true;
    request->stream = stream_create(request->arena, stir, exchange);
    if (!request->stream)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    exchange->next_stream = io->streams;
    if (io->streams)
        io->streams->previous_stream = exchange;
    io->streams = exchange;
    return true;
}

void streaming_end(struct exchange *exchange)
{
    if (!exchange->request.stream)
        return;
    if (exchange->previous_stream)
        exchange->previous_stream->next_stream = exchange->next_stream;
    else
        exchange->io->streams = exchange->next_stream;
    if (exchange->next_stream)
        exchange->next_stream->previous_stream = exchange->previous_stream;
}

void streaming_forget(struct exchange *exchange)
{
    if (exchange->request.stream)
        stream_break(exchange->request.stream);
}

void streams_break(struct io *io)
{
    for (struct exchange *at = io->streams; at; at = at->next_stream)
        stream_break(at->request.stream);
}

/* A connection waits for its client, or its client for us. */

static void wait_for_client(const struct exchange *exchange, size_t given)
{
    const struct connections *all = &exchange->io->connections;
    if (exchange->request.route->flow == FLOW_ANSWER)
        connection_gives(all, exchange->connection, given, clock_monotonic());
    else
        connection_takes(all, exchange->connection, clock_monotonic());
}

static void wait_for_worker(struct exchange *exchange)
{
    connection_received(exchange->connection);
    exchange_suspend(exchange);
}

void streaming_attend(struct exchange *exchange)
{
    const struct request *request = &exchange->request;
    if (exchange->is_gone ||
        (exchange->state == EXCHANGE_PARKED && request->route->flow == FLOW_BODY))
        return;
    if (exchange->is_suspended)
        wait_for_client(exchange, 0);
    exchange_resume(exchange);
}

/* The body --------------------------------------------------------------------------------- */

void streaming_take(struct exchange *exchange, const char *piece, size_t *size)
{
    size_t taken = stream_offer(exchange->request.stream, piece, *size);
    exchange->body.received += taken;
    *size -= taken;
    if (*size > 0)
        wait_for_worker(exchange);
    else
        wait_for_client(exchange, 0);
}

static void write_early(struct buffer *out, struct exchange *exchange)
{
    const struct answer *answer = &exchange->request.answer;
    struct header_field fields[ANSWER_FIELDS];
    size_t count = exchange_fields(exchange, fields);
    buffer_print(out, "HTTP/1.1 %d %s\r\nConnection: close\r\n", answer->status,
                 MHD_get_reason_phrase_for((unsigned)answer->status));
    for (size_t i = 0; i < count; i++)
        buffer_print(out, "%s: %s\r\n", fields[i].name, fields[i].value);
    buffer_print(out, "Content-Length: %zu\r\n\r\n", answer->length);
    buffer_append(out, answer->body, answer->length);
}

static void send_last(struct exchange *exchange, const struct buffer *out)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->wire, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    int socket = exchange->connection->socket;
    if (exchange->io->service->tls)
        tls_send_last(info->tls_session, out->data, out->length);
    else
        (void)send(socket, out->data, out->length, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)shutdown(socket, SHUT_WR);
}

/* libmicrohttpd takes no answer in mid-body. But nothing was sent yet, so the answer goes past
 * it, into an empty socket, and the connection ends. */
void streaming_answer_early(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    struct buffer out = buffer_create(exchange->request.arena, EARLY_SIZE);
    write_early(&out, exchange);
    if (out.failed)
        out.length = 0;
    send_last(exchange, &out);
    exchange->state = EXCHANGE_TORN;
    wait_for_client(exchange, 0);
    connection->deadline = clock_monotonic() + TORN_MICROSECONDS;
    exchange_resume(exchange);
}

/* The answer ------------------------------------------------------------------------------- */

/* An MHD_ContentReaderCallback. */
static ssize_t give(void *closure, uint64_t position, char *into, size_t size)
{
    struct exchange *exchange = closure;
    size_t length = 0;
    (void)position;
    switch (stream_accept(exchange->request.stream, into, size, &length)) {
    case STREAM_FLOWS:
        wait_for_client(exchange, length);
        exchange->sent += length;
        return (ssize_t)length;
    case STREAM_QUIET:
        wait_for_worker(exchange);
        return 0;
    case STREAM_ENDED:
        return MHD_CONTENT_READER_END_OF_STREAM;
    case STREAM_BROKEN:
        break;
    }
    connection_tear(exchange->connection);
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* In chunks, libmicrohttpd would send the last one to a HEAD, too. */
struct MHD_Response *streaming_response(struct exchange *exchange)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, give, exchange, NULL);
    if (response && strcmp(exchange->request.method, "HEAD") == 0)
        (void)MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return response;
}
