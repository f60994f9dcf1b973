/* Events in and out. What can be refused without the database is refused by admit_events, on
 * the I/O thread; what remains of many requests goes to the database as one batch, and each
 * request gets the outcomes of its own events. What is to be stored whole or not at all is a
 * batch by itself. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/post.h"
#include "api/service.h"
#include "base/clock.h"
#include "ingest/ingest_counts.h"
#include "ingest/refusals.h"
#include "ingest/trial.h"

#include <assert.h>

enum { BATCH_LIMIT = 1024 * 1024 * 1024 };

/* What was to be stored whole, and of which a part could not be, was not stored. */
static bool is_kept(const struct post *post)
{
    bool is_whole = true;
    for (size_t i = 0; i < post->count; i++)
        is_whole = is_whole && post->items[i].outcome < OUTCOME_CONFLICT;
    return is_whole || !post->is_atomic;
}

/* Of a dry run nothing was to be stored. */
static void count_outcomes(const struct service *service, const struct post *post)
{
    int64_t now = clock_utc();
    bool are_kept = is_kept(post);
    for (size_t i = 0; service != NULL && !post->is_dry && i < post->count; i++) {
        const struct item *item = &post->items[i];
        if (item->outcome == OUTCOME_REJECTED)
            refusals_count(service->refusals, item->event.source);
        if (are_kept || item->outcome >= OUTCOME_CONFLICT)
            ingest_count_event(service->ingested, INGEST_POST, item, now);
    }
}

bool admit_events(struct request *request, struct problem *why)
{
    struct post *post = arena_alloc(request->arena, sizeof *post);
    const struct service *service = request->service;
    if (post == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    post->arena = request->arena;
    post->context = (struct event_context){.now = clock_utc(), .rights = &request->rights};
    if (service != NULL) {
        post->context.type_prefix = service->type_prefix;
        post->context.registry = service->registry;
    }
    post->is_atomic = request_flag(request, "atomic", why);
    post->is_dry = request_flag(request, "dry_run", why);
    if (why->code != PROBLEM_NONE || !post_read(request, post, why))
        return false;
    request->input = post;
    for (size_t i = 0; i < post->count; i++)
        request->weight += post->items[i].outcome != OUTCOME_REJECTED;
    if (!post->is_array && request->weight == 0) {
        *why = *post->items[0].problem;
        count_outcomes(service, post);
        return false;
    }
    if (post->is_atomic || post->is_dry)
        request->weight = REQUEST_ALONE;
    return true;
}

static bool record_posts(struct request *const *batch, size_t count, struct db *db,
                         struct arena *arena, struct problem *why)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += ((const struct post *)batch[i]->input)->count;
    struct item **items = arena_alloc(arena, total * sizeof *items);
    if (items == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    size_t filled = 0;
    for (size_t i = 0; i < count; i++) {
        const struct post *post = batch[i]->input;
        for (size_t j = 0; j < post->count; j++)
            items[filled++] = &post->items[j];
    }
    const struct post *first = batch[0]->input;
    const struct service *service = batch[0]->service;
    int64_t began_at = clock_monotonic();
    assert(count == 1 || (!first->is_atomic && !first->is_dry));
    bool is_recorded = first->is_atomic || first->is_dry
                           ? trial_record(db, arena, items, filled, !first->is_dry, why)
                           : batch_record(db, arena, items, filled, why);
    if (is_recorded && service != NULL && !first->is_dry)
        ingest_count_batch(service->ingested, INGEST_POST, filled,
                           clock_monotonic() - began_at);
    return is_recorded;
}

void record_events(struct request *const *batch, size_t count, struct db *db)
{
    struct problem failure = {.code = PROBLEM_NONE};
    struct arena *arena = arena_create(BATCH_LIMIT);
    bool is_recorded = arena != NULL ? record_posts(batch, count, db, arena, &failure)
                                     : fail(&failure, PROBLEM_INTERNAL, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct problem why = failure;
        if (is_recorded)
            count_outcomes(batch[i]->service, batch[i]->input);
        if (!is_recorded || !post_answer(batch[i], batch[i]->input, &why))
            request_refuse(batch[i], &why);
    }
    arena_destroy(arena);
}

bool admit_event_id(struct request *request, struct problem *why)
{
    unsigned char event_id[UUID_SIZE];
    return uuid_parse(request->variables[0], event_id) ||
           fail(why, PROBLEM_NOT_FOUND, "an event's id is a UUID");
}

bool show_event(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]}};
    return answer_document(request, STATEMENT_SHOW_EVENT, values, "no event has this id", why);
}
