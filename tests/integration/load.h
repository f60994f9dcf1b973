/* Requests with many events, some of them at fault, and what it takes to have them answered. */
#ifndef CLMD_TESTS_LOAD_H
#define CLMD_TESTS_LOAD_H

#include "integration/client.h"

/* Events from the number `first` on, as an array, or one as it is; to be freed. The one at the
 * position `poison` (−1: none) says that an identifier is its subject's which is another's. */
char *load_events(const char *source, int first, int count, int poison);

/* Gives that identifier to its owner. */
void load_take_identifier(struct client *client);

/* Posts so many events singly, each of which must be answered with this status, 503 with a
 * Retry-After; the durations, in microseconds. */
void load_measure(struct client *client, const char *source, int status, long *durations,
                  int count);

/* Sorts durations and prints what they are like; the 99th of a hundred. */
long load_print(const char *what, long *durations, int count);

#endif
