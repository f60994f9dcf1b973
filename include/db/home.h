/* The data directory of an embedded cluster. */
#ifndef CLMD_DB_HOME_H
#define CLMD_DB_HOME_H

#include "db/cluster.h"

/* Makes the directory if need be, checks that it belongs to the user whom PostgreSQL runs as
 * and that this user can reach it, and fills the cluster's user and paths but for programs. */
bool home_open(struct cluster *cluster, const char *data_dir, struct problem *why) MUST_CHECK;

#endif
