#include "api/post.h"

#include <stdio.h>
#include <string.h>

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

/* Items ------------------------------------------------------------------------------------ */

struct item *post_add(struct post *post, struct problem *why)
{
    if (post->count == POST_EVENTS) {
        fail(why, PROBLEM_TOO_LARGE, "a request has at most %d events", POST_EVENTS);
        return NULL;
    }
    if (post->count == post->capacity) {
        size_t capacity = post->capacity > 0 ? 4 * post->capacity : 1;
        struct item *items = arena_grow(
            post->arena, post->items, post->capacity * sizeof *items, capacity * sizeof *items);
        if (items == NULL) {
            fail(why, PROBLEM_INTERNAL, "out of memory");
            return NULL;
        }
        post->items = items;
        post->capacity = capacity;
    }
    struct item *item = &post->items[post->count++];
    *item = (struct item){.outcome = OUTCOME_CREATED};
    return item;
}

bool post_reject(struct post *post, const struct problem *problem, struct problem *why)
{
    return item_reject(&post->items[post->count - 1], post->arena, problem, why);
}

void post_tell_size(struct problem *problem)
{
    fail(problem, PROBLEM_TOO_LARGE, "an event has at most %d bytes", EVENT_BODY_LIMIT);
    fault_add(problem, "", "is larger than %d bytes", EVENT_BODY_LIMIT);
}

/* What is too large is not parsed, for that would take many times its size. */
bool post_read_event(struct post *post, const char *text, size_t length, size_t *used,
                     struct problem *why)
{
    struct problem problem = {.code = PROBLEM_NONE};
    struct event *event = &post->items[post->count - 1].event;
    *used = length > EVENT_BODY_LIMIT ? json_extent(text, length) : 0;
    if (*used > EVENT_BODY_LIMIT) {
        post_tell_size(&problem);
        return post_reject(post, &problem, why);
    }
    json_t *value = json_parse(text, length, used, why);
    if (value == NULL)
        return false;
    bool is_valid =
        event_read(post->arena, text, *used, value, &post->context, event, &problem);
    json_decref(value);
    if (!is_valid && problem_kind(problem.code)->status >= 500)
        return fail(why, problem.code, "%s", problem.detail);
    return is_valid || post_reject(post, &problem, why);
}

/* JSON ------------------------------------------------------------------------------------- */

/* A parser counts its bytes from the front of the item. */
static bool blame_item(const struct post *post, struct problem *why)
{
    const struct problem unplaced = *why;
    return post->is_array && fail(why, unplaced.code, "event %zu of the array: %s",
                                  post->count - 1, unplaced.detail);
}

static bool read_item(struct remainder *rest, struct post *post, struct problem *why)
{
    size_t used = 0;
    if (post_add(post, why) == NULL)
        return false;
    if (!post_read_event(post, rest->text, rest->length, &used, why))
        return blame_item(post, why);
    skip(rest, used);
    return true;
}

static bool is_at_end(struct remainder *rest, struct problem *why)
{
    skip_space(rest);
    return rest->length == 0 ||
           fail(why, PROBLEM_MALFORMED,
                "more than one JSON value: send several events as an array");
}

static bool read_array(struct remainder *rest, struct post *post, struct problem *why)
{
    post->is_array = true;
    if (skip_character(rest, ']'))
        return is_at_end(rest, why);
    do {
        if (!read_item(rest, post, why))
            return false;
    } while (skip_character(rest, ','));
    if (!skip_character(rest, ']'))
        return fail(why, PROBLEM_MALFORMED, "not valid JSON: expected , or ] after event %zu",
                    post->count - 1);
    return is_at_end(rest, why);
}

static bool read_either(const struct request *request, struct post *post, struct problem *why)
{
    struct remainder rest = {request->body, request->body_length};
    if (!skip_character(&rest, '['))
        return read_item(&rest, post, why) && is_at_end(&rest, why);
    return read_array(&rest, post, why) &&
           (post->count > 0 || fault_add(why, "", "an array of events must not be empty"));
}

static bool read_one(const struct request *request, struct post *post, struct problem *why)
{
    struct remainder rest = {request->body, request->body_length};
    if (skip_character(&rest, '['))
        return fault_add(why, "", "%s holds one event; send an array as application/json",
                         request->media_type);
    return read_item(&rest, post, why) && is_at_end(&rest, why);
}

static bool read_batch(const struct request *request, struct post *post, struct problem *why)
{
    struct remainder rest = {request->body, request->body_length};
    if (!skip_character(&rest, '['))
        return fault_add(why, "", "%s holds an array of events", request->media_type);
    return read_array(&rest, post, why);
}

/* Forms ------------------------------------------------------------------------------------ */

static const struct {
    const char *media_type;
    bool (*read)(const struct request *request, struct post *post, struct problem *why);
} FORMS[] = {
    {"application/json", read_either},
    {"application/cloudevents+json", read_one},
    {"application/cloudevents-batch+json", read_batch},
    {"application/x-ndjson", post_read_lines},
};

bool post_read(const struct request *request, struct post *post, struct problem *why)
{
    if (post_is_binary(request))
        return post_read_binary(request, post, why);
    for (size_t i = 0; i < COUNT_OF(FORMS); i++)
        if (strcmp(FORMS[i].media_type, request->media_type) == 0)
            return FORMS[i].read(request, post, why);
    return fail(why, PROBLEM_UNSUPPORTED_MEDIA,
                "events come as application/json, cloudevents+json, cloudevents-batch+json or "
                "x-ndjson; other JSON in binary mode, with the field ce-specversion");
}
