/* A crowd of senders, as the service's users would write them: each posts its events one by one
 * or in arrays, and repeats a request that was not answered, or was answered with 503, until it
 * is acknowledged. So in the end what is stored must be exactly what was acknowledged. */
#ifndef CLMD_TESTS_SENDERS_H
#define CLMD_TESTS_SENDERS_H

#include "db/db.h"
#include "integration/service.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { SENDERS = 6, SENDERS_ARRAY = 25, SENDERS_CUSTOMERS = 60 };

struct sender {
    pthread_t thread;
    struct crowd *crowd;
    int number;
    unsigned seed;
    long acknowledged; /* events 0 to this one less */
};

struct crowd {
    const struct service *service;
    atomic_int port;          /* changes when the service starts again */
    atomic_bool is_over;      /* each ends when its last request is acknowledged */
    atomic_long acknowledged; /* events; all that follows counts requests */
    atomic_long duplicates;   /* stored before, but the answer was lost */
    atomic_long refused;      /* 503 */
    atomic_long unanswered;
    atomic_long slowest;   /* of the answers, in milliseconds */
    _Atomic(char *) fault; /* an answer that must not be; NULL: none */
    struct sender senders[SENDERS];
};

void crowd_start(struct crowd *crowd, const struct service *service, unsigned seed);

/* Waits for `count` more events to be acknowledged; fails the test where they are not. */
void crowd_await(struct crowd *crowd, long count);

/* Ends the crowd, which acknowledges what is under way; fails the test at a fault. */
void crowd_stop(struct crowd *crowd);

/* What was acknowledged is stored, each event once and nothing else of theirs, and counted
 * once. */
void crowd_check(const struct crowd *crowd, struct db *db);

/* Figures for a person to read, as a comment of TAP. */
void crowd_print(const struct crowd *crowd);

#endif
