/* health: whether the service on this machine is ready, for a container's health check, which
 * has no other program to ask with. */
#include "command/command.h"
#include "http/listen.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 5 };

static int connect_to(const struct addrinfo *at)
{
    const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    int connection = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0)
        return -1;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(connection, at->ai_addr, at->ai_addrlen) == 0)
        return connection;
    close(connection);
    return -1;
}

/* −1 when nobody answers there. A service that listens at every address does so at ours. */
static int reach(const char *address)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct place place;
    struct addrinfo *found;
    int connection = -1;
    if (!place_read(address, &place) ||
        getaddrinfo(place.host[0] ? place.host : NULL, place.port, &hints, &found) != 0)
        return -1;
    for (const struct addrinfo *at = found; at && connection < 0; at = at->ai_next)
        connection = connect_to(at);
    freeaddrinfo(found);
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
    bool has_own_port = config->metrics_listen[0] != '\0';
    int connection = reach(has_own_port ? config->metrics_listen : config->listen);
    bool is_well = connection >= 0 && is_ready(connection);
    puts(is_well ? "ready" : connection >= 0 ? "not ready" : "not running");
    if (connection >= 0)
        close(connection);
    return is_well ? STATUS_DONE : STATUS_FAILED;
}
