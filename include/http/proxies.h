/* Who stands before us. Behind a proxy every connection is the proxy's, and who the client is
 * can only be known from what the proxy says in a header field. Anybody can say that; so only
 * those whose addresses were given to us are believed, and each only about who called it: the
 * chain is read from its near end, up to the first address that is not a trusted proxy's. */
#ifndef CLMD_HTTP_PROXIES_H
#define CLMD_HTTP_PROXIES_H

#include "base/address.h"
#include "base/config.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

enum { PROXIES_LIMIT = 64 };

struct proxies {
    struct network networks[PROXIES_LIMIT];
    size_t count;
    enum proxy_field field; /* the one that the proxies write */
};

/* Networks, separated by commas or spaces; the fault names the one that is none. */
bool proxies_read(const char *list, struct proxies *proxies, struct problem *why) MUST_CHECK;

bool proxies_trust(const struct proxies *proxies, const struct address *address);

/* The name of the field to look at. */
const char *proxies_field(const struct proxies *proxies);

/* `client` comes as the address of the trusted proxy that called, and becomes that of the
 * client, as far as `value` (all fields of that name, joined by commas) tells. What cannot be
 * read ends the chain: who stands next to it is taken for the client. */
void proxies_follow(const struct proxies *proxies, const char *value, struct address *client);

#endif
