/* A PostgreSQL cluster on disk, and the server programs that make and serve it. */
#ifndef CLMD_DB_CLUSTER_H
#define CLMD_DB_CLUSTER_H

#include "base/problem.h"
#include "db/process.h"

#include <stdbool.h>
#include <sys/types.h>

/* A directory's path is bounded by what a Unix socket's address has room for. */
enum { CLUSTER_HOME_SIZE = 96, CLUSTER_PATH_SIZE = 128, CLUSTER_PORT = 5432 };

struct cluster {
    struct user user;                 /* whom it belongs to */
    char home[CLUSTER_HOME_SIZE];     /* the data directory of clmd; absolute */
    char data[CLUSTER_PATH_SIZE];     /* home/cluster */
    char socket[CLUSTER_PATH_SIZE];   /* home/socket */
    char programs[CLUSTER_PATH_SIZE]; /* where postgres and initdb are; see cluster_make */
};

struct postmaster {
    pid_t process;
    bool is_ready; /* takes connections */
};

/* Finds the programs, and makes the cluster if there is none. */
bool cluster_make(struct cluster *cluster, struct problem *why) MUST_CHECK;

/* Starts the postmaster as a child; −1 when there can be no further process. */
pid_t cluster_start(const struct cluster *cluster);

/* What postmaster.pid says; false if there is no such file. The process may be gone. */
bool cluster_read_postmaster(const struct cluster *cluster,
                             struct postmaster *postmaster) MUST_CHECK;

#endif
