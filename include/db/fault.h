/* What a failure of PostgreSQL means to us, by its SQLSTATE. */
#ifndef CLMD_DB_FAULT_H
#define CLMD_DB_FAULT_H

#include "db/db.h"

/* Fills `why` with what a client may see, and its log_detail with PostgreSQL's message and
 * SQLSTATE: never the parameters, the detail or the context, which can hold data. `failed` may
 * be NULL: then it is the connection that failed, and its own message is taken. */
enum db_fault fault_tell(const PGconn *connection, const PGresult *failed, struct problem *why);

/* Others were in the way: a lock of theirs, or an upgrade that made anew what was just in use.
 */
bool fault_is_collision(const PGresult *failed);

/* A lost connection, in words of ours for the log. */
enum db_fault fault_lost(const char *log_detail, struct problem *why);

#endif
