#include "http/accept.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum closeness { NO_MATCH, ANY_TYPE, ANY_SUBTYPE, EXACT };

static enum closeness match(const char *range, size_t length, const char *media_type)
{
    size_t type_length = strcspn(media_type, "/") + 1;
    if (length == strlen("*/*") && memcmp(range, "*/*", length) == 0)
        return ANY_TYPE;
    if (length == type_length + 1 && range[type_length] == '*' &&
        strncasecmp(range, media_type, type_length) == 0)
        return ANY_SUBTYPE;
    if (length == strlen(media_type) && strncasecmp(range, media_type, length) == 0)
        return EXACT;
    return NO_MATCH;
}

/* Whether there is a weight of 0 among the parameters, the text from the first ";" on. */
static bool is_excluded(const char *parameters, const char *end)
{
    while (parameters < end) {
        parameters++;
        parameters += strspn(parameters, " \t");
        size_t length = strcspn(parameters, ";,");
        if (length > 2 && strncasecmp(parameters, "q=", 2) == 0)
            return strspn(parameters + 2, "0. \t") == length - 2;
        parameters += length;
    }
    return false;
}

bool accept_allows(const char *accept, const char *media_type)
{
    enum closeness closest = NO_MATCH;
    bool is_allowed = true;
    while (accept && *accept) {
        accept += strspn(accept, ", \t");
        const char *end = accept + strcspn(accept, ",");
        size_t length = strcspn(accept, "; \t,");
        enum closeness closeness = match(accept, length, media_type);
        bool is_excluding = is_excluded(accept + strcspn(accept, ";,"), end);
        if (closeness > closest)
            is_allowed = !is_excluding;
        else if (closeness == closest && memchr(accept, '/', length) != NULL)
            is_allowed = closeness != NO_MATCH && (is_allowed || !is_excluding);
        closest = closeness > closest ? closeness : closest;
        accept = end;
    }
    return is_allowed;
}
