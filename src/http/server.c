/* Starting: the socket, what is held in memory, the lanes, the I/O threads. Stopping, the other
 * way round, so that nothing accepted stays unanswered: the threads take no new connection and
 * answer what they have; then nothing goes into a lane any more; the lanes answer what they
 * hold and end; the threads send that and end. */
#include "http/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/change.h"
#include "http/cors.h"
#include "http/data_edition.h"
#include "http/files.h"
#include "http/guard.h"
#include "http/listen.h"
#include "http/replica.h"
#include "http/server_parts.h"
#include "http/tls.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SECOND = 1000000,
    WATCH_CONNECTIONS = 32,           /* of those who watch the service */
    WATCH_BODY = 1 << 20,             /* none is wanted; it bounds the memory of an answer */
    ANSWER_MICROSECONDS = 60 * SECOND /* a thread follows an order at once, or is lost */
};

static unsigned share(unsigned limit, unsigned threads)
{
    return (limit + threads - 1) / threads;
}

static void set_limits(struct io_service *shared, const struct config *config)
{
    char text[12];
    unsigned connections = files_for_connections(config);
    if (connections < config->connection_limit) {
        snprintf(text, sizeof text, "%u", connections);
        log_line(LOG_LEVEL_WARN, "the limit of open files allows fewer connections",
                 "connections", text, NULL);
    }
    shared->body_limit = config->body_limit;
    shared->connection_limit = share(connections, config->io_threads);
    shared->request_seconds = config->request_seconds;
    shared->idle_seconds = config->idle_seconds;
    shared->access_log = config->access_log;
}

/* The keys come last: nobody is let in before the rest was tried. */
static bool start_follower(struct server *server, unsigned key_seconds,
                           const char *database_url, const struct application *application,
                           struct problem *why)
{
    struct followed all[FOLLOWED_LIMIT];
    size_t count = application->followed_count;
    assert(count + 2 <= FOLLOWED_LIMIT);
    server->shared.auth = auth_create(key_seconds);
    if (!server->shared.auth)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    for (size_t i = 0; i < count; i++)
        all[i] = application->followed[i];
    if (application->edition)
        all[count++] = (struct followed){.what = "the data's edition",
                                         .load = data_edition_load,
                                         .context = application->edition,
                                         .every = EDITION_EVERY};
    all[count++] = (struct followed){.channel = "clmd_keys",
                                     .what = "the keys",
                                     .load = auth_load,
                                     .context = server->shared.auth};
    server->follower = follower_start(database_url, server->is_pooled, application->db_counts,
                                      all, count, why);
    return server->follower != NULL;
}

static bool start_lanes(struct server *server, const struct config *config,
                        const char *database_url, const struct application *application,
                        struct problem *why)
{
    const struct lane_options options[LANES] = {
        [LANE_READ] = {.name = "read",
                       .limit_seconds = config->read_seconds,
                       .is_reader = true,
                       .workers = config->read_workers,
                       .queue_limit = config->queue_limit},
        [LANE_WRITE] = {.name = "write",
                        .limit_seconds = config->write_seconds,
                        .workers = config->writers,
                        .queue_limit = config->queue_limit,
                        .batch_weight = config->batch_events},
        [LANE_CHANGE] = {.name = "change",
                         .workers = config->change_workers,
                         .queue_limit = config->queue_limit,
                         .answer = change_answer},
        [LANE_BULK] = {.name = "bulk", .workers = config->bulk_workers},
    };
    for (enum lane_name name = LANE_READ; name < LANES; name++) {
        struct lane_options all = options[name];
        all.database_url = database_url;
        all.statement_seconds = config->statement_seconds;
        all.is_pooled = config->pooler;
        all.replica = server->replica;
        all.done = io_return;
        all.db_counts = application->db_counts;
        all.outdates = name == LANE_READ ? NULL : application->edition;
        server->shared.lanes[name] = lane_start(&all, why);
        if (!server->shared.lanes[name])
            return false;
    }
    return true;
}

static bool start_threads(struct server *server, unsigned count, struct problem *why)
{
    server->threads = calloc(count, sizeof(struct io *));
    if (!server->threads)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    for (; server->thread_count < count; server->thread_count++) {
        struct io *io = io_start(&server->shared, why);
        if (!io)
            return false;
        server->threads[server->thread_count] = io;
    }
    return true;
}

