#include "http/guard.h"

#include "base/clock.h"
#include "base/digest.h"
#include "http/proxies.h"
#include "http/tally.h"

#include <stdlib.h>
#include <string.h>

struct guard {
    unsigned char key[KEYED_SIZE]; /* of the hashes */
    struct proxies proxies;
    struct tally *connections, *requests;
    unsigned connection_limit, request_limit; /* of an address; 0: none */
    struct rate_table *rates;
    struct rate rate; /* of a key, and of an address without one; no requests: any number */
};

static bool prepare(struct guard *guard, const struct config *config, struct problem *why)
{
    guard->connections = tally_create();
    guard->requests = tally_create();
    guard->rates = rate_table_create();
    guard->connection_limit = config->address_limit;
    guard->request_limit = config->address_requests;
    guard->rate = (struct rate){config->rate_requests, config->rate_seconds};
    guard->proxies.field = config->proxy_field;
    if (!guard->connections || !guard->requests || !guard->rates ||
        !random_bytes(guard->key, sizeof guard->key))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    return proxies_read(config->trusted_proxies, &guard->proxies, why);
}

struct guard *guard_create(const struct config *config, struct problem *why)
{
    struct guard *guard = calloc(1, sizeof *guard);
    if (!guard)
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
    if (guard && prepare(guard, config, why))
        return guard;
    guard_destroy(guard);
    return NULL;
}

void guard_destroy(struct guard *guard)
{
    if (!guard)
        return;
    tally_destroy(guard->connections);
    tally_destroy(guard->requests);
    rate_table_destroy(guard->rates);
    free(guard);
}

/* What follows from the address. */
static void know(const struct guard *guard, struct caller *caller)
{
    struct address party = address_party(&caller->address);
    caller->name = keyed_hash(guard->key, party.bytes, sizeof party.bytes);
    address_print(&caller->address, caller->text);
}

bool guard_connection(struct guard *guard, const struct sockaddr *peer, struct caller *caller)
{
    *caller = (struct caller){.counted = NULL};
    if (!address_of_socket(peer, &caller->address))
        return true;
    know(guard, caller);
    caller->is_proxy = proxies_trust(&guard->proxies, &caller->address);
    return caller->is_proxy || guard->connection_limit == 0 ||
           tally_take(guard->connections, caller->name, guard->connection_limit,
                      &caller->counted);
}

const char *guard_field(const struct guard *guard)
{
    return proxies_field(&guard->proxies);
}

struct caller guard_client(const struct guard *guard, const struct caller *peer,
                           const char *forwarded)
{
    struct caller client = *peer;
    client.counted = NULL;
    if (!peer->is_proxy || !forwarded)
        return client;
    proxies_follow(&guard->proxies, forwarded, &client.address);
    know(guard, &client);
    client.is_proxy = proxies_trust(&guard->proxies, &client.address);
    return client;
}

bool guard_request(struct guard *guard, struct caller *client, struct problem *why)
{
    return client->is_proxy || guard->request_limit == 0 ||
           tally_take(guard->requests, client->name, guard->request_limit, &client->counted) ||
           fail(why, PROBLEM_TOO_MANY, "this address has %u requests under way already",
                guard->request_limit);
}

void guard_let_go(struct caller *caller)
{
    tally_give(caller->counted);
    caller->counted = NULL;
}

bool guard_rate(struct guard *guard, const char *key_id, const struct rate *own,
                const struct caller *client, struct guard_standing *standing,
                struct problem *why)
{
    bool has_key = key_id[0] != '\0';
    const struct rate *rate = has_key && own->requests > 0 ? own : &guard->rate;
    if (rate->requests == 0)
        return true;
    uint64_t who = has_key ? keyed_hash(guard->key, key_id, strlen(key_id)) : client->name;
    standing->policy = has_key ? "key" : "address";
    standing->rate = rate;
    standing->now = rate_take(guard->rates, who, rate, clock_monotonic());
    return !standing->now.is_over ||
           fail(why, PROBLEM_TOO_MANY, "this %s may call %u times in %u seconds",
                standing->policy, rate->requests, rate->seconds);
}
