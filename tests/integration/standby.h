/* A second PostgreSQL that follows a test cluster by streaming replication, until it is
 * promoted. */
#ifndef CLMD_TESTS_STANDBY_H
#define CLMD_TESTS_STANDBY_H

#include "db/cluster.h"
#include "integration/cluster.h"

struct standby {
    char directory[64];
    struct cluster cluster;
    pid_t postmaster;
    char url[192]; /* of its superuser */
};

/* A copy of the primary, which from now on acknowledges nothing that the standby has not got:
 * so nothing acknowledged is lost with the primary. Fails the test where it does not come up.
 */
void standby_start(struct standby *standby, const struct test_cluster *primary);

/* From now on it is a primary itself; returns when it takes writes. */
void standby_promote(const struct standby *standby);

/* Stops replaying what it receives; goes on with it. */
void standby_hold(const struct standby *standby);
void standby_go_on(const struct standby *standby);

void standby_remove(struct standby *standby);

#endif
