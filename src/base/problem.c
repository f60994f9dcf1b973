#include "base/problem.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct problem_kind KINDS[] = {
    [PROBLEM_NONE] = {200, "none", "No problem", "Nothing went wrong."},
    [PROBLEM_MALFORMED] =
        {400, "malformed", "Malformed request",
         "The request could not be read: its body is not valid JSON or UTF-8, or its path, "
         "query or header fields break the rules of HTTP. The detail says where. Nothing was "
         "stored; the same bytes will be refused again."},
    [PROBLEM_UNAUTHENTICATED] =
        {401, "unauthenticated", "Authentication required",
         "The request carries no key or token, or one that is unknown, mistyped, expired or "
         "revoked; a token ends with its key. Send `Authorization: Bearer` with a key made by "
         "`clmd key create`, or with a token made by `POST /v1/tokens`."},
    [PROBLEM_FORBIDDEN] =
        {403, "forbidden", "Not allowed",
         "The key or token is valid, but not for this: it lacks the scope that the route needs "
         "(the detail names it), it is bound to other sources or types (`errors` points to "
         "what is out of bounds), it is for one customer alone, or it would give what it has "
         "not itself. Use another one."},
    [PROBLEM_NOT_FOUND] =
        {404, "not-found", "Not found",
         "There is nothing at this path: no such route, or no such event, customer or metric."},
    [PROBLEM_METHOD_NOT_ALLOWED] =
        {405, "method-not-allowed", "Method not allowed",
         "The path exists, but not with this method. The `Allow` field lists those that it "
         "has; methods are case-sensitive, and in upper case."},
    [PROBLEM_NOT_ACCEPTABLE] =
        {406, "not-acceptable", "Not acceptable",
         "The `Accept` field excludes every media type in which this operation answers; the "
         "detail names it. Allow it, or leave the field out. Nothing was done."},
    [PROBLEM_CONFLICT] =
        {409, "conflict", "Conflict",
         "What was sent contradicts what is stored, or what is being done: an event with this "
         "source and id exists already, with other content; a request with the same "
         "Idempotency-Key is still being answered; an identifier belongs to another customer, "
         "or "
         "a merge makes no sense (`errors` points to it). Nothing was stored. An event is "
         "never "
         "changed: record a new one under an id of its own, or void the first."},
    [PROBLEM_ERASED] =
        {410, "erased", "Erased",
         "The person whom this names was erased, and is not to be known again: what is sent "
         "for "
         "them is not stored. Stop sending it. (The setting `erased_subjects` lets a business "
         "accept such a subject as a new customer.)"},
    [PROBLEM_LENGTH_REQUIRED] =
        {411, "length-required", "Length required",
         "The request has a body but does not say how long it is. Send `Content-Length`."},
    [PROBLEM_PRECONDITION_FAILED] =
        {412, "precondition-failed", "Precondition failed",
         "`If-Match` or `If-None-Match` does not hold: what is there now is not the state that "
         "the caller knows. Nothing was changed. Get it again, look at what has changed, and "
         "repeat the change with the new `ETag`."},
    [PROBLEM_TOO_LARGE] =
        {413, "too-large", "Content too large",
         "The body, an event in it, the number of its events, or what a customer's attributes "
         "would come to is over the limit; the detail tells the limit. Nothing was stored; "
         "send "
         "less, or in smaller parts."},
    [PROBLEM_URI_TOO_LONG] =
        {414, "uri-too-long", "URI too long",
         "The path and query of the request are longer than the service accepts."},
    [PROBLEM_UNSUPPORTED_MEDIA] =
        {415, "unsupported-media", "Unsupported media type",
         "The body's `Content-Type` or `Content-Encoding` is missing, or is none that this "
         "route reads; the detail lists those that it does read."},
    [PROBLEM_UNPROCESSABLE] =
        {422, "unprocessable", "Invalid content",
         "The request could be read, but what it says is not valid: a field is missing or of "
         "the wrong kind, a value is out of range, a type or parameter is unknown. `errors` "
         "points to each fault. What is at fault was not stored."},
    [PROBLEM_PRECONDITION_REQUIRED] =
        {428, "precondition-required", "Precondition required",
         "A change of configuration must name the state that it changes, so that two callers "
         "cannot undo each other's work unseen. Get the resource, and send its `ETag` in "
         "`If-Match`."},
    [PROBLEM_TOO_MANY] =
        {429, "too-many-requests", "Too many requests",
         "This key, or this address, has called more often than it may, or has too many "
         "requests under way; the detail tells which. Send the same request again after "
         "`Retry-After` seconds. `RateLimit-Policy` and `RateLimit` tell the limit, and where "
         "the caller stands."},
    [PROBLEM_HEADERS_TOO_LARGE] =
        {431, "headers-too-large", "Header fields too large",
         "The header fields of the request are larger or more than the service accepts."},
    [PROBLEM_INTERNAL] =
        {500, "internal", "Internal error",
         "The service failed; the fault is not the caller's. Its log has the details under the "
         "request id in `instance`. An event can safely be sent again: if it was stored, it is "
         "a duplicate."},
    [PROBLEM_UNAVAILABLE] =
        {503, "unavailable", "Unavailable",
         "The service cannot answer now: the database is away, takes no writes or is too slow, "
         "too many requests are waiting, or it is stopping. Send the same request again after "
         "`Retry-After` seconds; an event "
         "that was stored all the same is then a duplicate, never a second one."},
};

