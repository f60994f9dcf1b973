/* What a caller can take and would like to be given: lists of names with weights, as in Accept
 * and Accept-Encoding (RFC 9110, 12.5). */
#ifndef CLMD_HTTP_ACCEPT_H
#define CLMD_HTTP_ACCEPT_H

#include <stdbool.h>

/* The weight, from 0 to 1000, that a list gives to a name ("text/csv", "gzip"): that of the
 * entry that names it most closely ("text/csv", then a range of text, then one of anything),
 * the greatest of equals. 0: it is excluded, or not named. */
unsigned accept_quality(const char *list, const char *name);

/* The media type with the greatest weight, the first of equals; NULL if all are excluded. A
 * list that is NULL, or without a single range, allows all. `types` ends with NULL. */
const char *accept_choose(const char *list, const char *const *types);

/* Whether it allows this media type. */
bool accept_allows(const char *list, const char *media_type);

#endif
