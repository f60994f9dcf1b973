/* What is held in memory of the database, so that no request waits for it: the keys, and what
 * the program adds. One thread, with a connection of its own, listens to the channels on which
 * changes are announced, and reads again what changed; and everything after a while, since a
 * word may be lost with its connection. While the database is away, what is known goes on. */
#ifndef CLMD_HTTP_FOLLOWER_H
#define CLMD_HTTP_FOLLOWER_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_counts;

struct followed {
    const char
        *channel;     /* "clmd_keys": NOTIFY on it says that it changed; NULL: nothing does */
    const char *what; /* "the keys", for the log */
    bool (*load)(void *context, struct db *db, struct problem *why);
    void *context;
    int64_t every; /* microseconds between two readings; 0: ten seconds */
};

enum { FOLLOWED_LIMIT = 8 };

struct follower;

/* Reads all of it once, then keeps it current. Behind a pooler nothing can be listened to:
 * there all of it is read every second. A database that is away is no failure: what could not
 * be read is tried again every second. */
struct follower *follower_start(const char *database_url, bool is_pooled,
                                struct db_counts *counts, const struct followed *followed,
                                size_t count, struct problem *why);
void follower_stop(struct follower *follower);

/* How something followed stands; from any thread, at any time. */
struct followed_state {
    const char *what;
    int64_t
        read_at; /* clock_monotonic: the end of the last reading that succeeded; 0: none did */
    int64_t away_since; /* the first of the readings that have failed since; 0: none has */
};

size_t follower_count(const struct follower *follower);
struct followed_state follower_state(const struct follower *follower, size_t which);

#endif
