/* Who calls, and how often they may: the client's address, behind a trusted proxy too; how many
 * connections and requests under way an address has; how often a key calls, or an address
 * without one. One for all I/O threads, which share it without locks. */
#ifndef CLMD_HTTP_GUARD_H
#define CLMD_HTTP_GUARD_H

#include "base/address.h"
#include "base/config.h"
#include "base/problem.h"
#include "http/rate.h"

#include <stdbool.h>
#include <stdint.h>

struct guard;
struct sockaddr;
struct tally_place;

/* Where a connection comes from. */
struct caller {
    struct address address;
    char text[ADDRESS_TEXT_SIZE]; /* the same, printed */
    uint64_t name;                /* of the party that has the address */
    bool is_proxy;                /* one that is trusted */
    struct tally_place *counted;  /* among its party's; until guard_let_go */
};

/* By the settings; the fault names the one that is wrong. */
struct guard *guard_create(const struct config *config, struct problem *why);
void guard_destroy(struct guard *guard);

/* A connection begins. False when its address has too many; that of a trusted proxy may have
 * any number. Either way `caller` tells who it is. */
bool guard_connection(struct guard *guard, const struct sockaddr *peer,
                      struct caller *caller) MUST_CHECK;

/* The field in which a proxy tells for whom it calls. */
const char *guard_field(const struct guard *guard);

/* Whose request it is that comes from there. `forwarded`: all values of guard_field, joined by
 * commas, or NULL; it counts from a trusted proxy only. */
struct caller guard_client(const struct guard *guard, const struct caller *peer,
                           const char *forwarded);

/* A request of the client begins. 429 when too many of its address are under way. */
bool guard_request(struct guard *guard, struct caller *client, struct problem *why) MUST_CHECK;

void guard_let_go(struct caller *caller);

/* Of whom answers tell how they stand. `rate` is NULL where there is no limit. */
struct guard_standing {
    const char *policy; /* "key" or "address" */
    const struct rate *rate;
    struct rate_standing now;
};

/* Counts a request of the key, or, where that is empty, of the client's address. 429 when it
 * came too soon, by the key's own rate, which must outlive `standing`, or that of the settings.
 */
bool guard_rate(struct guard *guard, const char *key_id, const struct rate *own,
                const struct caller *client, struct guard_standing *standing,
                struct problem *why) MUST_CHECK;

#endif
