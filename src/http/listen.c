#include "http/listen.h"

#include "base/address.h"
#include "base/compiler.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,
    MOST_UNSENT = 131072 /* bytes */
};

/* What the kernel takes from us for a client that takes nothing from it. By itself it would be
 * megabytes, for every connection; for a client that does, this is no limit. Accepted sockets
 * inherit it. */
static void limit_unsent(int socket)
{
    (void)setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &(int){MOST_UNSENT}, sizeof(int));
}

static bool copy_part(const char *text, size_t length, char *part, size_t size)
{
    if (length >= size)
        return false;
    memcpy(part, text, length);
    part[length] = '\0';
    return true;
}

bool place_read(const char *address, struct place *place)
{
    const char *colon = strrchr(address, ':');
    if (!colon)
        return false;
    const char *host = address;
    size_t length = (size_t)(colon - address);
    if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    } else if (memchr(host, ':', length)) {
        return false;
    }
    size_t digits = strspn(colon + 1, "0123456789");
    return digits > 0 && colon[1 + digits] == '\0' &&
           copy_part(host, length, place->host, sizeof place->host) &&
           copy_part(colon + 1, digits, place->port, sizeof place->port) &&
           strtoul(place->port, NULL, 10) <= UINT16_MAX;
}

bool place_is_local(const char *address)
{
    static const char *const LOOPBACKS[] = {"127.0.0.0/8", "::1"};
    struct place place;
    struct address at;
    struct network loopback;
    if (!place_read(address, &place) || !address_parse(place.host, strlen(place.host), &at))
        return false;
    for (size_t i = 0; i < COUNT_OF(LOOPBACKS); i++)
        if (network_parse(LOOPBACKS[i], strlen(LOOPBACKS[i]), &loopback) &&
            network_has(&loopback, &at))
            return true;
    return false;
}

static bool print_bound(int socket, char bound[LISTEN_TEXT_SIZE])
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host[64], port[PORT_SIZE];
    if (getsockname(socket, (struct sockaddr *)&address, &size) != 0 ||
        getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    snprintf(bound, LISTEN_TEXT_SIZE, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
    return true;
}

/* Without SO_REUSEPORT, which would let a second service share the port unseen. */
static int open_at(const struct addrinfo *at)
{
    int listening = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listening < 0)
        return -1;
    limit_unsent(listening);
    if (setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0 &&
        bind(listening, at->ai_addr, at->ai_addrlen) == 0 && listen(listening, BACKLOG) == 0)
        return listening;
    int error = errno;
    close(listening);
    errno = error;
    return -1;
}

static bool tell(const char *address, int error, struct problem *why)
{
    if (error == EADDRINUSE)
        return fail(why, PROBLEM_INTERNAL,
                    "%s is in use already: is another server running? (the setting is "
                    "CLMD_LISTEN)",
                    address);
    return fail(why, PROBLEM_INTERNAL, "cannot listen at %s: %s", address, strerror(error));
}

bool listen_open(const char *address, int *socket, char bound[LISTEN_TEXT_SIZE],
                 struct problem *why)
{
    static const struct addrinfo WANTED = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct place place;
    struct addrinfo *found;
    if (!place_read(address, &place))
        return fail(why, PROBLEM_INTERNAL, "%s is not host:port or [address]:port", address);
    int error = getaddrinfo(place.host[0] ? place.host : NULL, place.port, &WANTED, &found);
    if (error != 0)
        return fail(why, PROBLEM_INTERNAL, "cannot listen at %s: %s", address,
                    gai_strerror(error));
    *socket = -1;
    for (const struct addrinfo *at = found; at && *socket < 0; at = at->ai_next)
        *socket = open_at(at);
    error = errno;
    freeaddrinfo(found);
    if (*socket < 0)
        return tell(address, error, why);
    if (print_bound(*socket, bound))
        return true;
    close(*socket);
    return tell(address, errno, why);
}
