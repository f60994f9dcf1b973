/* How a server stands, for those who tell of it. */
#include "http/replica.h"
#include "http/server_parts.h"

struct auth *server_auth(struct server *server)
{
    return server->shared.auth;
}

struct tls *server_tls(const struct server *server)
{
    return server->shared.tls;
}

const char *server_address(const struct server *server)
{
    return server->address;
}

const char *server_watch_address(const struct server *server)
{
    return server->watch_address;
}

const struct follower *server_follower(const struct server *server)
{
    return server->follower;
}

bool server_replica(const struct server *server, struct replica_state *state)
{
    if (!server->replica)
        return false;
    *state = replica_state(server->replica);
    return true;
}

int64_t server_leaving_since(const struct server *server)
{
    return atomic_load(&server->shared.leaving_since);
}

size_t server_thread_count(const struct server *server)
{
    return server->thread_count;
}

const struct io_counts *server_io_counts(const struct server *server, size_t thread)
{
    return io_counts(server->threads[thread]);
}

const struct lane_counts *server_lane_counts(const struct server *server, enum lane_name lane)
{
    return lane_counts(server->shared.lanes[lane]);
}

struct lane_standing server_lane_standing(struct server *server, enum lane_name lane)
{
    return lane_standing(server->shared.lanes[lane]);
}
