/* Addresses and networks of IP. An IPv4 address is held as IPv6 has it (::ffff:192.0.2.1), so
 * that one comparison serves both, and is printed as it is known. */
#ifndef CLMD_BASE_ADDRESS_H
#define CLMD_BASE_ADDRESS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct sockaddr;

enum { ADDRESS_SIZE = 16, ADDRESS_TEXT_SIZE = 46 };

struct address {
    unsigned char bytes[ADDRESS_SIZE];
};

/* Those whose first `bits` are the same. */
struct network {
    struct address address;
    unsigned bits;
};

/* False for a socket of another family. */
bool address_of_socket(const struct sockaddr *socket, struct address *address) MUST_CHECK;

/* "192.0.2.1" or "2001:db8::1", `length` bytes of it; nothing before or behind. */
bool address_parse(const char *text, size_t length, struct address *address) MUST_CHECK;

void address_print(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. False where bits are set behind the
 * prefix, too: somebody meant something else. */
bool network_parse(const char *text, size_t length, struct network *network) MUST_CHECK;

bool network_has(const struct network *network, const struct address *address);

/* What one party is taken to have for itself: an IPv4 address, or a /64 of IPv6. */
struct address address_party(const struct address *address);

#endif
