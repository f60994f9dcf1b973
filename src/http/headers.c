#include "http/headers.h"

#include "http/accept.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* `once`: a second one could mean something else to whoever stands before us. */
static const struct {
    const char *name;
    bool once;
} HEADER_ROWS[HEADERS] = {
    [HEADER_ACCEPT] = {"Accept", false},
    [HEADER_ACCEPT_ENCODING] = {"Accept-Encoding", false},
    [HEADER_AUTHORIZATION] = {"Authorization", true},
    [HEADER_CONTENT_ENCODING] = {"Content-Encoding", true},
    [HEADER_CONTENT_LENGTH] = {"Content-Length", true},
    [HEADER_CONTENT_TYPE] = {"Content-Type", true},
    [HEADER_HOST] = {"Host", true},
    [HEADER_IDEMPOTENCY_KEY] = {"Idempotency-Key", true},
    [HEADER_IF_MATCH] = {"If-Match", true},
    [HEADER_IF_NONE_MATCH] = {"If-None-Match", true},
    [HEADER_ORIGIN] = {"Origin", true},
    [HEADER_REQUEST_METHOD] = {"Access-Control-Request-Method", true},
    [HEADER_POSITION] = {"X-Clmd-Position", true},
    [HEADER_REQUEST_ID] = {"X-Request-Id", false},
    [HEADER_TRACEPARENT] = {"traceparent", false},
    [HEADER_TRANSFER_ENCODING] = {"Transfer-Encoding", true},
};

void headers_add(struct headers *headers, const char *name, const char *value)
{
    headers->count++;
    for (size_t i = 0; i < HEADERS; i++) {
        if (strcasecmp(HEADER_ROWS[i].name, name) != 0)
            continue;
        headers->is_repeated[i] = headers->values[i] != NULL;
        headers->values[i] = value ? value : "";
    }
}

static bool is_given(const struct headers *headers, enum header header)
{
    return headers->values[header] != NULL;
}

static bool check_single(const struct headers *headers, struct problem *why)
{
    for (size_t i = 0; i < HEADERS; i++)
        if (headers->is_repeated[i] && HEADER_ROWS[i].once)
            return fail(why, PROBLEM_MALFORMED, "the field %s may come only once",
                        HEADER_ROWS[i].name);
    return true;
}

bool headers_check(const struct headers *headers, const char *version, struct problem *why)
{
    const char *encoding = headers->values[HEADER_TRANSFER_ENCODING];
    bool is_old = strcmp(version, "HTTP/1.0") == 0;
    if (headers->size > HEADER_LIMIT)
        return fail(why, PROBLEM_HEADERS_TOO_LARGE, "the header takes more than %d bytes",
                    HEADER_LIMIT);
    if (headers->count > FIELDS_LIMIT)
        return fail(why, PROBLEM_HEADERS_TOO_LARGE, "the header has more than %d fields",
                    FIELDS_LIMIT);
    if (!check_single(headers, why))
        return false;
    if (encoding && is_given(headers, HEADER_CONTENT_LENGTH))
        return fail(why, PROBLEM_MALFORMED,
                    "Content-Length and Transfer-Encoding exclude each other");
    if (encoding && (is_old || strcasecmp(encoding, "chunked") != 0))
        return fail(why, PROBLEM_MALFORMED,
                    "the only Transfer-Encoding is chunked, in HTTP/1.1");
    if (!is_old && !is_given(headers, HEADER_HOST))
        return fail(why, PROBLEM_MALFORMED, "the field Host is missing");
    return true;
}

/* A list that comes in several fields is not looked at, which RFC 9110 allows. */
static const char *read_list(const struct headers *headers, enum header header)
{
    return headers->is_repeated[header] ? NULL : headers->values[header];
}

bool headers_check_accept(const struct headers *headers, struct request *request,
                          struct problem *why)
{
    static const char *const JSON[] = {"application/json", NULL};
    const struct route *route = request->route;
    const char *const *types = route->answer_types ? route->answer_types : JSON;
    const char *encodings = read_list(headers, HEADER_ACCEPT_ENCODING);
    request->accepts_gzip = encodings && accept_quality(encodings, "gzip") > 0;
    request->answer_type = accept_choose(read_list(headers, HEADER_ACCEPT), types);
    return request->answer_type ||
           fail(why, PROBLEM_NOT_ACCEPTABLE, "the answer would be %s, which Accept excludes",
                types[0]);
}

bool headers_announce_body(const struct headers *headers, uint64_t *length)
{
    const char *text = headers->values[HEADER_CONTENT_LENGTH];
    *length = text ? strtoull(text, NULL, 10) : 0;
    return *length > 0 || is_given(headers, HEADER_TRANSFER_ENCODING);
}

