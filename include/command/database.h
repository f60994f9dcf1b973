/* The database that a command works on: the one of the setting, or the embedded one. With the
 * setting there is one role, its own; the embedded one has the roles of roles.sql. */
#ifndef CLMD_COMMAND_DATABASE_H
#define CLMD_COMMAND_DATABASE_H

#include "base/config.h"
#include "base/problem.h"
#include "db/db.h"
#include "db/embedded.h"

#include <stdbool.h>

struct database {
    struct embedded *embedded; /* NULL: DATABASE_URL */
    const char *url;           /* of the role that serves */
    struct db *db; /* of the role that owns the schema; its statements have no deadline */
};

/* Connects, without a look at the schema. To be closed in any case. */
bool database_open(struct database *database, const struct config *config,
                   enum embedded_use use, struct problem *why) MUST_CHECK;

/* Waits until the database takes connections: for ever while it is away, starts or recovers;
 * for a few seconds where it runs, but does not take us (a wrong password, no such database).
 */
bool database_await(const struct database *database, struct problem *why) MUST_CHECK;

/* Brings the schema up to date; not through a pooler. */
bool database_migrate(const struct database *database, const struct config *config,
                      struct problem *why) MUST_CHECK;

/* Sees to it that the schema is this program's: an embedded cluster that nobody else uses is
 * brought up to date, and so is any other if the setting says so; else it is only checked. */
bool database_prepare(const struct database *database, const struct config *config,
                      struct problem *why) MUST_CHECK;

/* database_open to share, and database_prepare. */
bool database_open_prepared(struct database *database, const struct config *config,
                            struct problem *why) MUST_CHECK;

/* Runs a statement in a transaction that acts as the user of the operating system, on this
 * machine: for changes, so that the audit log knows who. The rows are the caller's. */
bool database_change(struct db *db, enum statement statement, const struct db_value *values,
                     PGresult **rows, struct problem *why) MUST_CHECK;

void database_close(struct database *database);

#endif
