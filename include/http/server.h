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
struct db_counts;
struct replica_state;
struct tls;
struct server;

/* What the program serves. */
struct application {
    const struct route *routes;
    size_t route_count;
    const struct route *watch_routes; /* at config->metrics_listen: open, and LANE_INLINE */
    size_t watch_route_count;
    const struct followed *followed; /* what it holds in memory, beside the keys */
    size_t followed_count;           /* at most FOLLOWED_LIMIT - 2 */
    struct db_counts *db_counts;     /* of its connections; or NULL */
    struct data_edition *edition;    /* of the data: kept current; NULL: not wanted */
    void *service;                   /* reaches the handlers as request->service */
};

/* Binds config->listen, starts the threads. */
struct server *server_start(const struct config *config, const char *database_url,
                            const struct application *application, struct problem *why);

/* "127.0.0.1:8080", with the port that was really bound. */
const char *server_address(const struct server *server);

/* Who may call what, for the handlers that change it. */
struct auth *server_auth(struct server *server);

/* NULL where it does not speak TLS. */
struct tls *server_tls(const struct server *server);

/* What its threads and lanes have counted since the start, for /metrics. None for
 * LANE_INLINE. */
size_t server_thread_count(const struct server *server);
const struct io_counts *server_io_counts(const struct server *server, size_t thread);
const struct lane_counts *server_lane_counts(const struct server *server, enum lane_name lane);
struct lane_standing server_lane_standing(struct server *server, enum lane_name lane);

/* "" where it does not listen for those who watch it. */
const char *server_watch_address(const struct server *server);

/* For /readyz. */
const struct follower *server_follower(const struct server *server);

/* How the replica stands that is read from; false: there is none. */
bool server_replica(const struct server *server, struct replica_state *state);

/* Tells everybody that the end is near: server_leaving_since has its moment (clock_monotonic; 0
 * before), and whoever is answered is asked not to come back over this connection. */
void server_announce_stop(struct server *server);
int64_t server_leaving_since(const struct server *server);

/* Takes no new connection, answers every request that was accepted, within drain_seconds, then
 * stops the lanes and the threads. */
void server_stop(struct server *server);

#endif
