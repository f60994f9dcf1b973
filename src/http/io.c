#include "http/io.h"

#include "base/clock.h"
#include "http/exchange.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MEMORY_OF_CONNECTION = 16384, /* HEADER_LIMIT, FIELDS_LIMIT, and the answer's header */
    SWEEP_MICROSECONDS = 1000000,
    FLUSH_MICROSECONDS = 2 * 1000000,
    FLUSH_POLL_MILLISECONDS = 20
};

/* NULL without TLS. */
static gnutls_session_t session_of(struct MHD_Connection *wire)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(wire, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info ? info->tls_session : NULL;
}

static struct connection *open_connection(struct io *io, struct MHD_Connection *wire)
{
    int socket = MHD_get_connection_info(wire, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    const struct sockaddr *peer =
        MHD_get_connection_info(wire, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    struct connection *connection =
        connection_open(&io->connections, socket, clock_monotonic());
    if (!connection || !guard_connection(io->service->guard, peer, &connection->caller)) {
        counter_add(&io->counts.refused, 1);
        shutdown(socket, SHUT_RDWR);
    }
    if (connection && io->service->tls)
        connection->certificate = certificate_take(io->service->tls, session_of(wire));
    if (connections_make_room(&io->connections, io->service->connection_limit))
        counter_add(&io->counts.displaced, 1);
    return connection;
}

/* What libmicrohttpd is given to be closed, and nobody calls on. */
static bool is_spare(struct MHD_Connection *wire)
{
    return MHD_get_connection_info(wire, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
               ->client_addr->sa_family == AF_UNSPEC;
}

static void note_connection(void *closure, struct MHD_Connection *wire, void **context,
                            enum MHD_ConnectionNotificationCode what)
{
    struct io *io = closure;
    if (what == MHD_CONNECTION_NOTIFY_STARTED && !is_spare(wire)) {
        *context = open_connection(io, wire);
        counter_add(&io->counts.accepted, 1);
    } else if (*context) {
        connection_close(&io->connections, *context);
        *context = NULL;
    }
}

/* How long poll may sleep: −1 for as long as nothing happens. */
static int patience(struct io *io)
{
    MHD_UNSIGNED_LONG_LONG milliseconds;
    int longest = -1;
    if (io->connections.count > 0 || io->lingering.count > 0)
        longest = SWEEP_MICROSECONDS / 1000;
    if (io->phase == IO_ENDED)
        longest = FLUSH_POLL_MILLISECONDS;
    if (MHD_get_timeout(io->daemon, &milliseconds) == MHD_YES &&
        (longest < 0 || milliseconds < (unsigned)longest))
        longest = (int)milliseconds;
    return longest;
}

static int epoll_of(struct MHD_Daemon *daemon)
{
    return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

static void await_work(struct io *io)
{
    struct pollfd watched[2 + LINGER_LIMIT] = {{.fd = epoll_of(io->daemon), .events = POLLIN},
                                               {.fd = io->wake, .events = POLLIN}};
    memcpy(watched + 2, io->lingering.sockets, io->lingering.count * sizeof *watched);
    poll(watched, 2 + io->lingering.count, patience(io));
    if (watched[1].revents)
        wake_clear(io->wake);
}

/* Once libmicrohttpd had no file or memory for a connection, it takes none any more until one
 * that it has is closed, which may be long. So where somebody waits to be taken, it is given
 * one that is not connected, and so is closed at once. */
static void take_again(struct io *io)
{
    static const struct sockaddr NOBODY = {.sa_family = AF_UNSPEC};
    struct pollfd waiting = {.fd = io->service->listen_socket, .events = POLLIN};
    if (io->phase != IO_SERVING || poll(&waiting, 1, 0) <= 0)
        return;
    int spare = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (spare >= 0)
        (void)MHD_add_connection(io->daemon, spare, &NOBODY, sizeof NOBODY);
}

static void enforce_deadlines(struct io *io)
{
    int64_t now = clock_monotonic();
    linger_drop(&io->lingering, now);
    if (io->phase >= IO_DRAINING)
        connections_finish_idle(&io->connections);
    if (now - io->swept_at < SWEEP_MICROSECONDS)
        return;
    io->swept_at = now;
    counter_add(&io->counts.overdue, connections_sweep(&io->connections, now));
    take_again(io);
}

static void enter(struct io *io, enum io_phase phase)
{
    if (io->phase < IO_DRAINING) {
        MHD_quiesce_daemon(io->daemon);
        connections_finish_idle(&io->connections);
    }
    if (phase == IO_ENDED) {
        connections_cut_unanswered(&io->connections);
        io->ends_at = clock_monotonic() + FLUSH_MICROSECONDS;
    }
    io->phase = phase;
}

/* What was ordered, or what is reached by itself. */
static void follow_orders(struct io *io)
{
    monitor_lock(&io->monitor);
    if (io->ordered > io->phase)
        enter(io, io->ordered);
    if (io->phase == IO_DRAINING && io->connections.count == 0)
        io->phase = IO_DRAINED;
    if (io->reached != io->phase) {
        io->reached = io->phase;
        monitor_broadcast(&io->monitor);
    }
    monitor_unlock(&io->monitor);
    if (io->phase >= IO_CLOSED)
        streams_break(io);
}

static bool is_finished(const struct io *io)
{
    return io->phase == IO_ENDED && io->lent == 0 &&
           (io->connections.count == 0 || clock_monotonic() >= io->ends_at);
}

static void *serve(void *argument)
{
    struct io *io = argument;
    while (!is_finished(io)) {
        await_work(io);
        exchanges_resume(io);
        MHD_run(io->daemon);
        enforce_deadlines(io);
        gauge_set(&io->counts.connections, (int64_t)io->connections.count);
        follow_orders(io);
    }
    return NULL;
}

static struct MHD_Daemon *start_daemon(struct io *io)
{
    const struct io_service *service = io->service;
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, service->listen_socket, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, service->connection_limit, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, service->idle_seconds, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_OF_CONNECTION, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    const enum MHD_OPTION secures = service->tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END;
    const enum MHD_FLAG flags = service->tls ? MHD_USE_TLS : MHD_NO_FLAG;
    return MHD_start_daemon(
        flags | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, exchange_handle, io,
        MHD_OPTION_ARRAY, options, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, io,
        MHD_OPTION_NOTIFY_COMPLETED, exchange_end, io, MHD_OPTION_NOTIFY_CONNECTION,
        note_connection, io, secures, TLS_PRIORITIES, MHD_OPTION_HTTPS_CERT_CALLBACK2,
        tls_certificate, MHD_OPTION_END);
}

struct io *io_start(const struct io_service *service, struct problem *why)
{
    struct io *io = calloc(1, sizeof *io);
    if (!io) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    io->service = service;
    io->connections.request_seconds = service->request_seconds;
    io->connections.idle_seconds = service->idle_seconds;
    monitor_create(&io->monitor);
    io->wake = wake_create();
    io->counts.routes = calloc(service->route_count + 1, sizeof *io->counts.routes);
    io->daemon = io->wake >= 0 && io->counts.routes ? start_daemon(io) : NULL;
    if (!io->daemon)
        (void)fail(why, PROBLEM_INTERNAL, "cannot start libmicrohttpd: out of memory or files");
    else
        io->is_running = thread_start(&io->thread, "io", serve, io, why);
    if (io->is_running)
        return io;
    io_stop(io);
    return NULL;
}

const struct io_counts *io_counts(const struct io *io)
{
    return &io->counts;
}

void io_order(struct io *io, enum io_phase phase)
{
    monitor_lock(&io->monitor);
    io->ordered = phase;
    monitor_unlock(&io->monitor);
    wake_send(io->wake);
}

bool io_await(struct io *io, enum io_phase phase, int64_t deadline)
{
    bool is_in_time = true;
    monitor_lock(&io->monitor);
    while (io->reached < phase && is_in_time)
        is_in_time = monitor_wait_until(&io->monitor, deadline);
    bool is_reached = io->reached >= phase;
    monitor_unlock(&io->monitor);
    return is_reached;
}

void io_stop(struct io *io)
{
    if (!io)
        return;
    if (io->is_running) {
        io_order(io, IO_ENDED);
        pthread_join(io->thread, NULL);
    }
    if (io->daemon) {
        if (!io->is_running)
            MHD_quiesce_daemon(io->daemon); /* or it would close the socket of all threads */
        MHD_stop_daemon(io->daemon);
    }
    linger_close(&io->lingering);
    if (io->wake >= 0)
        close(io->wake);
    monitor_destroy(&io->monitor);
    free(io->counts.routes);
    free(io);
}
