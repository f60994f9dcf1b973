#include "http/route.h"

#include <stdio.h>
#include <string.h>

struct segment {
    const char *text;
    size_t length;
};

/* Takes "/segment" from the front of a path. */
static bool next_segment(const char **path, const char *end, struct segment *segment)
{
    if (*path == end || **path != '/')
        return false;
    const char *text = *path + 1;
    const char *slash = memchr(text, '/', (size_t)(end - text));
    *path = slash ? slash : end;
    *segment = (struct segment){text, (size_t)(*path - text)};
    return true;
}

static bool is_variable(const struct segment *segment)
{
    return segment->length > 0 && segment->text[0] == '{';
}

static bool is_same(const struct segment *one, const struct segment *other)
{
    return one->length == other->length && memcmp(one->text, other->text, one->length) == 0;
}

static bool take_variable(struct route_match *match, const struct segment *given)
{
    if (given->length == 0 || match->variable_count == ROUTE_VARIABLES)
        return false;
    match->variables[match->variable_count] = given->text;
    match->lengths[match->variable_count++] = given->length;
    return true;
}

/* Whether a path can be of this pattern, by what stands before its first variable; for nearly
 * all patterns it cannot, and that is seen at once. */
static bool begins_as(const char *pattern, const char *path, const char *end)
{
    while (path < end && *pattern == *path && *pattern != '{') {
        pattern++;
        path++;
    }
    return *pattern == '{' || (*pattern == '\0' && path == end);
}

static bool path_matches(const char *pattern, const char *path, const char *end,
                         struct route_match *match)
{
    const char *pattern_end = pattern + strlen(pattern);
    struct segment wanted, given;
    match->variable_count = 0;
    while (next_segment(&pattern, pattern_end, &wanted)) {
        if (!next_segment(&path, end, &given))
            return false;
        if (is_variable(&wanted) ? !take_variable(match, &given) : !is_same(&wanted, &given))
            return false;
    }
    return path == end;
}

static void allow_add(char *allow, size_t size, const char *method)
{
    size_t length = strlen(allow);
    snprintf(allow + length, size - length, "%s%s", length > 0 ? ", " : "", method);
}

static void allow_route(struct route_match *match, const struct route *route)
{
    allow_add(match->allow, sizeof match->allow, route->method);
    if (strcmp(route->method, "GET") == 0)
        allow_add(match->allow, sizeof match->allow, "HEAD");
}

static bool method_finds(const char *method, const struct route *route)
{
    return strcmp(method, route->method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

/* Where several patterns fit ("/v1/x/{y}" and "/v1/x/all"), the one with the fewest variables
 * is meant, whatever the order of the table. */
bool route_find(const struct route *routes, size_t count, const char *method, const char *path,
                size_t path_length, struct route_match *match, struct problem *why)
{
    size_t fewest = ROUTE_VARIABLES + 1;
    *match = (struct route_match){0};
    for (size_t i = 0; i < count; i++) {
        if (!begins_as(routes[i].path, path, path + path_length))
            continue;
        struct route_match found = {0};
        if (!path_matches(routes[i].path, path, path + path_length, &found) ||
            found.variable_count > fewest)
            continue;
        if (found.variable_count < fewest) {
            fewest = found.variable_count;
            *match = found;
        }
        allow_route(match, &routes[i]);
        if (method_finds(method, &routes[i]))
            match->route = &routes[i];
    }
    if (fewest > ROUTE_VARIABLES)
        return fail(why, PROBLEM_NOT_FOUND, "there is nothing at this path");
    allow_add(match->allow, sizeof match->allow, "OPTIONS");
    if (!match->route)
        return fail(why, PROBLEM_METHOD_NOT_ALLOWED, "this path has %s (in upper case)",
                    match->allow);
    return true;
}
