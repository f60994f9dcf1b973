/* CloudEvents in binary mode (HTTP binding 1.0.2, 3.1): attributes are header fields, the body
 * is the data. They are written as the object of structured mode, so that what is stored does
 * not depend on how it came; the pointers of faults are those of that object. */
#include "api/post.h"
#include "base/digest.h"
#include "base/utf8.h"

#include <string.h>

enum { ENVELOPE_LIMIT = 64 * 1024 }; /* more than the fields of a header can hold, escaped */

static const char JSON[] = "application/json";

/* The object, as a value and as text. */
struct structured {
    json_t *object;
    struct buffer text;
};

static bool is_json(const char *media_type)
{
    static const char SUFFIX[] = "+json";
    size_t length = strlen(media_type), suffix = sizeof SUFFIX - 1;
    return strcmp(media_type, JSON) == 0 ||
           (length > suffix && strcmp(media_type + length - suffix, SUFFIX) == 0);
}

static const char *find_field(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++)
        if (strcmp(request->fields[i].name, name) == 0)
            return request->fields[i].value;
    return NULL;
}

bool post_is_binary(const struct request *request)
{
    static const char STRUCTURED[] = "application/cloudevents";
    const char *type = request->media_type;
    return request->field_count > 0 && find_field(request, "specversion") != NULL &&
           strncmp(type, STRUCTURED, sizeof STRUCTURED - 1) != 0;
}

/* Attributes ------------------------------------------------------------------------------- */

/* Takes the quotes away, with the backslashes within them, and decodes "%e2"; both in place,
 * for neither makes a text longer. What is wrong with it, or NULL. */
static const char *decode(char *text, size_t *length)
{
    bool is_quoted = false;
    char *out = text;
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (*at == '"') {
            is_quoted = !is_quoted;
            continue;
        }
        if (is_quoted && *at == '\\' && at[1] != '\0')
            byte = (unsigned char)*++at;
        if (byte == '%') {
            if (at[1] == '\0' || !hex_decode(at + 1, 1, &byte))
                return "a percent sign needs two hexadecimal digits";
            at += 2;
        }
        *out++ = (char)byte;
    }
    *length = (size_t)(out - text);
    if (is_quoted)
        return "a quoted text does not end";
    if (memchr(text, '\0', *length) != NULL)
        return "the character U+0000 is not accepted";
    return is_utf8(text, *length) ? NULL : "is not UTF-8, percent-encoded";
}

/* What cannot be an attribute, or is none in binary mode. */
static const char *complain_of_name(const struct structured *event, const char *name)
{
    if (!is_utf8(name, strlen(name)))
        return "is not the name of an attribute";
    if (strcmp(name, "data") == 0)
        return "comes as the body in binary mode";
    if (strcmp(name, "datacontenttype") == 0)
        return "comes as Content-Type in binary mode";
    if (json_object_get(event->object, name) != NULL)
        return "came twice";
    return NULL;
}

static bool set(struct structured *event, const char *name, json_t *value, struct problem *why)
{
    return json_object_set_new(event->object, name, value) == 0 ||
           fail(why, PROBLEM_INTERNAL, "out of memory");
}

static bool add_attribute(struct structured *event, const char *name, const char *value,
                          size_t length, struct problem *why)
{
    buffer_text(&event->text, json_object_size(event->object) > 0 ? "," : "");
    buffer_json_text(&event->text, name);
    buffer_text(&event->text, ":");
    buffer_json(&event->text, value, length);
    return set(event, name, json_stringn(value, length), why);
}

static bool add_field(struct structured *event, struct arena *arena,
                      const struct header_field *field, struct problem *problem,
                      struct problem *why)
{
    char pointer[sizeof problem->faults->pointer];
    char *value = arena_copy(arena, field->value, strlen(field->value));
    size_t length = 0;
    if (value == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    const char *complaint = complain_of_name(event, field->name);
    if (complaint == NULL)
        complaint = decode(value, &length);
    if (complaint == NULL)
        return add_attribute(event, field->name, value, length, why);
    snprintf(pointer, sizeof pointer, "/%s", field->name);
    fault_add(problem, pointer, "%s", complaint);
    return true;
}

static bool add_fields(const struct request *request, struct structured *event,
                       struct problem *problem, struct problem *why)
{
    buffer_text(&event->text, "{");
    for (size_t i = 0; i < request->field_count; i++)
        if (!add_field(event, request->arena, &request->fields[i], problem, why))
            return false;
    const char *type = request->media_type;
    return !is_json(type) || strcmp(type, JSON) == 0 ||
           add_attribute(event, "datacontenttype", type, strlen(type), why);
}

/* The data --------------------------------------------------------------------------------- */

static size_t skip_space(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && memchr(" \t\r\n", text[at], 4) != NULL)
        at++;
    return at;
}

/* The sender's own bytes, as everywhere. */
static bool add_data(const struct request *request, struct structured *event,
                     struct problem *why)
{
    size_t used = 0, before = skip_space(request->body, request->body_length);
    const char *text = request->body + before;
    size_t length = request->body_length - before;
    if (length == 0)
        return true;
    json_t *data = json_parse(text, length, &used, why);
    if (data == NULL)
        return false;
    buffer_text(&event->text, json_object_size(event->object) > 0 ? ",\"data\":" : "\"data\":");
    buffer_append(&event->text, text, used);
    if (!set(event, "data", data, why))
        return false;
    return skip_space(text + used, length - used) == length - used ||
           fail(why, PROBLEM_MALFORMED, "more than one JSON value: the body is the data");
}

/* The event -------------------------------------------------------------------------------- */

static bool judge(struct structured *event, struct post *post, struct problem *problem,
                  struct problem *why)
{
    struct buffer *text = &event->text;
    buffer_text(text, "}");
    if (text->failed)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    bool fits = text->length <= EVENT_BODY_LIMIT;
    if (!fits)
        post_tell_size(problem);
    if (fits && event_read(post->arena, text->data, text->length, event->object, &post->context,
                           &post->items->event, problem))
        return true;
    if (problem_kind(problem->code)->status >= 500)
        return fail(why, problem->code, "%s", problem->detail);
    return post_reject(post, problem, why);
}

bool post_read_binary(const struct request *request, struct post *post, struct problem *why)
{
    struct problem problem = {.code = PROBLEM_NONE};
    if (request->body_length > 0 && !is_json(request->media_type))
        return fail(
            why, PROBLEM_UNSUPPORTED_MEDIA,
            "in binary mode the body is the event's data, as application/json or +json");
    if (post_add(post, why) == NULL)
        return false;
    if (request->body_length > EVENT_BODY_LIMIT) {
        post_tell_size(&problem);
        return post_reject(post, &problem, why);
    }
    struct structured event = {json_object(),
                               buffer_create(post->arena, EVENT_BODY_LIMIT + ENVELOPE_LIMIT)};
    if (event.object == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    bool is_judged = add_fields(request, &event, &problem, why) &&
                     add_data(request, &event, why) && judge(&event, post, &problem, why);
    json_decref(event.object);
    return is_judged;
}
