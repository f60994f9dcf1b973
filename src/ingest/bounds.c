#include "ingest/bounds.h"

#include <string.h>

static bool is_same(const char *bound, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(bound, name, length) == 0;
}

/* "bill.*" fits bill.payment.failed, and not billing.started. */
static bool is_of_type(const char *bound, size_t length, const char *name)
{
    bool is_prefix = length > 2 && bound[length - 1] == '*';
    return is_prefix ? strncmp(bound, name, length - 1) == 0 : is_same(bound, length, name);
}

/* A line for each bound; none at all: any. */
static bool is_within(const char *bounds,
                      bool (*fits)(const char *bound, size_t length, const char *name),
                      const char *name)
{
    bool is_fit = !bounds || !name;
    while (!is_fit && *bounds) {
        size_t length = strcspn(bounds, "\n");
        is_fit = fits(bounds, length, name);
        bounds += length + (bounds[length] == '\n');
    }
    return is_fit;
}

bool bounds_allow_source(const char *sources, const char *source)
{
    return is_within(sources, is_same, source);
}

bool bounds_allow_type(const char *types, const char *type)
{
    return is_within(types, is_of_type, type);
}

bool bounds_check(const struct rights *rights, const struct event *event, struct problem *why)
{
    if (!rights || (!rights->sources && !rights->types))
        return true;
    const struct {
        bool is_allowed;
        const char *pointer, *detail;
    } checks[] = {
        {bounds_allow_source(rights->sources, event->source), "/source",
         "this key may not post for this source"},
        {bounds_allow_type(rights->types, event->type->name), "/type",
         "this key may not post this type"},
        {bounds_allow_source(rights->sources, event->values.target_source), "/data/source",
         "this key may not take back events of this source"},
    };
    bool is_allowed = true;
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        if (checks[i].is_allowed)
            continue;
        if (is_allowed)
            is_allowed = fail(why, PROBLEM_FORBIDDEN, "the key is bound to other events");
        fault_add(why, checks[i].pointer, "%s", checks[i].detail);
    }
    return is_allowed;
}
