/* Any bytes as a whole request, up to where the database would be asked: what is refused is
 * refused with words, at a place that the body has; what is taken of events is JSON by itself,
 * and nothing of it is longer than the ledger takes. */
#include "call.h"
#include "fuzz.h"
#include "ground.h"

#include "api/handlers.h"
#include "api/post.h"
#include "base/utf8.h"
#include "json/decode.h"

/* What is to be stored is JSON by itself, however it came. */
static void check_event(const struct event *event)
{
    struct problem why = {0};
    size_t used = 0;
    json_t *value = json_parse(event->body, event->body_length, &used, &why);
    const char *id = json_string_value(json_object_get(value, "id"));
    MUST_HOLD(json_is_object(value) && used == event->body_length);
    MUST_HOLD(event->type != NULL && event->source != NULL && id != NULL);
    MUST_HOLD(strcmp(id, event->id) == 0 && strlen(id) <= EVENT_NAME_LIMIT);
    MUST_HOLD(strlen(event->source) <= EVENT_NAME_LIMIT && is_utf8(id, strlen(id)));
    MUST_HOLD(event->subject == NULL || strlen(event->subject) <= EVENT_NAME_LIMIT);
    MUST_HOLD(event->body_length <= EVENT_BODY_LIMIT);
    json_decref(value);
}

static void check_post(const struct post *post, const json_t *body)
{
    MUST_HOLD(post->count <= POST_EVENTS);
    for (size_t i = 0; i < post->count; i++) {
        const struct item *item = &post->items[i];
        MUST_HOLD((item->outcome == OUTCOME_REJECTED) == (item->problem != NULL));
        if (item->outcome == OUTCOME_CREATED)
            check_event(&item->event);
        if (item->problem == NULL)
            continue;
        const struct problem why = post_problem(post, i);
        promise_refusal(&why);
        if (body != NULL)
            promise_pointers(&why, body);
    }
}

/* In binary mode the event is not in the body, which is its data. */
static bool is_in_body(const struct request *request)
{
    return request->media_type != NULL && !post_is_binary(request) &&
           strcmp(request->media_type, "application/x-ndjson") != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problem why = {0};
    struct call call;
    if (!call_begin(&call, data, size))
        return 0;
    bool is_taken = call_admit(&call, ground_service(), &why);
    bool is_whole = is_in_body(&call.request);
    json_t *body = call_body(&call);
    if (!is_taken)
        promise_refusal(&why);
    if (!is_taken && is_whole && body != NULL)
        promise_pointers(&why, body);
    if (is_taken && call.request.route->admit == admit_events)
        check_post(call.request.input, is_whole ? body : NULL);
    json_decref(body);
    call_end(&call);
    return 0;
}
