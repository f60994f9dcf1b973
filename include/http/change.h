/* A change through the API: one request is one transaction, repeated where PostgreSQL asks for
 * that, and answered as the first time when its Idempotency-Key comes again. */
#ifndef CLMD_HTTP_CHANGE_H
#define CLMD_HTTP_CHANGE_H

#include "base/problem.h"
#include "http/request.h"

#include <stdbool.h>

/* For lane_options.answer of LANE_CHANGE. A transaction stands around each answer(), and says
 * first for whom it acts (lifecycle.act_as), so that the audit log knows. With an
 * Idempotency-Key the answer is kept beside what it tells of: both are there, or neither. What
 * was refused changed
 * nothing and is not kept, so that the key can be used again. 409 while the same key is being
 * answered; 422 where it stands for another request. */
bool change_answer(struct request *request, struct problem *why);

#endif
