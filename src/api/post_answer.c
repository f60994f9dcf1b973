#include "api/post.h"

#include <stdio.h>

enum { RESULTS_LIMIT = 16 * 1024 * 1024 };

static bool is_stored(const struct item *item)
{
    return item->outcome == OUTCOME_CREATED || item->outcome == OUTCOME_DUPLICATE;
}

struct problem post_problem(const struct post *post, size_t position)
{
    const struct problem within = item_problem(&post->items[position]);
    struct problem problem = within;
    problem.fault_count = 0;
    for (unsigned i = 0; i < within.fault_count; i++) {
        char pointer[sizeof within.faults->pointer + 32];
        snprintf(pointer, sizeof pointer, "/%zu%s", position, within.faults[i].pointer);
        fault_add(&problem, pointer, "%s", within.faults[i].detail);
    }
    return post->is_array ? problem : within;
}

static void write_result(struct buffer *out, const struct post *post, size_t position)
{
    const struct item *item = &post->items[position];
    buffer_print(out, "{\"outcome\":\"%s\"", OUTCOME_NAMES[item->outcome]);
    if (post->lines != NULL)
        buffer_print(out, ",\"line\":%zu", post->lines[position]);
    if (is_stored(item)) {
        buffer_text(out, ",\"event\":");
        item_write_record(out, item);
    } else {
        const struct problem problem = post_problem(post, position);
        buffer_text(out, ",\"problem\":");
        problem_write(out, &problem, NULL);
    }
}

/* Of the answer's object. */
static void write_end(struct buffer *out, const struct post *post)
{
    buffer_text(out, post->is_dry ? ",\"dry_run\":true}" : "}");
}

static bool answer_single(struct request *request, const struct post *post, struct problem *why)
{
    const struct item *item = post->items;
    char event_id[UUID_TEXT_SIZE];
    if (!is_stored(item)) {
        *why = item_problem(item);
        return false;
    }
    struct buffer body = buffer_create(request->arena, RESULTS_LIMIT);
    write_result(&body, post, 0);
    write_end(&body, post);
    if (item->outcome == OUTCOME_DUPLICATE || post->is_dry)
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
        write_result(&body, post, i);
        buffer_text(&body, "}");
        totals[post->items[i].outcome]++;
    }
    buffer_text(&body, "]");
    for (size_t i = 0; i < COUNT_OF(totals); i++)
        buffer_print(&body, ",\"%s\":%zu", OUTCOME_NAMES[i], totals[i]);
    write_end(&body, post);
    return respond_buffer(request, 200, &body, why);
}

/* A conflict has no pointer of its own: it is about the whole event. */
static struct problem problem_of_part(const struct post *post, size_t position)
{
    struct problem problem = post_problem(post, position);
    char pointer[32];
    snprintf(pointer, sizeof pointer, "/%zu", position);
    if (problem.fault_count == 0)
        fault_add(&problem, pointer, "%s", problem.detail);
    return problem;
}

/* 403 if anything is forbidden, 409 if all are conflicts, else 422. */
static enum problem_code worse_of(enum problem_code known, enum problem_code code)
{
    if (known == PROBLEM_FORBIDDEN || code == PROBLEM_FORBIDDEN)
        return PROBLEM_FORBIDDEN;
    return code == PROBLEM_CONFLICT ? known : PROBLEM_UNPROCESSABLE;
}

/* All that is wrong, as one problem. */
static bool refuse_whole(struct request *request, const struct post *post, struct problem *why)
{
    struct problem whole = {.code = PROBLEM_NONE};
    struct problem *parts = arena_alloc_raw(request->arena, post->count * sizeof *parts);
    enum problem_code code = PROBLEM_CONFLICT;
    size_t count = 0;
    if (parts == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    for (size_t i = 0; i < post->count; i++) {
        if (is_stored(&post->items[i]))
            continue;
        parts[count] = problem_of_part(post, i);
        code = worse_of(code, parts[count++].code);
    }
    fail(&whole, code, "nothing was stored: %zu of %zu events are at fault", count,
         post->count);
    request_refuse_parts(request, &whole, parts, count);
    return true;
}

static bool is_whole(const struct post *post)
{
    for (size_t i = 0; i < post->count; i++)
        if (!is_stored(&post->items[i]))
            return false;
    return true;
}

bool post_answer(struct request *request, const struct post *post, struct problem *why)
{
    if (!post->is_array)
        return answer_single(request, post, why);
    if (post->is_atomic && !is_whole(post))
        return refuse_whole(request, post, why);
    return answer_array(request, post, why);
}
