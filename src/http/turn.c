#include "http/turn.h"

#include "base/clock.h"
#include "db/db.h"
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

static void answer_one(const struct lane_options *options, struct request *request,
                       struct db *db)
{
    struct problem why = {0};
    request->db = db;
    if (!(options->answer ? options->answer : request_answer)(request, &why))
        request_refuse(request, &why);
    request->db = NULL;
}

/* A batch is done for many; the first whose trace is recorded stands for all. */
static const struct trace *find_sampled(struct request *const *batch, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (batch[i]->trace.is_sampled)
            return &batch[i]->trace;
    return NULL;
}

void turn_answer(const struct lane_options *options, struct request **batch, size_t count,
                 struct db *db)
{
    const struct route *route = batch[0]->route;
    int64_t waited = db_waited(db);
    db_limit(db, limit_of(options, route));
    db_trace(db, find_sampled(batch, count));
    if (options->batch_weight > 0)
        route->answer_batch(batch, count, db);
    else
        answer_one(options, batch[0], db);
    for (size_t i = 0; i < count; i++)
        batch[i]->database_time = db_waited(db) - waited;
}
