#include "http/target.h"

#include "base/digest.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum encoding { ENCODING_PATH, ENCODING_QUERY /* "+" is a space */ };

/* "http://host/path", as a proxy sends it, → "/path". */
static char *skip_origin(char *raw)
{
    static const char *const SCHEMES[] = {"http://", "https://"};
    for (size_t i = 0; i < COUNT_OF(SCHEMES); i++) {
        size_t length = strlen(SCHEMES[i]);
        if (strncasecmp(raw, SCHEMES[i], length) == 0)
            return raw + length + strcspn(raw + length, "/?");
    }
    return raw;
}

bool target_split(char *raw, struct target *target, struct problem *why)
{
    for (const char *at = raw; *at; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f || *at == '#')
            return fail(why, PROBLEM_MALFORMED,
                        "the target has a character that must be percent-encoded");
    char *path = skip_origin(raw);
    char *question = strchr(path, '?');
    if (question)
        *question = '\0';
    *target = (struct target){path, strlen(path), question ? question + 1 : ""};
    return true;
}

static bool decode_escape(const char *text, size_t length, char *byte, struct problem *why)
{
    unsigned char value;
    if (length < 3 || !hex_decode(text + 1, 1, &value))
        return fail(why, PROBLEM_MALFORMED, "a percent sign needs two hexadecimal digits");
    if (value == 0)
        return fail(why, PROBLEM_MALFORMED, "%%00 is not accepted");
    *byte = (char)value;
    return true;
}

static bool decode(struct arena *arena, const char *text, size_t length, enum encoding encoding,
                   const char **decoded, struct problem *why)
{
    char *out = arena_alloc_raw(arena, length + 1);
    size_t used = 0;
    if (!out)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    for (size_t at = 0; at < length; at++) {
        char byte = text[at];
        if (byte == '+' && encoding == ENCODING_QUERY)
            byte = ' ';
        if (byte == '%') {
            if (!decode_escape(text + at, length - at, &byte, why))
                return false;
            at += 2;
        }
        out[used++] = byte;
    }
    out[used] = '\0';
    if (!is_utf8(out, used))
        return fail(why, PROBLEM_MALFORMED, "the target is not UTF-8");
    *decoded = out;
    return true;
}

bool target_variables(struct request *request, const struct route_match *match,
                      struct problem *why)
{
    for (size_t i = 0; i < match->variable_count; i++)
        if (!decode(request->arena, match->variables[i], match->lengths[i], ENCODING_PATH,
                    &request->variables[i], why))
            return false;
    return true;
}

static bool is_known(const struct route *route, const char *name)
{
    for (const char *const *known = route->parameters; known && *known; known++)
        if (strcmp(*known, name) == 0)
            return true;
    return false;
}

static bool parameter_fault(const char *name, const char *detail, struct problem *why)
{
    char pointer[sizeof why->faults->pointer];
    snprintf(pointer, sizeof pointer, "?%s", name);
    return fault_add(why, pointer, "%s", detail);
}

/* Faults of single parameters are gathered; false is for what makes going on useless. */
static bool add_parameter(struct request *request, const char *text, size_t length,
                          struct problem *why)
{
    struct query_parameter parameter;
    const char *equals = memchr(text, '=', length);
    size_t name_length = equals ? (size_t)(equals - text) : length;
    size_t value_at = equals ? name_length + 1 : length;
    if (request->parameter_count == REQUEST_PARAMETERS)
        return fail(why, PROBLEM_UNPROCESSABLE, "there are more than %d parameters",
                    REQUEST_PARAMETERS);
    if (!decode(request->arena, text, name_length, ENCODING_QUERY, &parameter.name, why) ||
        !decode(request->arena, text + value_at, length - value_at, ENCODING_QUERY,
                &parameter.value, why))
        return false;
    if (!is_known(request->route, parameter.name))
        (void)parameter_fault(parameter.name, "this parameter is not known here", why);
    else if (request_parameter(request, parameter.name))
        (void)parameter_fault(parameter.name, "this parameter may come only once", why);
    else
        request->parameters[request->parameter_count++] = parameter;
    return true;
}

bool target_parameters(struct request *request, const char *query, struct problem *why)
{
    while (*query) {
        size_t length = strcspn(query, "&");
        if (length > 0 && !add_parameter(request, query, length, why))
            return false;
        query += length;
        query += *query == '&';
    }
    return why->code == PROBLEM_NONE;
}
