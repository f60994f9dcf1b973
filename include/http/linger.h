/* Closing after an early refusal. When a socket is closed while its client still sends, the
 * kernel answers with a reset, and the reset may overtake the refusal: the client then sees a
 * broken connection instead of a 401. So such a socket is kept for a moment (by a duplicate;
 * libmicrohttpd closes its own) and what still comes is read and dropped. */
#ifndef CLMD_HTTP_LINGER_H
#define CLMD_HTTP_LINGER_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

enum { LINGER_LIMIT = 64 }; /* at once, of one thread; one more is closed without ceremony */

struct lingering {
    struct pollfd sockets[LINGER_LIMIT];
    int64_t deadlines[LINGER_LIMIT];
    size_t count;
};

void linger_add(struct lingering *all, int socket, int64_t now);

/* Drops what has come; closes what has ended or is past its deadline. */
void linger_drop(struct lingering *all, int64_t now);

void linger_close(struct lingering *all);

#endif
