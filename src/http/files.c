#include "http/files.h"

#include "http/linger.h"

#include <sys/resource.h>

enum {
    RESERVED_FILES = 64,                /* for whatever the libraries open */
    WATCH_FILES = 64,                   /* for those who watch the service */
    FILES_OF_THREAD = LINGER_LIMIT + 4, /* lingering sockets, epoll, wake-ups */
    FILES_OF_BULK = 4,                  /* connections to PostgreSQL that a stream may take */
    FEWEST_CONNECTIONS = 64             /* however few files there are */
};

unsigned files_for_connections(const struct config *config)
{
    struct rlimit files;
    rlim_t wanted = config->connection_limit;
    rlim_t others = RESERVED_FILES + WATCH_FILES + config->read_workers + config->writers +
                    config->change_workers + (rlim_t)config->bulk_workers * FILES_OF_BULK +
                    (rlim_t)config->io_threads * FILES_OF_THREAD;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return config->connection_limit;
    if (files.rlim_cur < wanted + others) {
        rlim_t before = files.rlim_cur;
        files.rlim_cur = files.rlim_max < wanted + others ? files.rlim_max : wanted + others;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0)
            files.rlim_cur = before;
    }
    rlim_t possible = files.rlim_cur > others ? files.rlim_cur - others : 0;
    if (possible < FEWEST_CONNECTIONS)
        possible = FEWEST_CONNECTIONS;
    return (unsigned)(possible < wanted ? possible : wanted);
}
