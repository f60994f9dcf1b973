/* Answers that last until the data changes, or the day: each carries a weak ETag, made of the
 * question and of the edition of the data that it was answered from; who comes back with it is
 * told so (304) on the I/O thread, and the database is not asked. */
#ifndef CLMD_API_LASTING_H
#define CLMD_API_LASTING_H

#include "base/problem.h"
#include "db/db.h"
#include "http/request.h"

#include <stdbool.h>

/* For admit, when the question has proven sound: answers with 304 if the caller's answer
 * stands. False: out of memory. */
bool lasting_admit(struct request *request, struct problem *why) MUST_CHECK;

/* Runs a statement of one row: the answer, and the edition that it is of. It is of the type
 * that the request asks for. */
bool lasting_answer(struct request *request, enum statement statement,
                    const struct db_value *values, struct problem *why) MUST_CHECK;

#endif
