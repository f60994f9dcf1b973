#include "call.h"

#include "api/routes.h"
#include "fuzz.h"
#include "http/body.h"
#include "http/condition.h"

#include <ctype.h>
#include <strings.h>

enum { MEMORY = 64 * 1024 * 1024 };

static const char KEY_ID[] = "0123456789abcdef";

/* Takes a line, without its end, from the front of a text. */
static char *take_line(char **text)
{
    char *line = *text;
    size_t length = strcspn(line, "\n");
    *text = line + length + (line[length] != '\0');
    line[length] = '\0';
    return line;
}

static bool read_line(struct call *call, char *line)
{
    char *blank = strchr(line, ' ');
    if (blank == NULL)
        return false;
    *blank = '\0';
    call->request.method = line;
    call->raw = blank + 1;
    return true;
}

/* As libmicrohttpd hands it over: the name as it is, the value without the space before it. */
static bool read_field(struct call *call, char *line)
{
    char *colon = strchr(line, ':');
    if (colon == NULL || colon == line || call->field_count == FIELDS_LIMIT)
        return false;
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    call->fields[call->field_count++] = (struct header_field){line, value};
    headers_add(&call->headers, line, value);
    return true;
}

/* What every client says; an input may say otherwise. */
static bool add_framing(struct call *call)
{
    const char *const *values = call->headers.values;
    if (values[HEADER_HOST] == NULL)
        headers_add(&call->headers, "Host", "localhost");
    const char *length = arena_print(call->request.arena, "%zu", call->content_length);
    if (call->content_length > 0 && values[HEADER_CONTENT_LENGTH] == NULL &&
        values[HEADER_TRANSFER_ENCODING] == NULL)
        headers_add(&call->headers, "Content-Length", length);
    return length != NULL;
}

static bool read_head(struct call *call, char *head)
{
    if (!read_line(call, take_line(&head)))
        return false;
    while (*head != '\0')
        if (!read_field(call, take_line(&head)))
            return false;
    return add_framing(call);
}

bool call_begin(struct call *call, const void *text, size_t length)
{
    const char *gap = memmem(text, length, "\n\n", 2);
    size_t head_length = gap != NULL ? (size_t)(gap - (const char *)text) : length;
    *call = (struct call){
        .request = {.arena = arena_create(MEMORY), .rights = {.scopes = SCOPE_ADMIN}},
        .headers = {.size = head_length}};
    memcpy(call->request.key_id, KEY_ID, sizeof KEY_ID);
    char *head = arena_copy(call->request.arena, text, head_length);
    MUST_HOLD(head != NULL);
    call->content = gap != NULL ? gap + 2 : "";
    call->content_length = gap != NULL ? length - head_length - 2 : 0;
    if (strlen(head) == head_length && read_head(call, head))
        return true;
    call_end(call);
    return false;
}

void call_end(struct call *call)
{
    arena_destroy(call->request.arena);
}

/* "Ce-Id: x" → "id", "x". */
static bool gather_fields(struct call *call, struct problem *why)
{
    struct request *request = &call->request;
    const char *prefix = request->route->field_prefix;
    size_t length = prefix != NULL ? strlen(prefix) : 0;
    request->fields = arena_alloc(request->arena, sizeof call->fields);
    for (size_t i = 0; prefix != NULL && i < call->field_count; i++) {
        if (strncasecmp(call->fields[i].name, prefix, length) != 0)
            continue;
        const char *name = call->fields[i].name + length;
        char *lower = arena_copy(request->arena, name, strlen(name));
        for (char *at = lower; at != NULL && *at != '\0'; at++)
            *at = (char)tolower((unsigned char)*at);
        request->fields[request->field_count++] =
            (struct header_field){lower, call->fields[i].value};
    }
    return why->code == PROBLEM_NONE;
}

bool call_admit_header(struct call *call, struct problem *why)
{
    struct request *request = &call->request;
    if (strlen(call->raw) > TARGET_LIMIT)
        return fail(why, PROBLEM_URI_TOO_LONG, "the target is too long");
    if (!headers_check(&call->headers, "HTTP/1.1", why) ||
        !target_split(call->raw, &call->target, why) ||
        !route_find(ROUTES, ROUTE_COUNT, request->method, call->target.path,
                    call->target.path_length, &call->match, why))
        return false;
    request->path = call->target.path;
    request->route = call->match.route;
    request->is_gzip = headers_tell_gzip(&call->headers);
    (void)headers_announce_body(&call->headers, &request->announced);
    return target_variables(request, &call->match, why) &&
           headers_check_accept(&call->headers, request, why) && gather_fields(call, why) &&
           condition_read(&call->headers, request, why) &&
           headers_check_body(&call->headers, request, why);
}

static bool take_body(struct call *call, struct problem *why)
{
    struct request *request = &call->request;
    struct body body;
    if (request->route->media_types == NULL || request->route->flow == FLOW_BODY)
        return true;
    if (!body_begin(&body, request->arena, CALL_BODY_LIMIT, 0, request->is_gzip, why))
        return false;
    body_take(&body, call->content, call->content_length);
    return body_end(&body, &request->body, &request->body_length, why);
}

bool call_admit(struct call *call, void *service, struct problem *why)
{
    struct request *request = &call->request;
    request->service = service;
    return call_admit_header(call, why) &&
           target_parameters(request, call->target.query, why) && take_body(call, why) &&
           (request->route->admit == NULL || request->route->admit(request, why));
}

json_t *call_body(const struct call *call)
{
    const struct request *request = &call->request;
    return request->body != NULL
               ? json_loadb(request->body, request->body_length, JSON_DECODE_ANY, NULL)
               : NULL;
}
