#include "http/turn.h"

#include "base/clock.h"
#include "db/db.h"
#include "http/position.h"
#include "http/replica.h"
#include "http/request.h"

enum { SECOND = 1000000 /* in microseconds */ };

static unsigned limit_of(const struct lane_options *options, const struct route *route)
{
    return route->takes_long || options->limit_seconds == 0 ? options->statement_seconds
                                                            : options->limit_seconds;
}

static bool has_waited_too_long(const struct lane_options *options,
                                const struct request *request)
{
    unsigned seconds = limit_of(options, request->route);
    return clock_monotonic() - request->queued_at > (int64_t)seconds * SECOND;
}

size_t turn_refuse_late(const struct lane_options *options, struct request **batch,
                        size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        struct problem why = {0};
        if (!has_waited_too_long(options, batch[i])) {
            batch[left++] = batch[i];
            continue;
        }
        (void)fail(&why, PROBLEM_UNAVAILABLE, "the database was too slow for those before you");
        request_refuse(batch[i], &why);
        options->done(batch[i]);
    }
    return left;
}

static bool answer(const struct lane_options *options, struct request *request, struct db *db,
                   struct problem *why)
{
    request->db = db;
    bool is_answered = (options->answer ? options->answer : request_answer)(request, why);
    request->db = NULL;
    return is_answered;
}

static void answer_one(const struct lane_options *options, struct request *request,
                       struct db *db)
{
    struct problem why = {0};
    if (!answer(options, request, db, &why))
        request_refuse(request, &why);
}

/* Whether the failure is an answer of its own: the question is at fault, or has had its time.
 */
static bool is_final(enum db_fault fault, int64_t began_at, unsigned seconds)
{
    bool is_ours =
        fault == DB_FAULT_CONNECTION || fault == DB_FAULT_TRANSIENT || fault == DB_FAULT_BUG;
    return !is_ours || clock_monotonic() - began_at >= (int64_t)seconds * SECOND;
}

/* False: the primary is to answer. So it is while the replica catches up with a migration, or
 * has to cancel what is in the way of its replaying. */
static bool answer_from_replica(const struct lane_options *options, struct request *request,
                                struct db *db)
{
    struct problem why = {0};
    unsigned seconds = limit_of(options, request->route);
    int64_t began_at = clock_monotonic();
    if (!db || !replica_may_answer(options->replica, db, request->position))
        return false;
    db_limit(db, seconds);
    if (answer(options, request, db, &why))
        return true;
    if (db_last_fault(db) == DB_FAULT_CONNECTION)
        replica_lose(options->replica);
    if (is_final(db_last_fault(db), began_at, seconds)) {
        request_refuse(request, &why);
        return true;
    }
    request->answer = (struct answer){0};
    return false;
}

/* What was written is found by whoever comes back with the position. */
static void tell_position(struct request *const *batch, size_t count, struct db *db)
{
    uint64_t position;
    if (!replica_ask_position(db, &position))
        return;
    for (size_t i = 0; i < count; i++) {
        char *text = arena_alloc_raw(batch[i]->arena, POSITION_SIZE);
        if (!text || batch[i]->answer.status >= 300)
            continue;
        position_write(position, text);
        (void)respond_field(batch[i], "X-Clmd-Position", text);
    }
}

/* A batch is done for many; the first whose trace is recorded stands for all. */
static const struct trace *find_sampled(struct request *const *batch, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (batch[i]->trace.is_sampled)
            return &batch[i]->trace;
    return NULL;
}

static int64_t waited_for(const struct db *db, const struct db *replica)
{
    return db_waited(db) + (replica ? db_waited(replica) : 0);
}

void turn_answer(const struct lane_options *options, struct request **batch, size_t count,
                 struct db *db, struct db *replica)
{
    const struct route *route = batch[0]->route;
    int64_t waited = waited_for(db, replica);
    db_limit(db, limit_of(options, route));
    db_trace(db, find_sampled(batch, count));
    if (replica)
        db_trace(replica, find_sampled(batch, count));
    if (options->batch_weight > 0)
        route->answer_batch(batch, count, db);
    else if (!answer_from_replica(options, batch[0], replica))
        answer_one(options, batch[0], db);
    for (size_t i = 0; i < count; i++)
        batch[i]->database_time = waited_for(db, replica) - waited;
    if (options->replica && options->outdates && options->queue_limit > 0)
        tell_position(batch, count, db);
}
