#include "http/scope.h"

#include <stdio.h>
#include <string.h>

static const struct {
    enum scope scope;
    const char *name;
} SCOPE_NAMES[] = {
    {SCOPE_EVENTS_WRITE, "events:write"},
    {SCOPE_EVENTS_READ, "events:read"},
    {SCOPE_CUSTOMERS_READ, "customers:read"},
    {SCOPE_CUSTOMERS_WRITE, "customers:write"},
    {SCOPE_METRICS_READ, "metrics:read"},
    {SCOPE_CONFIG_WRITE, "config:write"},
    {SCOPE_PRIVACY, "privacy"},
    {SCOPE_ADMIN, "admin"},
};

const char *scope_name(enum scope scope)
{
    for (size_t i = 0; i < COUNT_OF(SCOPE_NAMES); i++)
        if (SCOPE_NAMES[i].scope == scope)
            return SCOPE_NAMES[i].name;
    return "none";
}

static enum scope scope_of(const char *name, size_t length)
{
    for (size_t i = 0; i < COUNT_OF(SCOPE_NAMES); i++)
        if (strlen(SCOPE_NAMES[i].name) == length &&
            memcmp(SCOPE_NAMES[i].name, name, length) == 0)
            return SCOPE_NAMES[i].scope;
    return SCOPE_NONE;
}

enum scope scope_of_name(const char *name)
{
    return scope_of(name, strlen(name));
}

unsigned scopes_of_text(const char *text)
{
    unsigned scopes = 0;
    while (*text) {
        size_t length = strcspn(text, " ");
        scopes |= scope_of(text, length);
        text += length;
        text += strspn(text, " ");
    }
    return scopes;
}

void scopes_print(unsigned scopes, const char *between, char text[SCOPES_TEXT_SIZE])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(SCOPE_NAMES) && used < SCOPES_TEXT_SIZE; i++)
        if (scopes & SCOPE_NAMES[i].scope)
            used += (size_t)snprintf(text + used, SCOPES_TEXT_SIZE - used, "%s%s",
                                     used > 0 ? between : "", SCOPE_NAMES[i].name);
}

bool scopes_allow(unsigned scopes, unsigned needed)
{
    return (scopes & (needed | SCOPE_ADMIN)) != 0;
}
