/* The HTTP service: I/O threads with our own loop around libmicrohttpd, the lanes, the keys,
 * and an orderly start and stop. */
#ifndef CLMD_HTTP_SERVER_H
#define CLMD_HTTP_SERVER_H

#include "base/config.h"
#include "base/problem.h"
#include "http/follower.h"
#include "http/io_counts.h"
#include "http/lane.h"
#include "http/route.h"

#include <stdbool.h>
#include <stddef.h>

struct data_edition;
struct server;

/* What the program serves. */
struct application {
    const struct route *routes;
    size_t route_count;
    const struct followed *followed; /* what it holds in memory, beside the keys */
    size_t followed_count;           /* at most FOLLOWED_LIMIT - 2 */
    struct data_edition *edition;    /* of the data: kept current; NULL: not wanted */
    void *service;                   /* reaches the handlers as request->service */
};

/* Binds config->listen, starts the threads. */
struct server *server_start(const struct config *config, const char *database_url,
                            const struct application *application, struct problem *why);

/* "127.0.0.1:8080", with the port that was really bound. */
const char *server_address(const struct server *server);

/* Requests waiting in a lane, and how many may; for /readyz. */
size_t server_queue_depth(struct server *server, enum lane_name lane);

/* What its threads and lanes have counted since the start, for /metrics. None for
 * LANE_INLINE. */
size_t server_thread_count(const struct server *server);
const struct io_counts *server_io_counts(const struct server *server, size_t thread);
const struct lane_counts *server_lane_counts(const struct server *server, enum lane_name lane);
struct lane_standing server_lane_standing(struct server *server, enum lane_name lane);

/* Takes no new connection, answers every request that was accepted, within drain_seconds, then
 * stops the lanes and the threads. */
void server_stop(struct server *server);

#endif
