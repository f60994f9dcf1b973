/* Any bytes as a POST of events: as lines, and as the fields and the body of binary mode. */
#include "fuzz.h"

#include "api/post.h"
#include "base/clock.h"

#include <string.h>

enum { MEMORY = 8 * 1024 * 1024, FIELDS = 16 };

#define EVENT                                                                                  \
    "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"subject\":\"acme\","             \
    "\"type\":\"find.lead.created\",\"time\":\"2026-03-01T09:30:00Z\","                        \
    "\"data\":{\"channel\":\"ad\"}}"

const char *const FUZZ_SEEDS[] = {
    EVENT "\n" EVENT "\r\n\r\n{\n\xef\xbb\xbf\n[]",
    "\xef\xbb\xbf" EVENT,
    "specversion:1.0\nid:1\nsource:s\nsubject:acme\ntype:find.lead.created\n"
    "time:2026-03-01T09:30:00Z\ntraceparent:00\n\n{\"channel\":\"ad\"}",
    "specversion:\"1.0\"\nid:a%20%E2%82%AC\nsource:\"a \\\"b\\\"\"\nsubject:%22\n"
    "type:find.lead.profiled\ntime:2026-03-01T09:30:00Z\n\n",
    "",
    NULL,
};

/* What is to be stored is JSON by itself, however it came. */
static void check_event(const struct event *event)
{
    struct problem why = {0};
    size_t used = 0;
    json_t *value = json_parse(event->body, event->body_length, &used, &why);
    MUST_HOLD(json_is_object(value) && used == event->body_length);
    MUST_HOLD(strcmp(json_string_value(json_object_get(value, "id")), event->id) == 0);
    MUST_HOLD(event->type && event->source && event->body_length <= EVENT_BODY_LIMIT);
    json_decref(value);
}

static void check_post(const struct request *request)
{
    struct problem why = {0};
    struct post post = {.arena = request->arena,
                        .context = {.now = clock_utc(), .type_prefix = "com.acme"}};
    if (!post_read(request, &post, &why)) {
        MUST_HOLD(why.code != PROBLEM_NONE && why.code != PROBLEM_INTERNAL);
        return;
    }
    MUST_HOLD(post.count <= POST_EVENTS);
    for (size_t i = 0; i < post.count; i++) {
        const struct item *item = &post.items[i];
        MUST_HOLD((item->outcome == OUTCOME_REJECTED) == (item->problem != NULL));
        MUST_HOLD(!item->problem || item->problem->fault_count > 0);
        if (item->outcome == OUTCOME_CREATED)
            check_event(&item->event);
    }
}

/* Cuts "name:value" lines, up to an empty one, off the front of a text. */
static void cut_fields(char **text, struct request *request, struct header_field *fields)
{
    while (**text != '\0' && **text != '\n' && request->field_count < FIELDS) {
        char *line = *text, *end = line + strcspn(line, "\n");
        *text = *end ? end + 1 : end;
        *end = '\0';
        char *value = strchr(line, ':');
        if (!value)
            continue;
        *value++ = '\0';
        fields[request->field_count++] = (struct header_field){line, value};
    }
    request->fields = fields;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header_field fields[FIELDS];
    struct request request = {.arena = arena_create(MEMORY)};
    char *text = arena_copy(request.arena, (const char *)data, size);
    request.media_type = "application/x-ndjson";
    request.body = text;
    request.body_length = size;
    check_post(&request);
    cut_fields(&text, &request, fields);
    request.media_type = "application/json";
    request.body = text;
    request.body_length = strlen(text);
    check_post(&request);
    arena_destroy(request.arena);
    return 0;
}
