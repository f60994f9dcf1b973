/* health: whether the service on this machine is ready, for a container's health check, which
 * has no other program to ask with. */
#include "command/command.h"
#include "http/listen.h"

#include <gnutls/gnutls.h>
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

static const char REQUEST[] =
    "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/* "HTTP/1.1 200 " */
enum { STATUS_LENGTH = 13 };

static bool is_good(const char answer[STATUS_LENGTH])
{
    return memcmp(answer, "HTTP/1.1 200 ", STATUS_LENGTH) == 0;
}

static bool is_ready(int connection)
{
    char answer[STATUS_LENGTH];
    return send(connection, REQUEST, sizeof REQUEST - 1, MSG_NOSIGNAL) == sizeof REQUEST - 1 &&
           recv(connection, answer, sizeof answer, MSG_WAITALL) == sizeof answer &&
           is_good(answer);
}

/* An answer begins in one record. */
static bool is_session_ready(gnutls_session_t session, int connection)
{
    char answer[STATUS_LENGTH];
    gnutls_transport_set_int(session, connection);
    return gnutls_handshake(session) == 0 &&
           gnutls_record_send(session, REQUEST, sizeof REQUEST - 1) > 0 &&
           gnutls_record_recv(session, answer, sizeof answer) == sizeof answer &&
           is_good(answer);
}

/* Whose certificate it is does not matter: nothing is told to the service, and of what it says
 * only whether it is ready. The certificate's names are none by which this machine calls
 * itself. */
static bool is_secure_ready(int connection)
{
    gnutls_certificate_credentials_t credentials = NULL;
    gnutls_session_t session = NULL;
    bool is_well = gnutls_certificate_allocate_credentials(&credentials) == 0 &&
                   gnutls_init(&session, GNUTLS_CLIENT) == 0 &&
                   gnutls_set_default_priority(session) == 0 &&
                   gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials) == 0 &&
                   is_session_ready(session, connection);
    if (session)
        gnutls_deinit(session);
    gnutls_certificate_free_credentials(credentials);
    return is_well;
}

int command_health(const struct config *config, int count, char **arguments)
{
    if (count > 1)
        return command_misused("health", "it takes no argument %s", arguments[1]);
    bool has_own_port = config->metrics_listen[0] != '\0';
    bool is_secure = config->tls_certificate[0] != '\0' && !has_own_port;
    int connection = reach(has_own_port ? config->metrics_listen : config->listen);
    bool is_well =
        connection >= 0 && (is_secure ? is_secure_ready(connection) : is_ready(connection));
    puts(is_well ? "ready" : connection >= 0 ? "not ready" : "not running");
    if (connection >= 0)
        close(connection);
    return is_well ? STATUS_DONE : STATUS_FAILED;
}
