/* What a caller can take (RFC 9110, 12.5.1). */
#ifndef CLMD_HTTP_ACCEPT_H
#define CLMD_HTTP_ACCEPT_H

#include <stdbool.h>

/* Whether the value of an Accept field allows a media type (in lower case): the range that
 * names it most closely decides, and q=0 excludes. NULL allows all. What is not a range is
 * passed over. */
bool accept_allows(const char *accept, const char *media_type);

#endif
