#include "api/object.h"

#include "api/handlers.h"

#include <string.h>

static void release(void *object)
{
    json_decref(object);
}

static json_t *parse(struct request *request, struct problem *why)
{
    size_t used = 0;
    json_t *value = json_parse(request->body, request->body_length, &used, why);
    if (value == NULL)
        return NULL;
    used += strspn(request->body + used, " \t\r\n");
    if (used == request->body_length)
        return value;
    json_decref(value);
    fail(why, PROBLEM_MALFORMED, "more than one JSON value");
    return NULL;
}

static json_t *parse_object(struct request *request, struct problem *why)
{
    json_t *object = parse(request, why);
    if (object == NULL || json_is_object(object))
        return object;
    json_decref(object);
    fault_add(why, "", "must be an object");
    return NULL;
}

bool admit_object(struct request *request, struct problem *why)
{
    json_t *object = parse_object(request, why);
    json_decref(object);
    return object != NULL;
}

json_t *object_read(struct request *request, const struct json_field *fields, void *target,
                    struct problem *why)
{
    bool is_absent = request->body_length == 0 && request->route->is_body_optional;
    json_t *object = is_absent ? json_object() : parse_object(request, why);
    if (object == NULL && is_absent)
        fail(why, PROBLEM_INTERNAL, "out of memory");
    if (object == NULL)
        return NULL;
    if (!arena_defer(request->arena, release, object)) {
        fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    bool is_right = json_decode(object, fields, target, "", why);
    is_right = json_refuse_others(object, fields, "", why) && is_right;
    (void)is_right; /* both leave what they find in `why` */
    return object;
}
