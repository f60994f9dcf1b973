#include "http/proxies.h"

#include <string.h>
#include <strings.h>

static const char SPACE[] = " \t";

bool proxies_read(const char *list, struct proxies *proxies, struct problem *why)
{
    static const char SEPARATORS[] = ", \t";
    proxies->count = 0;
    for (list += strspn(list, SEPARATORS); *list; list += strspn(list, SEPARATORS)) {
        size_t length = strcspn(list, SEPARATORS);
        if (proxies->count == PROXIES_LIMIT)
            return fail(why, PROBLEM_UNPROCESSABLE, "CLMD_TRUSTED_PROXIES may have %d networks",
                        PROXIES_LIMIT);
        if (!network_parse(list, length, &proxies->networks[proxies->count]))
            return fail(why, PROBLEM_UNPROCESSABLE,
                        "CLMD_TRUSTED_PROXIES: \"%.*s\" is no network, as 192.0.2.0/24 or "
                        "2001:db8::/32, and no address",
                        (int)length, list);
        proxies->count++;
        list += length;
    }
    return true;
}

bool proxies_trust(const struct proxies *proxies, const struct address *address)
{
    for (size_t i = 0; i < proxies->count; i++)
        if (network_has(&proxies->networks[i], address))
            return true;
    return false;
}

const char *proxies_field(const struct proxies *proxies)
{
    return proxies->field == PROXY_FIELD_FORWARDED ? "Forwarded" : "X-Forwarded-For";
}

struct text {
    const char *start;
    size_t length;
};

static struct text trim(const char *start, const char *end)
{
    while (start < end && strchr(SPACE, *start))
        start++;
    while (start < end && strchr(SPACE, end[-1]))
        end--;
    return (struct text){start, (size_t)(end - start)};
}

/* Where the part ends that begins here: at the separator, outside of quoted strings. NULL where
 * a quoted string does not end. */
static const char *part_end(const char *at, const char *end, char separator)
{
    bool is_quoted = false;
    for (; at < end && (is_quoted || *at != separator); at++) {
        if (*at == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && *at == '\\' && at + 1 < end)
            at++;
    }
    return is_quoted ? NULL : at;
}

/* ":4711", or a port's stand-in of RFC 7239; or nothing. */
static bool is_port(const char *text, const char *end)
{
    static const char ALLOWED[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = (size_t)(end - text);
    if (length == 0)
        return true;
    bool is_good = *text == ':' && length > 1;
    for (size_t i = 1; is_good && i < length; i++)
        is_good = text[i] != '\0' && strchr(ALLOWED, text[i]);
    return is_good;
}

/* An address as it stands in such a field: "192.0.2.1", "2001:db8::1", "[2001:db8::1]", with a
 * port or without. */
static bool read_node(struct text node, struct address *address)
{
    const char *start = node.start, *end = start + node.length;
    const char *colon = memchr(start, ':', node.length);
    const char *bracket = memchr(start, ']', node.length);
    if (node.length > 0 && *start == '[')
        return bracket && colon && colon < bracket && is_port(bracket + 1, end) &&
               address_parse(start + 1, (size_t)(bracket - start) - 1, address);
    bool has_port = colon && !memchr(colon + 1, ':', (size_t)(end - colon) - 1);
    const char *address_end = has_port ? colon : end;
    return is_port(address_end, end) &&
           address_parse(start, (size_t)(address_end - start), address);
}

/* Takes the quotes and backslashes of a quoted string away. */
static struct text unquote(struct text value, char *into, size_t size)
{
    size_t length = 0;
    if (value.length < 2 || *value.start != '"')
        return value;
    for (size_t i = 1; i + 1 < value.length && length < size; i++) {
        i += value.start[i] == '\\' && i + 2 < value.length;
        into[length++] = value.start[i];
    }
    return (struct text){into, length};
}

/* An element of Forwarded: "for=…" among pairs that are separated by semicolons. */
static bool read_pairs(struct text element, struct address *address)
{
    static const char NAME[] = "for=";
    const char *end = element.start + element.length, *next;
    char unquoted[64];
    for (const char *at = element.start; at < end; at = next + 1) {
        next = part_end(at, end, ';');
        struct text pair = trim(at, next);
        if (pair.length < sizeof NAME - 1 ||
            strncasecmp(pair.start, NAME, sizeof NAME - 1) != 0)
            continue;
        pair.start += sizeof NAME - 1;
        pair.length -= sizeof NAME - 1;
        return read_node(unquote(pair, unquoted, sizeof unquoted), address);
    }
    return false;
}

/* From the far end to the near one, so that whatever is nearer overrules it: a client of its
 * own, or what cannot be read, behind which nothing is known. */
void proxies_follow(const struct proxies *proxies, const char *value, struct address *client)
{
    bool is_forwarded = proxies->field == PROXY_FIELD_FORWARDED, is_known = false;
    const char *end = value + strlen(value), *next;
    struct address found, here;
    for (const char *at = value; at < end; at = next < end ? next + 1 : end) {
        next = is_forwarded ? part_end(at, end, ',') : at + strcspn(at, ",");
        if (!next)
            return;
        struct text element = trim(at, next);
        if (element.length == 0)
            continue;
        bool is_read = is_forwarded ? read_pairs(element, &here) : read_node(element, &here);
        if (is_read && (!is_known || !proxies_trust(proxies, &here)))
            found = here;
        is_known = is_read;
    }
    if (is_known)
        *client = found;
}
