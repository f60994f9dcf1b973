/* A worker's turn: what it took from its lane is answered. */
#ifndef CLMD_HTTP_TURN_H
#define CLMD_HTTP_TURN_H

#include "http/lane.h"

/* Gives back who has waited for as long as a statement may take, unanswered; how many are
 * left. */
size_t turn_refuse_late(const struct lane_options *options, struct request **batch,
                        size_t count);

/* Answers a batch, or a request where there are no batches, within the limit of its route. What
 * is read is read from the replica, where there is one that may and can answer; what is written
 * is answered with its position then. */
void turn_answer(const struct lane_options *options, struct request **batch, size_t count,
                 struct db *db, struct db *replica);

#endif
