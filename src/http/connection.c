#include "http/connection.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
    SECOND = 1000000,
    SLOWEST = 32768,    /* bytes a second that a client has to take of an answer */
    SLOWEST_FLOW = 1024 /* the same of a stream, whose readers may work on what they get */
};

static int64_t after(int64_t now, unsigned seconds)
{
    return now + (int64_t)seconds * SECOND;
}

struct connection *connection_open(struct connections *all, int socket, int64_t now)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return NULL;
    connection->socket = socket;
    connection->idle_since = now;
    connection->deadline = after(now, all->request_seconds);
    connection->next = all->first;
    if (all->first)
        all->first->previous = connection;
    all->first = connection;
    all->count++;
    return connection;
}

void connection_close(struct connections *all, struct connection *connection)
{
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        all->first = connection->next;
    guard_let_go(&connection->caller);
    certificate_give(connection->certificate);
    if (connection->next)
        connection->next->previous = connection->previous;
    all->count--;
    free(connection);
}

/* The deadline of the first request runs since the connection was made; a later one's since
 * its line was read, which had to come within the idle time and another deadline. */
void connection_begin(const struct connections *all, struct connection *connection, int64_t now)
{
    int64_t deadline = after(now, all->request_seconds);
    connection->state = CONNECTION_RECEIVING;
    if (deadline < connection->deadline)
        connection->deadline = deadline;
}

void connection_received(struct connection *connection)
{
    connection->state = CONNECTION_ANSWERING;
}

void connection_answered(const struct connections *all, struct connection *connection,
                         uint64_t length, int64_t now)
{
    connection->state = CONNECTION_SENDING;
    connection->deadline = after(now, all->request_seconds + (unsigned)(length / SLOWEST));
}

void connection_rest(const struct connections *all, struct connection *connection, int64_t now)
{
    connection->state = CONNECTION_IDLE;
    connection->idle_since = now;
    connection->deadline = after(now, all->idle_seconds + all->request_seconds);
}

void connection_takes(const struct connections *all, struct connection *connection, int64_t now)
{
    connection->state = CONNECTION_UPLOADING;
    connection->deadline = after(now, all->request_seconds);
}

static const int64_t NOT_KNOWN = INT64_MIN;

void connection_gives(const struct connections *all, struct connection *connection,
                      size_t length, int64_t now)
{
    connection->given += (int64_t)length;
    if (connection->state == CONNECTION_STREAMING)
        return;
    connection->state = CONNECTION_STREAMING;
    connection->deadline = after(now, all->request_seconds);
    connection->taken = NOT_KNOWN;
}

void connection_tear(const struct connection *connection)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    (void)connect(connection->socket, &nobody, sizeof nobody);
}

/* Of what was sent, the kernel holds what the client has not taken. A client that takes enough
 * of it is slow, not gone, however long it takes us to get rid of the next piece. The first
 * look only tells where it stands. */
static bool goes_on_taking(const struct connections *all, struct connection *connection,
                           int64_t now)
{
    int unread = 0;
    (void)ioctl(connection->socket, SIOCOUTQ, &unread);
    int64_t before = connection->taken, least = (int64_t)all->request_seconds * SLOWEST_FLOW;
    connection->taken = connection->given - unread;
    connection->deadline = after(now, all->request_seconds);
    return before == NOT_KNOWN || connection->taken - before >= least;
}

/* A client that ends its side in mid-body is gone. libmicrohttpd does not look again where the
 * end came together with the last bytes. */
static bool has_left(const struct connection *connection)
{
    char byte;
    return connection->state == CONNECTION_UPLOADING &&
           recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

size_t connections_sweep(const struct connections *all, int64_t now)
{
    size_t overdue = 0;
    for (struct connection *at = all->first; at; at = at->next) {
        bool is_overdue = at->state != CONNECTION_ANSWERING && at->deadline <= now;
        bool is_slow =
            is_overdue && (at->state != CONNECTION_STREAMING || !goes_on_taking(all, at, now));
        if (is_slow || has_left(at))
            overdue += shutdown(at->socket, SHUT_RDWR) == 0 && is_slow;
    }
    return overdue;
}

static bool has_input(int socket)
{
    char byte;
    return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void connections_finish_idle(const struct connections *all)
{
    for (const struct connection *at = all->first; at; at = at->next)
        if (at->state == CONNECTION_IDLE && !has_input(at->socket))
            shutdown(at->socket, SHUT_RDWR);
}

bool connections_make_room(const struct connections *all, size_t limit)
{
    struct connection *longest = NULL;
    if (all->count < limit)
        return false;
    for (struct connection *at = all->first; at; at = at->next)
        if (at->state == CONNECTION_IDLE && !at->is_ending &&
            (!longest || at->idle_since < longest->idle_since) && !has_input(at->socket))
            longest = at;
    if (!longest)
        return false;
    longest->is_ending = true;
    shutdown(longest->socket, SHUT_RDWR);
    return true;
}

void connections_cut_unanswered(const struct connections *all)
{
    for (const struct connection *at = all->first; at; at = at->next)
        if (at->state == CONNECTION_IDLE || at->state == CONNECTION_RECEIVING ||
            at->state == CONNECTION_UPLOADING)
            shutdown(at->socket, SHUT_RDWR);
}
