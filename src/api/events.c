/* Events in and out. What can be refused without the database is refused by admit_events, on
 * the I/O thread; what remains of many requests goes to the database as one batch, and each
 * request gets the outcomes of its own events. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/post.h"
#include "ingest/vocabulary.h"

enum {
    EVENT_TYPES_LIMIT = 1024 * 1024,
    RESULTS_LIMIT = 16 * 1024 * 1024,
    BATCH_LIMIT = 1024 * 1024 * 1024
};

bool admit_events(struct request *request, struct problem *why)
{
    struct post *post = arena_alloc(request->arena, sizeof *post);
    if (post == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    post->arena = request->arena;
    if (!post_read(request, post, why))
        return false;
    for (size_t i = 0; i < post->count; i++)
        request->weight += post->items[i].outcome != OUTCOME_REJECTED;
    request->input = post;
    if (post->is_array || request->weight > 0)
        return true;
    *why = *post->items[0].problem;
    return false;
}

static bool is_stored(const struct item *item)
{
    return item->outcome == OUTCOME_CREATED || item->outcome == OUTCOME_DUPLICATE;
}

/* line: from 1; 0 if it did not come as one. */
static void write_result(struct buffer *out, const struct item *item, size_t line)
{
    buffer_print(out, "{\"outcome\":\"%s\"", OUTCOME_NAMES[item->outcome]);
    if (line > 0)
        buffer_print(out, ",\"line\":%zu", line);
    if (is_stored(item)) {
        buffer_text(out, ",\"event\":");
        buffer_text(out, item->record != NULL ? item->record : "null");
    } else {
        const struct problem problem = item_problem(item);
        buffer_text(out, ",\"problem\":");
        problem_write(out, &problem, NULL);
    }
    buffer_text(out, "}");
}

static bool answer_single(struct request *request, const struct item *item, struct problem *why)
{
    char event_id[UUID_TEXT_SIZE];
    if (!is_stored(item)) {
        *why = item_problem(item);
        return false;
    }
    struct buffer body = buffer_create(request->arena, RESULTS_LIMIT);
    write_result(&body, item, 0);
    if (item->outcome == OUTCOME_DUPLICATE)
        return respond_buffer(request, 200, &body, why);
    uuid_print(item->event.event_id, event_id);
    const char *location = arena_print(request->arena, "/v1/events/%s", event_id);
    if (location == NULL || !respond_field(request, "Location", location))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    return respond_buffer(request, 201, &body, why);
}

static bool answer_array(struct request *request, const struct post *post, struct problem *why)
{
    size_t totals[OUTCOME_REJECTED + 1] = {0};
    struct buffer body = buffer_create(request->arena, RESULTS_LIMIT);
    buffer_text(&body, "{\"data\":[");
    for (size_t i = 0; i < post->count; i++) {
        buffer_text(&body, i > 0 ? "," : "");
        write_result(&body, &post->items[i], post->lines != NULL ? post->lines[i] : 0);
        totals[post->items[i].outcome]++;
    }
    buffer_text(&body, "]");
    for (size_t i = 0; i < COUNT_OF(totals); i++)
        buffer_print(&body, ",\"%s\":%zu", OUTCOME_NAMES[i], totals[i]);
    buffer_text(&body, "}");
    return respond_buffer(request, 200, &body, why);
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
    return batch_record(db, arena, items, filled, why);
}

void record_events(struct request *const *batch, size_t count, struct db *db)
{
    struct problem failure = {.code = PROBLEM_NONE};
    struct arena *arena = arena_create(BATCH_LIMIT);
    bool is_recorded = arena != NULL ? record_posts(batch, count, db, arena, &failure)
                                     : fail(&failure, PROBLEM_INTERNAL, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct post *post = batch[i]->input;
        struct problem why = failure;
        bool is_answered =
            is_recorded && (post->is_array ? answer_array(batch[i], post, &why)
                                           : answer_single(batch[i], post->items, &why));
        if (!is_answered)
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

bool list_event_types(struct request *request, struct problem *why)
{
    struct buffer body = buffer_create(request->arena, EVENT_TYPES_LIMIT);
    vocabulary_write(&body);
    return respond_buffer(request, 200, &body, why);
}