/* "Application/JSON ; charset=utf-8" → "application/json". NULL: out of memory. */
static const char *bare_media_type(struct arena *arena, const char *field)
{
    size_t length = strcspn(field, "; \t");
    char *type = arena_copy(arena, field, length);
    for (char *at = type; at && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return type;
}

/* The value of "; charset=…", with its quotes if it has some; NULL if there is none. */
static const char *find_charset(const char *field, size_t *length)
{
    static const char NAME[] = "charset=";
    while ((field = strchr(field, ';'))) {
        field++;
        field += strspn(field, " \t");
        if (strncasecmp(field, NAME, sizeof NAME - 1) == 0) {
            field += sizeof NAME - 1;
            *length = strcspn(field, "; \t");
            return field;
        }
    }
    return NULL;
}

static bool is_utf8_charset(const char *field)
{
    static const char *const NAMES[] = {"utf-8", "\"utf-8\"", "utf8"};
    size_t length = 0;
    const char *charset = find_charset(field, &length);
    for (size_t i = 0; charset && i < COUNT_OF(NAMES); i++)
        if (strlen(NAMES[i]) == length && strncasecmp(NAMES[i], charset, length) == 0)
            return true;
    return !charset;
}

/* Of the characters that a media type, in lower case, can have (RFC 9110, 8.3.1). */
static bool is_media_type(const char *text)
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~/";
    return text[strspn(text, ALLOWED)] == '\0';
}

/* "*+json" fits every type that ends so. */
static bool is_fitting(const char *pattern, const char *media_type)
{
    size_t length = strlen(media_type), end = strlen(pattern) - 1;
    if (*pattern != '*')
        return strcmp(pattern, media_type) == 0;
    return length > end && strcmp(media_type + length - end, pattern + 1) == 0 &&
           is_media_type(media_type);
}

static bool is_taken(const struct route *route, const char *media_type)
{
    for (const char *const *taken = route->media_types; *taken; taken++)
        if (is_fitting(*taken, media_type))
            return true;
    return false;
}

/* What the route takes, as a list in the detail of the problem. */
static bool refuse_type(const struct route *route, struct problem *why)
{
    char list[sizeof why->detail] = "";
    for (const char *const *taken = route->media_types; *taken; taken++) {
        size_t length = strlen(list);
        snprintf(list + length, sizeof list - length, "%s%s", length > 0 ? ", " : "", *taken);
    }
    return fail(why, PROBLEM_UNSUPPORTED_MEDIA, "send the field Content-Type: %s", list);
}

bool headers_tell_gzip(const struct headers *headers)
{
    const char *encoding = headers->values[HEADER_CONTENT_ENCODING];
    return encoding &&
           (strcasecmp(encoding, "gzip") == 0 || strcasecmp(encoding, "x-gzip") == 0);
}

/* gzip, and none, by its name or by none. */
static bool is_readable(const struct headers *headers)
{
    const char *encoding = headers->values[HEADER_CONTENT_ENCODING];
    return !encoding || strcasecmp(encoding, "identity") == 0 || headers_tell_gzip(headers);
}

/* No body is announced. A type without a length announces one, for somebody meant to send it.
 */
static bool is_left_out(const struct headers *headers)
{
    uint64_t unused;
    return !headers_announce_body(headers, &unused) &&
           (is_given(headers, HEADER_CONTENT_LENGTH) ||
            !is_given(headers, HEADER_CONTENT_TYPE));
}

bool headers_check_body(const struct headers *headers, struct request *request,
                        struct problem *why)
{
    const char *type = headers->values[HEADER_CONTENT_TYPE];
    const struct route *route = request->route;
    if (!route->media_types)
        return true;
    request->media_type = bare_media_type(request->arena, type ? type : "");
    if (!request->media_type)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (route->is_body_optional && is_left_out(headers))
        return true;
    if (!is_taken(route, request->media_type))
        return refuse_type(route, why);
    if (!is_utf8_charset(type ? type : ""))
        return fail(why, PROBLEM_UNSUPPORTED_MEDIA, "the only charset is utf-8");
    if (!is_readable(headers))
        return fail(why, PROBLEM_UNSUPPORTED_MEDIA, "the only Content-Encoding is gzip");
    if (!is_given(headers, HEADER_CONTENT_LENGTH) &&
        !is_given(headers, HEADER_TRANSFER_ENCODING))
        return fail(why, PROBLEM_LENGTH_REQUIRED,
                    "a body is expected here: send Content-Length, or Transfer-Encoding: "
                    "chunked");
    return true;
}

/* Several are none (W3C Trace Context, 3.2). */
struct trace headers_trace(const struct headers *headers)
{
    struct trace trace;
    (void)trace_read(read_list(headers, HEADER_TRACEPARENT), &trace);
    return trace;
}

const char *headers_request_id(const struct headers *headers)
{
    static const char ALLOWED[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const char *id = headers->values[HEADER_REQUEST_ID];
    size_t length = id ? strlen(id) : 0;
    bool is_good = length > 0 && length < REQUEST_ID_SIZE && strspn(id, ALLOWED) == length;
    return is_good ? id : NULL;
}
