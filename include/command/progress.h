/* A line on a terminal that says how far a long command has come. */
#ifndef CLMD_COMMAND_PROGRESS_H
#define CLMD_COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what;
    unsigned total;
    int64_t started_at;
    bool is_shown; /* only where standard error is a terminal */
};

struct progress progress_start(const char *what, unsigned total);
void progress_show(const struct progress *progress, unsigned done);

/* Takes the line away. */
void progress_end(const struct progress *progress);

#endif
