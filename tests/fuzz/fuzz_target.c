/* Any bytes as a method and the target of a request line: a path leads to the route that it
 * spells and to no other; what is decoded is the caller's text, whole; and no parameter passes
 * that its route does not name. */
#include "fuzz.h"

#include "api/routes.h"
#include "base/utf8.h"
#include "http/target.h"

enum { MEMORY = 1024 * 1024 };

/* Whether the pattern with the variables in it is the path, to the byte. */
static bool is_spelt(const char *pattern, const struct target *target,
                     const struct route_match *match)
{
    const char *at = target->path;
    size_t next = 0;
    while (*pattern != '\0') {
        if (*pattern != '{') {
            if (*pattern++ != *at++)
                return false;
            continue;
        }
        if (match->variables[next] != at || memchr(at, '/', match->lengths[next]) != NULL)
            return false;
        at += match->lengths[next++];
        pattern += strcspn(pattern, "}") + 1;
    }
    return *at == '\0' && next == match->variable_count;
}

/* A path that is a route's own text is that route's. */
static void check_match(const struct target *target, const struct route_match *match)
{
    MUST_HOLD(is_spelt(match->route->path, target, match));
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        if (strcmp(ROUTES[i].path, target->path) == 0 && strchr(target->path, '{') == NULL)
            MUST_HOLD(strcmp(match->route->path, target->path) == 0);
}

/* Every byte in its percent-encoded form. */
static const char *encode(struct arena *arena, const char *text)
{
    char *encoded = arena_alloc(arena, 3 * strlen(text) + 1);
    MUST_HOLD(encoded != NULL);
    for (size_t i = 0; text[i] != '\0'; i++)
        snprintf(encoded + 3 * i, 4, "%%%02x", (unsigned char)text[i]);
    return encoded;
}

static void check_variables(const struct request *request, const struct route_match *match)
{
    struct problem why = {0};
    struct request again = *request;
    struct route_match encoded = *match;
    for (size_t i = 0; i < match->variable_count; i++) {
        const char *variable = request->variables[i];
        MUST_HOLD(variable[0] != '\0' && is_utf8(variable, strlen(variable)));
        encoded.variables[i] = encode(request->arena, variable);
        encoded.lengths[i] = strlen(encoded.variables[i]);
    }
    MUST_HOLD(target_variables(&again, &encoded, &why));
    for (size_t i = 0; i < match->variable_count; i++)
        MUST_HOLD(strcmp(again.variables[i], request->variables[i]) == 0);
}

static bool is_named(const struct route *route, const char *name)
{
    const char *const *known = route->parameters;
    while (known != NULL && *known != NULL && strcmp(*known, name) != 0)
        known++;
    return known != NULL && *known != NULL;
}

static void check_parameters(const struct request *request)
{
    struct problem why = {0};
    struct request again = {.arena = request->arena, .route = request->route};
    const char *query = "";
    MUST_HOLD(request->parameter_count <= REQUEST_PARAMETERS);
    for (size_t i = 0; i < request->parameter_count; i++) {
        const struct query_parameter *given = &request->parameters[i];
        MUST_HOLD(is_named(request->route, given->name));
        MUST_HOLD(is_utf8(given->value, strlen(given->value)));
        MUST_HOLD(request_parameter(request, given->name) == given->value);
        query = arena_print(request->arena, "%s&%s=%s", query, given->name,
                            encode(request->arena, given->value));
        MUST_HOLD(query != NULL);
    }
    MUST_HOLD(target_parameters(&again, query, &why));
    MUST_HOLD(again.parameter_count == request->parameter_count);
    for (size_t i = 0; i < again.parameter_count; i++)
        MUST_HOLD(strcmp(again.parameters[i].value, request->parameters[i].value) == 0);
}

static bool read_target(struct request *request, char *raw, struct problem *why)
{
    struct target target;
    struct route_match match;
    if (!target_split(raw, &target, why))
        return false;
    MUST_HOLD(strlen(target.path) == target.path_length && strchr(target.path, '?') == NULL);
    bool is_found = route_find(ROUTES, ROUTE_COUNT, request->method, target.path,
                               target.path_length, &match, why);
    MUST_HOLD(is_found || why->code == PROBLEM_NOT_FOUND || match.allow[0] != '\0');
    if (!is_found)
        return false;
    check_match(&target, &match);
    request->route = match.route;
    if (!target_variables(request, &match, why))
        return false;
    check_variables(request, &match);
    return target_parameters(request, target.query, why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problem why = {0};
    struct request request = {.arena = arena_create(MEMORY)};
    char *text = text_of(data, size);
    char *raw = strchr(text, ' ');
    request.method = text;
    if (raw != NULL) {
        *raw++ = '\0';
        if (read_target(&request, raw, &why))
            check_parameters(&request);
        else
            promise_refusal(&why);
    }
    free(text);
    arena_destroy(request.arena);
    return 0;
}
