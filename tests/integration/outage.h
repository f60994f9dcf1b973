/* A service as it is run for earnest, as a role that owns nothing, whose database is about to
 * be struck; and someone who posts one event after the other meanwhile. Everything fails the
 * test that is not as it must be. */
#ifndef CLMD_TESTS_OUTAGE_H
#define CLMD_TESTS_OUTAGE_H

#include "db/db.h"
#include "integration/answers.h"

enum {
    OUTAGE_LIMIT = 1,   /* seconds that a read or a batch may take here */
    OUTAGE_RECOVERY = 2 /* seconds within which service is back */
};

struct outage {
    struct service service;
    struct client *client;
    struct db *admin; /* of the database, as its superuser */
    int posted;       /* events that were acknowledged */
};

/* Migrates and makes the roles as `admin_url` says, then serves as `server_url` does. */
void outage_start(struct outage *outage, const char *admin_url, const char *server_url);
void outage_stop(struct outage *outage);

void outage_run(struct outage *outage, const char *sql);

/* Posts the next event, which must be answered with this status; 0: with whatever. */
struct reply outage_post(struct outage *outage, int status);
void outage_check_post(struct outage *outage, int status);
void outage_check_get(struct outage *outage, const char *path, int status);

/* What /readyz says, within OUTAGE_RECOVERY. */
void outage_await_ready(struct outage *outage, int status);

/* A 503 that says when to ask again, and has these words in its detail. Clears the reply. */
void outage_check_told(struct reply *reply, const char *words);

/* Whoever repeats is served again (an event whose answer was lost is a duplicate) within
 * OUTAGE_RECOVERY, and the service says it is ready. */
void outage_await_recovery(struct outage *outage);

/* What was acknowledged is stored, once each, and clmd verify agrees. */
void outage_check_stored(struct outage *outage, struct db *db);

#endif
