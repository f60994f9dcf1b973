/* Events in and out. What can be refused without the database is refused by admit_events, on
 * the I/O thread; what remains of many requests goes to the database as one batch, and each
 * request gets the outcomes of its own events. */
#include "api/answer.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "ingest/batch.h"
#include "ingest/vocabulary.h"

#include <stdio.h>
#include <string.h>

enum {
    POST_EVENTS = 1000, /* in one array */
    EVENT_TYPES_LIMIT = 1024 * 1024,
    RESULTS_LIMIT = 16 * 1024 * 1024,
    BATCH_LIMIT = 1024 * 1024 * 1024
};

/* The events of one request, in the sender's order. */
struct post {
    struct item *items;
    size_t count, capacity;
    bool is_array;
};

/* What is left of the body. */
struct remainder {
    const char *text;
    size_t length;
};

static void skip(struct remainder *rest, size_t length)
{
    rest->text += length;
    rest->length -= length;
}

static void skip_space(struct remainder *rest)
{
    while (rest->length > 0 && memchr(" \t\r\n", rest->text[0], 4) != NULL)
        skip(rest, 1);
}

/* Steps over a character, and the space around it, if it comes next. */
static bool skip_character(struct remainder *rest, char character)
{
    skip_space(rest);
    if (rest->length == 0 || rest->text[0] != character)
        return false;
    skip(rest, 1);
    skip_space(rest);
    return true;
}

/* The next item of the post, zeroed; NULL when out of memory. */
static struct item *add_item(struct arena *arena, struct post *post)
{
    if (post->count == post->capacity) {
        size_t capacity = post->capacity > 0 ? 4 * post->capacity : 1;
        struct item *items = arena_grow(arena, post->items, post->capacity * sizeof *items,
                                        capacity * sizeof *items);
        if (items == NULL)
            return NULL;
        post->items = items;
        post->capacity = capacity;
    }
    struct item *item = &post->items[post->count++];
    *item = (struct item){.outcome = OUTCOME_CREATED};
    return item;
}

/* Makes pointers into the item pointers into the array: /data/amount → /3/data/amount. */
static void prefix_pointers(struct problem *problem, size_t position)
{
    const struct problem unmoved = *problem;
    problem->fault_count = 0;
    for (unsigned i = 0; i < unmoved.fault_count; i++) {
        char pointer[sizeof unmoved.faults->pointer + 32];
        snprintf(pointer, sizeof pointer, "/%zu%s", position, unmoved.faults[i].pointer);
        fault_add(problem, pointer, "%s", unmoved.faults[i].detail);
    }
}

/* A parser counts its bytes from the front of the item. */
static bool blame_item(const struct post *post, struct problem *why)
{
    const struct problem unplaced = *why;
    return post->is_array && fail(why, unplaced.code, "event %zu of the array: %s",
                                  post->count - 1, unplaced.detail);
}

/* Reads what is next as an event; `problem` tells why it is none. False is for what makes the
 * whole body unreadable. What is too large is not parsed, for that would take many times its
 * size. */
static bool read_event(struct arena *arena, struct remainder *rest, struct event *event,
                       struct problem *problem, struct problem *why)
{
    const char *text = rest->text;
    size_t length = rest->length > EVENT_BODY_LIMIT ? json_extent(rest->text, rest->length) : 0;
    if (length > EVENT_BODY_LIMIT) {
        fail(problem, PROBLEM_TOO_LARGE, "an event has at most %d bytes", EVENT_BODY_LIMIT);
        fault_add(problem, "", "is larger than %d bytes", EVENT_BODY_LIMIT);
        skip(rest, length);
        return true;
    }
    json_t *value = json_parse(text, rest->length, &length, why);
    if (value == NULL)
        return false;
    skip(rest, length);
    bool is_judged = event_read(arena, text, length, value, clock_utc(), event, problem) ||
                     problem->code != PROBLEM_INTERNAL;
    json_decref(value);
    return is_judged || fail(why, PROBLEM_INTERNAL, "%s", problem->detail);
}

/* An event that is not valid is a rejected item. */
static bool read_item(struct arena *arena, struct remainder *rest, struct post *post,
                      struct problem *why)
{
    struct problem problem = {.code = PROBLEM_NONE};
    struct item *item = add_item(arena, post);
    if (item == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (!read_event(arena, rest, &item->event, &problem, why))
        return blame_item(post, why);
    if (problem.code == PROBLEM_NONE)
        return true;
    if (post->is_array)
        prefix_pointers(&problem, post->count - 1);
    return item_reject(item, arena, &problem, why);
}

static bool read_array(struct arena *arena, struct remainder *rest, struct post *post,
                       struct problem *why)
{
    if (skip_character(rest, ']'))
        return fault_add(why, "", "an array of events must not be empty");
    do {
        if (post->count == POST_EVENTS)
            return fail(why, PROBLEM_TOO_LARGE, "an array has at most %d events", POST_EVENTS);
        if (!read_item(arena, rest, post, why))
            return false;
    } while (skip_character(rest, ','));
    return skip_character(rest, ']') ||
           fail(why, PROBLEM_MALFORMED, "not valid JSON: expected , or ] after event %zu",
                post->count - 1);
}

static bool read_post(const struct request *request, struct post *post, struct problem *why)
{
    struct remainder rest = {request->body, request->body_length};
    post->is_array = skip_character(&rest, '[');
    bool is_read = post->is_array ? read_array(request->arena, &rest, post, why)
                                  : read_item(request->arena, &rest, post, why);
    if (!is_read)
        return false;
    skip_space(&rest);
    return rest.length == 0 ||
           fail(why, PROBLEM_MALFORMED,
                "more than one JSON value: send several events as an array");
}

bool admit_events(struct request *request, struct problem *why)
{
    struct post *post = arena_alloc(request->arena, sizeof *post);
    if (post == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (!read_post(request, post, why))
        return false;
    if (post->is_array && strcmp(request->media_type, "application/json") != 0)
        return fault_add(why, "", "%s holds one event; send an array as application/json",
                         request->media_type);
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

static void write_result(struct buffer *out, const struct item *item)
{
    buffer_print(out, "{\"outcome\":\"%s\"", OUTCOME_NAMES[item->outcome]);
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
    write_result(&body, item);
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
        write_result(&body, &post->items[i]);
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