static_assert(COUNT_OF(KINDS) == PROBLEM_CODES, "a row for every code");

const struct problem_kind *problem_kind(enum problem_code code)
{
    return &KINDS[(size_t)code < PROBLEM_CODES ? code : PROBLEM_INTERNAL];
}

/* What is quoted from an input may be anything, and may have been cut within a character. */
static void repair_utf8(char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        size_t step = utf8_length(text + at, length - at);
        if (step == 0)
            text[at] = '?';
        at += step > 0 ? step : 1;
    }
}

/* Cuts text that filled its place before the character that reaches into the last bytes, and
 * ends it with an ellipsis. */
static void end_with_ellipsis(char *text, size_t size)
{
    static const char ELLIPSIS[] = "\u2026";
    size_t at = size - sizeof ELLIPSIS;
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    memcpy(text + at, ELLIPSIS, sizeof ELLIPSIS);
}

static void print_bounded(char *text, size_t size, const char *format, va_list arguments)
    PRINTF_LIKE(3, 0);

static void print_bounded(char *text, size_t size, const char *format, va_list arguments)
{
    int length = vsnprintf(text, size, format, arguments);
    if (length < 0)
        text[0] = '\0';
    else if ((size_t)length >= size)
        end_with_ellipsis(text, size);
    repair_utf8(text);
}

static void copy_bounded(char *text, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);

static void copy_bounded(char *text, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_bounded(text, size, format, arguments);
    va_end(arguments);
}

bool fail(struct problem *why, enum problem_code code, const char *detail, ...)
{
    va_list arguments;
    why->code = code;
    va_start(arguments, detail);
    print_bounded(why->detail, sizeof why->detail, detail, arguments);
    va_end(arguments);
    return false;
}

bool fault_add(struct problem *why, const char *pointer, const char *detail, ...)
{
    if (why->code == PROBLEM_NONE)
        (void)fail(why, PROBLEM_UNPROCESSABLE, "the input is not valid; errors has each fault");
    if (why->fault_count == PROBLEM_FAULTS)
        return false;
    struct fault *fault = &why->faults[why->fault_count++];
    copy_bounded(fault->pointer, sizeof fault->pointer, "%s", pointer);
    va_list arguments;
    va_start(arguments, detail);
    print_bounded(fault->detail, sizeof fault->detail, detail, arguments);
    va_end(arguments);
    return false;
}

void fault_write(struct buffer *out, const struct fault *fault)
{
    buffer_text(out, "{\"pointer\":");
    buffer_json_text(out, fault->pointer);
    buffer_text(out, ",\"detail\":");
    buffer_json_text(out, fault->detail);
    buffer_text(out, "}");
}

void faults_write(struct buffer *out, const struct problem *why)
{
    buffer_text(out, "[");
    for (unsigned i = 0; i < why->fault_count; i++) {
        buffer_text(out, i > 0 ? "," : "");
        fault_write(out, &why->faults[i]);
    }
    buffer_text(out, "]");
}
