/* Events of all kinds, for as many customers as are wanted: some come late, some are voided,
 * some customers are merged; whatever the service makes of them is right, if verify says so. */
#ifndef CLMD_TESTS_MIXTURE_H
#define CLMD_TESTS_MIXTURE_H

#include "integration/client.h"

#include <stdbool.h>

/* One who posts them; all that is the same makes the same events. */
struct writer {
    int number; /* its source is "w" and this */
    unsigned seed;
    int customers;    /* "c0" to as many */
    int begins, step; /* minutes of a year: of the first event, from one to the next */
    int written;      /* events, so far */
};

/* Posts the next events (at most 100); false if any was rejected. */
bool writer_post(struct writer *writer, struct client *client, int count);

#endif
