#include "base/address.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MAPPED_SIZE = 12, MAPPED_BITS = MAPPED_SIZE * CHAR_BIT, PARTY_BITS = 64 };

static const unsigned char MAPPED[MAPPED_SIZE] = {[10] = 0xff, [11] = 0xff};

static bool is_mapped(const struct address *address)
{
    return memcmp(address->bytes, MAPPED, sizeof MAPPED) == 0;
}

static void map(const struct in_addr *given, struct address *address)
{
    memcpy(address->bytes, MAPPED, sizeof MAPPED);
    memcpy(address->bytes + sizeof MAPPED, given, sizeof *given);
}

bool address_of_socket(const struct sockaddr *socket, struct address *address)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    if (socket->sa_family == AF_INET) {
        memcpy(&four, socket, sizeof four);
        map(&four.sin_addr, address);
    } else if (socket->sa_family == AF_INET6) {
        memcpy(&six, socket, sizeof six);
        memcpy(address->bytes, &six.sin6_addr, ADDRESS_SIZE);
    }
    return socket->sa_family == AF_INET || socket->sa_family == AF_INET6;
}

bool address_parse(const char *text, size_t length, struct address *address)
{
    char copy[ADDRESS_TEXT_SIZE];
    struct in_addr four;
    if (length >= sizeof copy || memchr(text, '\0', length))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (inet_pton(AF_INET, copy, &four) == 1) {
        map(&four, address);
        return true;
    }
    return inet_pton(AF_INET6, copy, address->bytes) == 1;
}

void address_print(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
    bool is_four = is_mapped(address);
    const unsigned char *from = is_four ? address->bytes + MAPPED_SIZE : address->bytes;
    if (!inet_ntop(is_four ? AF_INET : AF_INET6, from, text, ADDRESS_TEXT_SIZE))
        text[0] = '\0';
}

/* Clears what stands behind the first `bits`. */
static struct address cut(const struct address *address, unsigned bits)
{
    struct address prefix = {{0}};
    memcpy(prefix.bytes, address->bytes, bits / CHAR_BIT);
    if (bits % CHAR_BIT != 0)
        prefix.bytes[bits / CHAR_BIT] = (unsigned char)(address->bytes[bits / CHAR_BIT] &
                                                        0xff << (CHAR_BIT - bits % CHAR_BIT));
    return prefix;
}

/* The length of a prefix: one to three digits, up to `most`. */
static bool read_bits(const char *text, size_t length, unsigned most, unsigned *bits)
{
    *bits = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *bits = 10 * *bits + (unsigned)(text[i] - '0');
    }
    return length > 0 && length <= 3 && *bits <= most;
}

bool network_parse(const char *text, size_t length, struct network *network)
{
    const char *slash = memchr(text, '/', length);
    size_t address_length = slash ? (size_t)(slash - text) : length;
    if (!address_parse(text, address_length, &network->address))
        return false;
    network->bits = ADDRESS_SIZE * CHAR_BIT;
    if (!slash)
        return true;
    unsigned before = memchr(text, ':', address_length) ? 0 : MAPPED_BITS;
    if (!read_bits(slash + 1, length - address_length - 1, network->bits - before,
                   &network->bits))
        return false;
    network->bits += before;
    struct address prefix = cut(&network->address, network->bits);
    return memcmp(&prefix, &network->address, sizeof prefix) == 0;
}

bool network_has(const struct network *network, const struct address *address)
{
    struct address prefix = cut(address, network->bits);
    return memcmp(&prefix, &network->address, sizeof prefix) == 0;
}

struct address address_party(const struct address *address)
{
    return is_mapped(address) ? *address : cut(address, PARTY_BITS);
}
