#include "http/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINGER_MICROSECONDS = 2 * 1000000, READS = 8 };

void linger_add(struct lingering *all, int socket, int64_t now)
{
    int kept = all->count < LINGER_LIMIT ? fcntl(socket, F_DUPFD_CLOEXEC, 0) : -1;
    if (kept < 0)
        return;
    all->sockets[all->count] = (struct pollfd){.fd = kept, .events = POLLIN};
    all->deadlines[all->count++] = now + LINGER_MICROSECONDS;
}

/* False at the end of what the client sends. A fast sender waits for its next turn. */
static bool drop(int socket)
{
    static const size_t PIECE = 65536;
    for (int i = 0; i < READS; i++) {
        /* Without a buffer, MSG_TRUNC lets TCP drop the bytes where they are. */
        ssize_t dropped = recv(socket, NULL, PIECE, MSG_DONTWAIT | MSG_TRUNC);
        if (dropped == 0)
            return false;
        if (dropped < 0)
            return errno == EAGAIN || errno == EINTR;
    }
    return true;
}

static void close_at(struct lingering *all, size_t at)
{
    close(all->sockets[at].fd);
    all->count--;
    all->sockets[at] = all->sockets[all->count];
    all->deadlines[at] = all->deadlines[all->count];
}

void linger_drop(struct lingering *all, int64_t now)
{
    for (size_t i = all->count; i > 0; i--)
        if (all->deadlines[i - 1] <= now || !drop(all->sockets[i - 1].fd))
            close_at(all, i - 1);
}

void linger_close(struct lingering *all)
{
    while (all->count > 0)
        close_at(all, all->count - 1);
}
