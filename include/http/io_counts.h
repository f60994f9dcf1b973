/* What an I/O thread counts of its requests and connections: a fixed table of routes and
 * statuses, the thread's own, so that no two threads write to one place. */
#ifndef CLMD_HTTP_IO_COUNTS_H
#define CLMD_HTTP_IO_COUNTS_H

#include "base/count.h"

#include <stddef.h>
#include <stdint.h>

/* The statuses that are told apart; the last row is for any other. */
enum { STATUSES = 32 };

/* Ends with 0, which stands for all others. */
extern const int ANSWER_STATUSES[STATUSES];

struct route_counts {
    struct counter answers[STATUSES];
    struct histogram seconds; /* from the request's line to its answer */
};

struct io_counts {
    struct gauge in_flight;           /* requests whose answer was not given yet */
    struct gauge connections;         /* open */
    struct counter accepted, overdue; /* connections: opened; cut at a deadline */
    struct counter refused;           /* connections: their address had too many */
    struct counter displaced;         /* connections: idle, closed to make room */
    struct counter abandoned;         /* requests: their clients went before the answer */
    struct counter received, sent;    /* bytes of bodies */
    struct route_counts *routes;      /* each, and one more: what has no route */
};

/* The row of a status. */
size_t status_row(int status);

#endif
