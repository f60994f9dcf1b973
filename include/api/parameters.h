/* Query parameters, checked by tables: what each may be, and what is told where it is not. */
#ifndef CLMD_API_PARAMETERS_H
#define CLMD_API_PARAMETERS_H

#include "base/problem.h"
#include "http/request.h"

#include <stdbool.h>
#include <stddef.h>

struct parameter {
    const char *pointer; /* "?" and the name */
    bool (*is_valid)(const char *text);
    const char *expected;
    bool is_required;
};

/* The values of the parameters in the order of their table, NULL for those not given. False
 * with a fault for each that is not valid, or required and missing. */
bool parameters_read(const struct request *request, const struct parameter *table, size_t count,
                     const char **values, struct problem *why) MUST_CHECK;

/* What a parameter may be. */
bool is_currency(const char *text); /* a code of ISO 4217 */
bool is_moment(const char *text);   /* a date, or a time by RFC 3339 */
bool is_name(const char *text);     /* what an event can have as source or subject */
bool is_made_of(const char *text, const char *characters, size_t limit);

/* Whether a window of two moments, either of which may be NULL, can have a length. Where one is
 * a date and the other a time, only the database knows. */
bool is_window(const char *from, const char *to);

#endif
