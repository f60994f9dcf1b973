/* An embedded PostgreSQL of a test program's own, in a directory that is removed in the end. */
#ifndef CLMD_TESTS_CLUSTER_H
#define CLMD_TESTS_CLUSTER_H

#include "db/db.h"
#include "db/embedded.h"

#include <sys/types.h>

struct test_cluster {
    char directory[64];
    struct embedded *embedded;
};

/* Both fail the test where something does not go well. */
void test_cluster_start(struct test_cluster *cluster);
void test_cluster_remove(struct test_cluster *cluster);

/* The process of its postmaster; −1 while there is none. */
pid_t test_cluster_postmaster(const struct test_cluster *cluster);

/* Starts it again where it has ended, and waits until it answers. From the thread that started
 * it. */
void test_cluster_again(struct test_cluster *cluster);

/* Its processes that serve a client named clmd; how many, up to `limit`. */
size_t test_cluster_backends(const struct test_cluster *cluster, pid_t *backends, size_t limit);

/* Waits until one of its processes waits for this (a wait_event of pg_stat_activity); which. */
pid_t test_cluster_await(struct db *db, const char *event);

/* Sends a signal to the postmaster and to all that it started. */
void test_cluster_signal(const struct test_cluster *cluster, int signal);

#endif
