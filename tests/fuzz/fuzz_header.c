/* Any bytes as a request with its header fields: what is taken from them is what they say, and
 * nothing that could mean something else to a log, to PostgreSQL or to a reader of the answer.
 */
#include "call.h"
#include "fuzz.h"

#include "api/routes.h"
#include "http/accept.h"
#include "http/condition.h"
#include "http/cors.h"
#include "http/position.h"

#include <ctype.h>

static const char HEXADECIMAL[] = "0123456789abcdef";

static bool is_hex_of(const char *digits, size_t length, const char *text)
{
    return strlen(digits) == length && strspn(digits, HEXADECIMAL) == length &&
           strncmp(digits, text, length) == 0;
}

static void check_trace(const struct headers *headers)
{
    const char *field = headers->values[HEADER_TRACEPARENT];
    struct trace trace = headers_trace(headers);
    if (trace.id[0] == '\0') {
        MUST_HOLD(trace.parent[0] == '\0' && !trace.is_sampled);
        return;
    }
    MUST_HOLD(field != NULL && !headers->is_repeated[HEADER_TRACEPARENT]);
    MUST_HOLD(is_hex_of(trace.id, TRACE_ID_SIZE - 1, field + 3));
    MUST_HOLD(is_hex_of(trace.parent, SPAN_ID_SIZE - 1, field + 36));
}

static void check_request_id(const struct headers *headers)
{
    const char *id = headers_request_id(headers);
    MUST_HOLD(id == NULL || (strlen(id) < REQUEST_ID_SIZE && is_field_text(id)));
}

/* Who asks for a type by its name, with all the weight that there is, can have it. */
static void check_accept(const struct headers *headers)
{
    const char *list = headers->values[HEADER_ACCEPT];
    char *longer = NULL;
    if (list == NULL)
        return;
    MUST_HOLD(asprintf(&longer, "%s, application/json;q=1", list) > 0);
    MUST_HOLD(accept_quality(list, "application/json") <= 1000);
    MUST_HOLD(accept_quality(longer, "application/json") == 1000);
    MUST_HOLD(accept_allows(longer, "application/json"));
    free(longer);
}

static bool is_one_of(const char *text, const char *const *list)
{
    while (*list != NULL && strcmp(*list, text) != 0)
        list++;
    return *list != NULL;
}

/* The answer is of a type that its route has, and the body of one that it takes. */
static void check_types(const struct request *request)
{
    const struct route *route = request->route;
    if (route->answer_types != NULL)
        MUST_HOLD(is_one_of(request->answer_type, route->answer_types));
    else
        MUST_HOLD(strcmp(request->answer_type, "application/json") == 0);
    for (const char *at = request->media_type; at != NULL && *at != '\0'; at++)
        MUST_HOLD(!isupper((unsigned char)*at) && strchr("; \t", *at) == NULL);
}

/* A list that was taken stays one with another tag behind it, which is found in it then. */
static void check_tags(struct call *call, const char *tags, enum header header)
{
    static const char TAG[] = "\"fuzz\"";
    struct problem why = {0};
    if (tags == NULL || strcmp(tags, "*") == 0)
        return;
    MUST_HOLD(strchr("\"W, \t", tags[0]) != NULL);
    const char *longer = arena_print(call->request.arena, "%s, W/%s", tags, TAG);
    MUST_HOLD(longer != NULL && tag_is_listed(longer, TAG));
    call->headers.values[header] = longer;
    MUST_HOLD(condition_read(&call->headers, &call->request, &why));
}

/* A key means the same in quotes as it does bare. */
static void check_key(struct call *call)
{
    struct request *request = &call->request;
    struct problem why = {0};
    char quoted[2 * 255 + 3] = "\"";
    size_t length = 1;
    const char *key = request->idempotency_key;
    if (key == NULL)
        return;
    MUST_HOLD(key[0] != '\0' && strlen(key) <= 255 && is_field_text(key));
    for (const char *at = key; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            quoted[length++] = '\\';
        quoted[length++] = *at;
    }
    quoted[length] = '"';
    call->headers.values[HEADER_IDEMPOTENCY_KEY] = quoted;
    MUST_HOLD(condition_read(&call->headers, request, &why));
    MUST_HOLD(strcmp(request->idempotency_key, key) == 0);
    call->headers.values[HEADER_IDEMPOTENCY_KEY] = NULL;
}

static void check_position(const struct call *call)
{
    char text[POSITION_SIZE];
    if (call->request.position == 0)
        return;
    position_write(call->request.position, text);
    MUST_HOLD(strcmp(text, call->headers.values[HEADER_POSITION]) == 0);
}

/* A page of no origin but those of the list may ask; and what was taken for an origin is no
 * more than a scheme, a host and a port. */
static void check_origin(const char *origin)
{
    struct problem why = {0};
    struct cors *cors = NULL, *own = NULL;
    MUST_HOLD(cors_start("https://app.example.com,http://localhost:5173", &cors, &why));
    if (cors_find(cors, origin) != NULL)
        MUST_HOLD(strcmp(origin, "https://app.example.com") == 0 ||
                  strcmp(origin, "http://localhost:5173") == 0);
    if (cors_start(origin, &own, &why) && strpbrk(origin, " ,") == NULL && own != NULL) {
        MUST_HOLD(strpbrk(origin, "*?#@\"'<>\\") == NULL && is_field_text(origin));
        MUST_HOLD(strchr(strstr(origin, "://") + 3, '/') == NULL);
    }
    cors_destroy(cors);
    cors_destroy(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problem why = {0};
    struct call call;
    if (!call_begin(&call, data, size))
        return 0;
    check_trace(&call.headers);
    check_request_id(&call.headers);
    check_accept(&call.headers);
    if (call.headers.values[HEADER_ORIGIN] != NULL)
        check_origin(call.headers.values[HEADER_ORIGIN]);
    if (call_admit_header(&call, &why)) {
        MUST_HOLD(call.headers.size <= HEADER_LIMIT && call.headers.count <= FIELDS_LIMIT);
        check_types(&call.request);
        check_position(&call);
        check_key(&call);
        check_tags(&call, call.request.if_match, HEADER_IF_MATCH);
        check_tags(&call, call.request.if_none_match, HEADER_IF_NONE_MATCH);
    } else {
        promise_refusal(&why);
    }
    call_end(&call);
    return 0;
}
