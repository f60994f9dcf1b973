#include "http/request.h"

#include "http/condition.h"
#include "http/stream.h"

#include <stdio.h>
#include <string.h>

enum { PROBLEM_LIMIT = 16384 }; /* bytes: far more than all faults take, escaped */

static const char PROBLEM_TYPE[] = "application/problem+json";

const char *request_parameter(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->parameter_count; i++)
        if (strcmp(request->parameters[i].name, name) == 0)
            return request->parameters[i].value;
    return NULL;
}

const char *request_own_key(const struct request *request)
{
    const struct rights *rights = &request->rights;
    bool is_bound = rights->sources || rights->types;
    return is_bound || !scopes_allow(rights->scopes, SCOPE_EVENTS_READ) ? request->key_id
                                                                        : NULL;
}

bool request_flag(const struct request *request, const char *name, struct problem *why)
{
    char pointer[sizeof why->faults->pointer];
    const char *value = request_parameter(request, name);
    bool is_true = value && strcmp(value, "true") == 0;
    snprintf(pointer, sizeof pointer, "?%s", name);
    if (value && !is_true && strcmp(value, "false") != 0)
        (void)fault_add(why, pointer, "must be true or false");
    return is_true;
}

bool respond_text(struct request *request, int status, const char *content_type,
                  const char *body, size_t length)
{
    request->answer.status = status;
    request->answer.content_type = content_type;
    request->answer.body = body;
    request->answer.length = length;
    return true;
}

bool respond_json(struct request *request, int status, const char *body, size_t length)
{
    return respond_text(request, status, "application/json", body, length);
}

bool respond_buffer(struct request *request, int status, const struct buffer *body,
                    struct problem *why)
{
    if (body->failed)
        return fail(why, PROBLEM_INTERNAL, "the answer takes more memory than a request may");
    return respond_json(request, status, body->data, body->length);
}

bool respond_field(struct request *request, const char *name, const char *value)
{
    struct answer *answer = &request->answer;
    if (answer->field_count == REQUEST_FIELDS)
        return false;
    answer->fields[answer->field_count++] = (struct header_field){name, value};
    return true;
}

bool request_answer(struct request *request, struct problem *why)
{
    return request->route->answer(request, why) &&
           (!request->route->is_tagged || condition_apply(request, why));
}

static void write_member(struct buffer *out, const char *prefix, const char *text)
{
    buffer_text(out, prefix);
    buffer_json_text(out, text);
}

static void write_faults(struct buffer *out, const struct problem *parts, size_t count)
{
    unsigned written = 0;
    for (size_t i = 0; i < count; i++)
        for (unsigned j = 0; j < parts[i].fault_count; j++) {
            buffer_text(out, written++ > 0 ? "," : ",\"errors\":[");
            fault_write(out, &parts[i].faults[j]);
        }
    buffer_text(out, written > 0 ? "]" : "");
}

static void write_problem(struct buffer *out, const struct problem *why, const char *instance,
                          const struct problem *parts, size_t count)
{
    const struct problem_kind *kind = problem_kind(why->code);
    buffer_print(out, "{\"type\":\"/problems/%s\"", kind->slug);
    write_member(out, ",\"title\":", kind->title);
    buffer_print(out, ",\"status\":%d", kind->status);
    if (why->detail[0])
        write_member(out, ",\"detail\":", why->detail);
    if (instance)
        write_member(out, ",\"instance\":", instance);
    write_faults(out, parts, count);
    buffer_text(out, "}");
}

void problem_write(struct buffer *out, const struct problem *why, const char *instance)
{
    write_problem(out, why, instance, why, 1);
}

/* What RFC 9110, 9457 and 6750 want beside the problem itself. */
static const struct {
    enum problem_code code; /* PROBLEM_NONE: all of them */
    struct header_field field;
} REFUSAL_FIELDS[] = {
    {PROBLEM_NONE, {"Cache-Control", "no-store"}},
    {PROBLEM_UNAUTHENTICATED, {"WWW-Authenticate", "Bearer"}},
    {PROBLEM_UNSUPPORTED_MEDIA, {"Accept-Encoding", "gzip"}},
    {PROBLEM_UNAVAILABLE, {"Retry-After", "1"}},
};

/* For a request that has used up its memory: the problem itself needs some. */
static bool respond_without_memory(struct request *request)
{
    static const char BODY[] = "{\"type\":\"/problems/internal\",\"title\":\"Internal error\","
                               "\"status\":500,\"detail\":\"the request's memory is used up\"}";
    return respond_text(request, 500, PROBLEM_TYPE, BODY, sizeof BODY - 1);
}

static void note_for_log(struct request *request, const struct problem *why)
{
    const char *told = why->log_detail[0] ? why->log_detail : why->detail;
    request->log_detail = arena_copy(request->arena, told, strlen(told));
}

void request_refuse(struct request *request, const struct problem *why)
{
    request_refuse_parts(request, why, why, 1);
}

void request_refuse_parts(struct request *request, const struct problem *why,
                          const struct problem *parts, size_t count)
{
    struct buffer body = buffer_create(request->arena, count * PROBLEM_LIMIT);
    request->answer = (struct answer){0};
    write_problem(&body, why, request->id, parts, count);
    if (body.failed)
        (void)respond_without_memory(request);
    else
        (void)respond_text(request, problem_kind(why->code)->status, PROBLEM_TYPE, body.data,
                           body.length);
    for (size_t i = 0; i < COUNT_OF(REFUSAL_FIELDS); i++)
        if (REFUSAL_FIELDS[i].code == PROBLEM_NONE || REFUSAL_FIELDS[i].code == why->code)
            (void)respond_field(request, REFUSAL_FIELDS[i].field.name,
                                REFUSAL_FIELDS[i].field.value);
    if (request->answer.status >= 500)
        note_for_log(request, why);
}

bool respond_stream(struct request *request, const char *content_type)
{
    request->answer.status = 200;
    request->answer.content_type = content_type;
    request->answer.is_streamed = true;
    if (strcmp(request->method, "HEAD") == 0)
        return false;
    stream_open(request->stream);
    return true;
}

void request_break(struct request *request, const struct problem *why)
{
    note_for_log(request, why);
    stream_break(request->stream);
}
