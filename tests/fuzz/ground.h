/* What requests stand on: the service that handlers know, and a database with a small business
 * in it, which each input finds as the one before found it. */
#ifndef CLMD_TESTS_GROUND_H
#define CLMD_TESTS_GROUND_H

#include "call.h"
#include "db/db.h"

/* Without a database: one custom type, no edition of the data. */
struct service *ground_service(void);

/* A migrated database that nobody else uses; CLMD_FUZZ_SOCKET names the directory of its
 * socket. The first call fills it. Answers are given as the role clmd_server. */
struct db *ground_database(void);

/* Answers a call that was admitted, within a transaction that is undone. False: refused. */
bool ground_answer(struct call *call, struct problem *why) MUST_CHECK;

/* The same from the text of a request, for what must be taken. The caller ends the call. */
void ground_call(struct call *call, const char *text);

/* Reads and answers any bytes, and promises of the answer what all answers promise: it is what
 * its type says, or a refusal that is the caller's fault; PostgreSQL has refused nothing by
 * itself. False where there was no request. */
bool ground_try(struct call *call, const void *text, size_t length);

/* All that a target leaves is undone, what it did by SQL too. */
void ground_begin(void);
void ground_undo(void);

#endif
