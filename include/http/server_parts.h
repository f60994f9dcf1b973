/* What a server consists of, for the files that are it: who starts and stops it, and who tells
 * how it stands. */
#ifndef CLMD_HTTP_SERVER_PARTS_H
#define CLMD_HTTP_SERVER_PARTS_H

#include "http/io.h"
#include "http/listen.h"
#include "http/server.h"

#include <stdbool.h>

struct server {
    struct io_service shared;
    struct follower *follower;
    struct replica *replica; /* NULL: none */
    struct io **threads;
    unsigned thread_count;
    unsigned drain_seconds;
    bool is_pooled; /* the database is reached through a pooler */
    char address[LISTEN_TEXT_SIZE];

    /* For those who watch the service: a thread of their own, so that they are answered however
     * many clients there are, and until the lanes end. */
    struct io_service watch;
    struct io *watch_thread;
    char watch_address[LISTEN_TEXT_SIZE];
};

#endif
