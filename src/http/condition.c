#include "http/condition.h"
#include "http/position.h"

#include "base/digest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { TAG_DIGEST = (TAG_SIZE - 3) / 2, IDEMPOTENCY_KEY_LIMIT = 255 /* bytes */ };

void tag_of(const char *body, size_t length, char tag[TAG_SIZE])
{
    unsigned char digest[SHA256_SIZE];
    char digits[2 * TAG_DIGEST + 1];
    sha256(body, length, digest);
    hex_encode(digest, TAG_DIGEST, digits);
    snprintf(tag, TAG_SIZE, "\"%s\"", digits);
}

/* "W/" is no part of what is compared. */
static const char *strong_part(const char *tag)
{
    return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

/* What a list of tags begins with, past a W/ if it is weak; `end` is behind it. NULL: no tag.
 */
static const char *next_tag(const char *list, const char **end)
{
    list = strong_part(list);
    const char *quote = *list == '"' ? strchr(list + 1, '"') : NULL;
    *end = quote ? quote + 1 : NULL;
    return quote ? list : NULL;
}

/* Past the commas between two tags, and the space around them: nothing between two commas is
 * nothing in the list (RFC 9110, 5.6.1). */
static const char *next_item(const char *list)
{
    return list + strspn(list, ", \t");
}

bool tag_is_listed(const char *list, const char *tag)
{
    const char *listed, *end;
    if (strcmp(list, "*") == 0)
        return true;
    for (list = next_item(list); (listed = next_tag(list, &end)); list = next_item(end))
        if ((size_t)(end - listed) == strlen(tag) && memcmp(listed, tag, strlen(tag)) == 0)
            return true;
    return false;
}

static bool is_tag_list(const char *list)
{
    const char *end = list;
    if (strcmp(list, "*") == 0)
        return true;
    list = next_item(list);
    do {
        if (!next_tag(list, &end))
            return false;
        list = next_item(end);
    } while (*list);
    return true;
}

static bool read_tags(const char *name, const char *value, struct arena *arena,
                      const char **tags, struct problem *why)
{
    if (!value)
        return true;
    if (!is_tag_list(value))
        return fail(why, PROBLEM_MALFORMED, "%s takes ETags as they were given, in quotes",
                    name);
    *tags = arena_copy(arena, value, strlen(value));
    return *tags || fail(why, PROBLEM_INTERNAL, "out of memory");
}

/* Takes the quotes off, and the backslashes within; false if the quotes are not a pair. */
static bool unquote(char *text)
{
    char *out = text;
    const char *at = text;
    if (*at != '"')
        return !strchr(text, '"');
    for (at++; *at && *at != '"'; *out++ = *at++)
        at += *at == '\\' && at[1];
    bool is_closed = strcmp(at, "\"") == 0;
    *out = '\0';
    return is_closed;
}

static bool read_idempotency_key(const char *value, struct request *request,
                                 struct problem *why)
{
    if (!value)
        return true;
    char *key = arena_copy(request->arena, value, strlen(value));
    if (!key)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (!unquote(key) || !*key || strlen(key) > IDEMPOTENCY_KEY_LIMIT)
        return fail(why, PROBLEM_MALFORMED,
                    "Idempotency-Key takes 1 to %d characters, quoted or bare",
                    IDEMPOTENCY_KEY_LIMIT);
    for (const char *at = key; *at; at++)
        if (*at < ' ' || *at > '~')
            return fail(why, PROBLEM_MALFORMED, "Idempotency-Key takes printable ASCII only");
    request->idempotency_key = key;
    return true;
}

static bool read_position(const char *value, struct request *request, struct problem *why)
{
    return !value || position_read(value, &request->position) ||
           fail(why, PROBLEM_MALFORMED, "X-Clmd-Position takes what an answer had in it");
}

bool condition_read(const struct headers *headers, struct request *request, struct problem *why)
{
    const struct route *route = request->route;
    const char *const *values = headers->values;
    if (!read_position(values[HEADER_POSITION], request, why))
        return false;
    if (!read_tags("If-Match", values[HEADER_IF_MATCH], request->arena, &request->if_match,
                   why) ||
        !read_tags("If-None-Match", values[HEADER_IF_NONE_MATCH], request->arena,
                   &request->if_none_match, why))
        return false;
    if (route->requires_match && !request->if_match && !request->if_none_match)
        return fail(why, PROBLEM_PRECONDITION_REQUIRED,
                    "send If-Match with the ETag of the state that you change");
    return !route->keeps_answer ||
           read_idempotency_key(values[HEADER_IDEMPOTENCY_KEY], request, why);
}

static const char *given_tag(const struct answer *answer)
{
    for (size_t i = 0; i < answer->field_count; i++)
        if (strcasecmp(answer->fields[i].name, "ETag") == 0)
            return answer->fields[i].value;
    return NULL;
}

static bool is_read(const struct request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

bool condition_apply(struct request *request, struct problem *why)
{
    struct answer *answer = &request->answer;
    const char *tag = given_tag(answer);
    if (!tag) {
        char *made = arena_alloc_raw(request->arena, TAG_SIZE);
        if (!made || !respond_field(request, "ETag", made))
            return fail(why, PROBLEM_INTERNAL, "out of memory");
        tag_of(answer->body, answer->length, made);
        tag = made;
    }
    /* the body is not sent with a 304, but its length is told */
    if (is_read(request) && answer->status == 200 && request->if_none_match &&
        tag_is_listed(request->if_none_match, strong_part(tag)))
        return respond_text(request, 304, NULL, answer->body, answer->length);
    return true;
}
