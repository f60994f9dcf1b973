#include "http/accept.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { QUALITY_MOST = 1000 };
enum closeness { NO_MATCH, ANY, ANY_SUBTYPE, EXACT };

static bool is_any(const char *entry, size_t length)
{
    return (length == 1 && *entry == '*') || (length == 3 && memcmp(entry, "*/*", 3) == 0);
}

static enum closeness match(const char *entry, size_t length, const char *name)
{
    size_t type = strcspn(name, "/") + 1;
    if (is_any(entry, length))
        return ANY;
    if (length == type + 1 && memcmp(entry + type - 1, "/*", 2) == 0 &&
        strncasecmp(entry, name, type) == 0)
        return ANY_SUBTYPE;
    return length == strlen(name) && strncasecmp(entry, name, length) == 0 ? EXACT : NO_MATCH;
}

/* "0.5" → 500; what is no number weighs nothing. */
static unsigned read_quality(const char *text)
{
    unsigned quality = 0;
    if (*text == '1')
        return QUALITY_MOST;
    if (text[0] != '0' || text[1] != '.')
        return 0;
    text += 2;
    for (unsigned place = 100; place > 0 && *text >= '0' && *text <= '9'; place /= 10)
        quality += place * (unsigned)(*text++ - '0');
    return quality;
}

/* The weight among the parameters of an entry, the text up to the next comma. */
static unsigned find_quality(const char *parameters)
{
    while (*parameters && *parameters != ',') {
        parameters += strspn(parameters, "; \t");
        if (strncasecmp(parameters, "q=", 2) == 0)
            return read_quality(parameters + 2);
        parameters += strcspn(parameters, ";,");
    }
    return QUALITY_MOST;
}

unsigned accept_quality(const char *list, const char *name)
{
    enum closeness closest = NO_MATCH;
    unsigned quality = 0;
    while (*list) {
        list += strspn(list, ", \t");
        size_t length = strcspn(list, ",; \t");
        enum closeness closeness = match(list, length, name);
        unsigned weight = find_quality(list + length);
        if (closeness > closest || (closeness == closest && weight > quality))
            quality = closeness > NO_MATCH ? weight : 0;
        closest = closeness > closest ? closeness : closest;
        list += strcspn(list, ",");
    }
    return quality;
}

const char *accept_choose(const char *list, const char *const *types)
{
    const char *chosen = NULL;
    unsigned most = 0;
    if (!list || !strchr(list, '/'))
        return types[0];
    for (; *types; types++) {
        unsigned quality = accept_quality(list, *types);
        if (quality > most) {
            most = quality;
            chosen = *types;
        }
    }
    return chosen;
}

bool accept_allows(const char *list, const char *media_type)
{
    return accept_choose(list, (const char *const[]){media_type, NULL}) != NULL;
}
