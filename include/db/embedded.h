/* A private PostgreSQL in the data directory, for when no database URL is given.
 *
 *   DATA_DIR/            0700 where we make it; owned by the cluster's user
 *   DATA_DIR/cluster/    the PostgreSQL data directory: data checksums, UTF-8, C collation
 *   DATA_DIR/socket/     0700; the only way in (no TCP), trusted because of its mode
 *   DATA_DIR/lock        held (flock) by the one process that owns the cluster
 *   DATA_DIR/admin.key   0600; the first key, kept by the caller
 *
 * Server binaries are found on the PATH, or in /usr/lib/postgresql/VERSION/bin (the highest).
 * Nothing of PostgreSQL ever runs as root: started by root, the cluster belongs to the user
 * `postgres` (or `nobody`, if there is none), and so does the data directory. */
#ifndef CLMD_DB_EMBEDDED_H
#define CLMD_DB_EMBEDDED_H

#include "base/problem.h"

#include <stdbool.h>

struct embedded;

enum embedded_use {
    EMBEDDED_OWN,  /* serve: refused while another process owns the directory */
    EMBEDDED_SHARE /* a command: uses the cluster that runs, or starts it for a while */
};

/* Makes the cluster if there is none, starts it, and waits until it answers. A cluster left by
 * a crash is recovered; one left running by a killed owner is taken over by stopping it
 * first. */
struct embedded *embedded_open(const char *data_dir, enum embedded_use use,
                               struct problem *why);

/* The superuser; whom the schema belongs to; who serves. The roles must have been made. */
enum embedded_role { EMBEDDED_ADMIN, EMBEDDED_OWNER, EMBEDDED_SERVER, EMBEDDED_ROLES };

/* A libpq URL of the cluster: as the superuser, or as a role of the service's. */
const char *embedded_url(const struct embedded *embedded);
const char *embedded_url_as(const struct embedded *embedded, enum embedded_role role);

/* Whether this process started the cluster, and nobody else can be at work on it unasked. */
bool embedded_is_owner(const struct embedded *embedded);

/* When started by root: the whole process becomes the cluster's user. Before the first thread.
 * Without root it does nothing. */
bool embedded_drop_root(const struct embedded *embedded, struct problem *why) MUST_CHECK;

/* To be called when SIGCHLD arrived: if the cluster's postmaster ended, it is reaped and
 * started again (in the background of the caller's own waiting: it returns at once). Returns
 * the number of milliseconds after which it wants to be called again, or −1. */
int embedded_supervise(struct embedded *embedded);

/* Stops the cluster (fast shutdown) if this process started it; waits until it has ended. */
void embedded_close(struct embedded *embedded);

#endif