/* Routes without a lane, so none is there. */
static bool start_watch(struct server *server, const struct config *config,
                        const struct application *application, struct problem *why)
{
    struct io_service *watch = &server->watch;
    if (config->metrics_listen[0] == '\0')
        return true;
    if (!listen_open(config->metrics_listen, &watch->listen_socket, server->watch_address, why))
        return false;
    watch->routes = application->watch_routes;
    watch->route_count = application->watch_route_count;
    watch->service = application->service;
    watch->auth = server->shared.auth;
    watch->guard = server->shared.guard;
    watch->body_limit = WATCH_BODY;
    watch->connection_limit = WATCH_CONNECTIONS;
    watch->request_seconds = config->request_seconds;
    watch->idle_seconds = config->idle_seconds;
    server->watch_thread = io_start(watch, why);
    return server->watch_thread != NULL;
}

static bool start(struct server *server, const struct config *config, const char *database_url,
                  const struct application *application, struct problem *why)
{
    if (!listen_open(config->listen, &server->shared.listen_socket, server->address, why))
        return false;
    set_limits(&server->shared, config);
    server->shared.guard = guard_create(config, why);
    return server->shared.guard &&
           cors_start(config->cors_origins, &server->shared.cors, why) &&
           tls_start(&server->shared.tls, config->tls_certificate, config->tls_key, why) &&
           start_follower(server, config->key_seconds, database_url, application, why) &&
           replica_start(config, database_url, &server->replica, why) &&
           start_lanes(server, config, database_url, application, why) &&
           start_threads(server, config->io_threads, why) &&
           start_watch(server, config, application, why);
}

struct server *server_start(const struct config *config, const char *database_url,
                            const struct application *application, struct problem *why)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    server->drain_seconds = config->drain_seconds;
    server->is_pooled = config->pooler;
    server->shared.routes = application->routes;
    server->shared.route_count = application->route_count;
    server->shared.service = application->service;
    server->shared.listen_socket = server->watch.listen_socket = -1;
    if (start(server, config, database_url, application, why))
        return server;
    server_stop(server);
    return NULL;
}

void server_announce_stop(struct server *server)
{
    int64_t never = 0;
    (void)atomic_compare_exchange_strong(&server->shared.leaving_since, &never,
                                         clock_monotonic());
}

static void order(const struct server *server, enum io_phase phase)
{
    for (unsigned i = 0; i < server->thread_count; i++)
        io_order(server->threads[i], phase);
}

static bool await(const struct server *server, enum io_phase phase, int64_t microseconds)
{
    int64_t deadline = clock_monotonic() + microseconds;
    bool is_reached = true;
    for (unsigned i = 0; i < server->thread_count; i++)
        is_reached &= io_await(server->threads[i], phase, deadline);
    return is_reached;
}

/* The socket is closed when no thread watches it any more. */
static void drain(const struct server *server)
{
    order(server, IO_DRAINING);
    (void)await(server, IO_DRAINING, ANSWER_MICROSECONDS);
    if (server->shared.listen_socket >= 0)
        close(server->shared.listen_socket);
    if (!await(server, IO_DRAINED, (int64_t)server->drain_seconds * SECOND))
        log_line(LOG_LEVEL_WARN, "connections were still open at the end of the drain", NULL);
}

static void stop_watch(struct server *server)
{
    io_stop(server->watch_thread);
    if (server->watch.listen_socket >= 0)
        close(server->watch.listen_socket);
}

void server_stop(struct server *server)
{
    if (!server)
        return;
    server_announce_stop(server);
    drain(server);
    order(server, IO_CLOSED);
    (void)await(server, IO_CLOSED, ANSWER_MICROSECONDS);
    for (enum lane_name name = LANE_READ; name < LANES; name++)
        lane_stop(server->shared.lanes[name]);
    replica_stop(server->replica);
    stop_watch(server);
    for (unsigned i = 0; i < server->thread_count; i++)
        io_stop(server->threads[i]);
    for (enum lane_name name = LANE_READ; name < LANES; name++)
        lane_destroy(server->shared.lanes[name]);
    follower_stop(server->follower);
    guard_destroy(server->shared.guard);
    cors_destroy(server->shared.cors);
    tls_destroy(server->shared.tls);
    auth_destroy(server->shared.auth);
    free(server->threads);
    free(server);
}
