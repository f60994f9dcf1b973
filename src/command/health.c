/* health: whether the service on this machine is ready, for a container's health check, which
 * has no other program to ask with. */
#include "command/command.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 5 };

/* "127.0.0.1:8080", "[::1]:8080" or "localhost:8080" → host and port. */
static bool split_address(const char *address, char host[128], const char **port)
{
    const char *colon = strrchr(address, ':');
    bool is_bracketed = address[0] == '[' && colon && colon > address && colon[-1] == ']';
    if (!colon)
        return false;
    int length = (int)(colon - address) - (is_bracketed ? 2 : 0);
    snprintf(host, 128, "%.*s", length, address + is_bracketed);
    *port = colon + 1;
    return true;
}

/* −1 when nobody answers there. */
static int reach(const char *address)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    struct addrinfo *places;
    char host[128];
    const char *port;
    int connection = -1;
    if (!split_address(address, host, &port) || getaddrinfo(host, port, &hints, &places) != 0)
        return -1;
    for (const struct addrinfo *place = places; place && connection < 0;
         place = place->ai_next) {
        connection = socket(place->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connection < 0)
            continue;
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (connect(connection, place->ai_addr, place->ai_addrlen) != 0) {
            close(connection);
            connection = -1;
        }
    }
    freeaddrinfo(places);
    return connection;
}

static bool is_ready(int connection)
{
    static const char REQUEST[] =
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char answer[16] = "";
    size_t length = 0;
    if (send(connection, REQUEST, sizeof REQUEST - 1, MSG_NOSIGNAL) != sizeof REQUEST - 1)
        return false;
    while (length < sizeof answer - 1) {
        ssize_t got = recv(connection, answer + length, sizeof answer - 1 - length, 0);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    return strncmp(answer, "HTTP/1.1 200 ", 13) == 0;
}

int command_health(const struct config *config, int count, char **arguments)
{
    if (count > 1)
        return command_misused("health", "it takes no argument %s", arguments[1]);
    int connection = reach(config->listen);
    bool is_well = connection >= 0 && is_ready(connection);
    puts(is_well ? "ready" : connection >= 0 ? "not ready" : "not running");
    if (connection >= 0)
        close(connection);
    return is_well ? STATUS_DONE : STATUS_FAILED;
}
