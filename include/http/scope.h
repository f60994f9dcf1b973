/* What keys may allow. */
#ifndef CLMD_HTTP_SCOPE_H
#define CLMD_HTTP_SCOPE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

enum scope {
    SCOPE_NONE = 0, /* open to everyone */
    SCOPE_EVENTS_WRITE = 1 << 0,
    SCOPE_EVENTS_READ = 1 << 1,
    SCOPE_CUSTOMERS_READ = 1 << 2,
    SCOPE_CUSTOMERS_WRITE = 1 << 3,
    SCOPE_METRICS_READ = 1 << 4,
    SCOPE_CONFIG_WRITE = 1 << 5,
    SCOPE_PRIVACY = 1 << 6,
    SCOPE_ADMIN = 1 << 7, /* all of them */

    /* Those that only read, which a token may have. */
    SCOPES_READ = SCOPE_EVENTS_READ | SCOPE_CUSTOMERS_READ | SCOPE_METRICS_READ
};

/* A scope's name ("events:write") and back; SCOPE_NONE for an unknown name. */
const char *scope_name(enum scope scope);
enum scope scope_of_name(const char *name);

/* "events:write customers:read", as an or of enum scope; unknown names count for nothing. */
unsigned scopes_of_text(const char *text);

/* The other way round, with `between` between the names; cut where it does not fit. */
enum { SCOPES_TEXT_SIZE = 160 };
void scopes_print(unsigned scopes, const char *between, char text[SCOPES_TEXT_SIZE]);

/* Whether who has some scopes has one of those that are needed. */
bool scopes_allow(unsigned scopes, unsigned needed);

#endif
