/* libpq's asynchronous calls with a deadline. Its own PQexec waits for a frozen server for
 * ever, and a worker thread would be gone with it. Deadlines are by clock_monotonic. */
#ifndef CLMD_DB_WIRE_H
#define CLMD_DB_WIRE_H

#include "base/compiler.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether the server has not closed its end while nothing was going on. */
bool wire_is_alive(PGconn *connection);

/* Sends what was given to libpq, and takes its answer in: of several results the last one, or
 * the first that failed. False when the answer did not come to its end; PQstatus then tells
 * whether the connection broke or the deadline passed. *result is the caller's in any case. */
bool wire_exchange(PGconn *connection, int64_t deadline, PGresult **result) MUST_CHECK;

/* The same for the statements of a pipeline that was ended by PQpipelineSync, and which is left
 * then. */
bool wire_exchange_pipeline(PGconn *connection, int64_t deadline, PGresult **result) MUST_CHECK;

/* The same for a statement in single-row mode, a result at a time; NULL after the last one. */
bool wire_next(PGconn *connection, int64_t deadline, PGresult **result) MUST_CHECK;

bool wire_is_success(const PGresult *result);

#endif
