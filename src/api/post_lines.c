#include "api/post.h"

#include <string.h>

static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";

static bool is_blank(const char *text, size_t length)
{
    while (length > 0 && memchr(" \t\r", text[length - 1], 3) != NULL)
        length--;
    return length == 0;
}

static bool reject_line(struct post *post, size_t line, const char *detail, struct problem *why)
{
    struct problem problem = {.code = PROBLEM_NONE};
    fail(&problem, PROBLEM_MALFORMED, "line %zu: %s", line, detail);
    fault_add(&problem, "", "%s", problem.detail);
    return post_reject(post, &problem, why);
}

static bool read_line(struct post *post, const char *text, size_t length, size_t line,
                      struct problem *why)
{
    struct problem problem = {.code = PROBLEM_NONE};
    size_t used = 0;
    if (post_add(post, why) == NULL)
        return false;
    post->lines[post->count - 1] = line;
    if (post_read_event(post, text, length, &used, &problem))
        return is_blank(text + used, length - used) ||
               reject_line(post, line, "more than one JSON value", why);
    if (problem.code == PROBLEM_MALFORMED)
        return reject_line(post, line, problem.detail, why);
    *why = problem;
    return false;
}

bool post_read_lines(const struct request *request, struct post *post, struct problem *why)
{
    const char *text = request->body, *end = text + request->body_length;
    size_t mark = sizeof BYTE_ORDER_MARK - 1;
    post->is_array = true;
    post->lines = arena_alloc_raw(post->arena, POST_EVENTS * sizeof *post->lines);
    if (post->lines == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (request->body_length >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0)
        text += mark;
    for (size_t line = 1; text < end; line++) {
        const char *next = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((next != NULL ? next : end) - text);
        if (!is_blank(text, length) && !read_line(post, text, length, line, why))
            return false;
        text += length + (next != NULL);
    }
    return post->count > 0 || fault_add(why, "", "there is no line with an event");
}
