#include "ingest/event.h"

#include "ingest/bounds.h"
#include "ingest/event_data.h"
#include "ingest/identity.h"
#include "json/decode.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Chosen at random, once: 3b8c85b5-f952-4183-8639-ae90d46e307f. Another one would give every
 * event another id. */
const unsigned char EVENT_NAMESPACE[UUID_SIZE] = {0x3b, 0x8c, 0x85, 0xb5, 0xf9, 0x52,
                                                  0x41, 0x83, 0x86, 0x39, 0xae, 0x90,
                                                  0xd4, 0x6e, 0x30, 0x7f};

const char EVENT_OWN_SOURCE[] = "clmd";

enum {
    ATTRIBUTE_NAME_LIMIT = 20,
    MEDIA_TYPE_LIMIT = 127,
    SEQUENCE_LIMIT = 64,
    SEQUENCE_DIGITS = 20, /* what a number's text is padded to, */
    SEQUENCE_PADDED = 18  /* if it has no more digits than these */
};

struct envelope {
    const char *id, *source, *subject, *type, *time, *content_type;
};

#define ENVELOPE_TEXT(name_, required_, limit_, member)                                        \
    {                                                                                          \
        .name = name_, .kind = JSON_KIND_TEXT, .required = required_, .limit = limit_,         \
        .offset = offsetof(struct envelope, member)                                            \
    }

static const char *const SPECIFICATION_VERSIONS[] = {"1.0", NULL};

static const struct json_field ENVELOPE[] = {
    {.name = "specversion",
     .kind = JSON_KIND_CHOICE,
     .choices = SPECIFICATION_VERSIONS,
     .offset = JSON_NOT_STORED},
    ENVELOPE_TEXT("id", true, EVENT_NAME_LIMIT, id),
    ENVELOPE_TEXT("source", true, EVENT_NAME_LIMIT, source),
    ENVELOPE_TEXT("subject", false, EVENT_NAME_LIMIT, subject),
    ENVELOPE_TEXT("type", true, EVENT_NAME_LIMIT, type),
    ENVELOPE_TEXT("time", true, EVENT_NAME_LIMIT, time),
    ENVELOPE_TEXT("datacontenttype", false, MEDIA_TYPE_LIMIT, content_type),
    {.name = "data", .kind = JSON_KIND_OBJECT, .offset = JSON_NOT_STORED},
    {.name = NULL},
};

/* The checks below add what they find to `why`; event_read looks at it once, at the end. */

static bool is_attribute_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789");
    return length > 0 && length <= ATTRIBUTE_NAME_LIMIT && name[length] == '\0';
}

/* Whether a name can stand in a JSON Pointer as it is, whole. */
static bool is_plain(const char *name)
{
    enum { PLAIN_LIMIT = 64 };
    size_t length = 0;
    while (isgraph((unsigned char)name[length]) && strchr("~/", name[length]) == NULL)
        length++;
    return name[length] == '\0' && length <= PLAIN_LIMIT;
}

static void check_attributes(json_t *object, struct problem *why)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        char pointer[sizeof why->faults->pointer] = "";
        if (is_attribute_name(name))
            continue;
        if (is_plain(name))
            snprintf(pointer, sizeof pointer, "/%s", name);
        if (strcmp(name, "data_base64") == 0)
            fault_add(why, pointer, "binary data is not accepted: give data as an object");
        else
            fault_add(why, pointer, "an attribute's name is 1 to %d of a-z and 0-9",
                      ATTRIBUTE_NAME_LIMIT);
    }
}

/* "application/json", or any type whose name ends in "+json"; parameters may follow. */
static void check_content_type(const char *content_type, struct problem *why)
{
    static const char JSON[] = "application/json", SUFFIX[] = "+json";
    size_t length = content_type != NULL ? strcspn(content_type, "; ") : 0;
    size_t suffix = sizeof SUFFIX - 1;
    if (content_type == NULL)
        return;
    bool is_json =
        (length == sizeof JSON - 1 && strncasecmp(content_type, JSON, length) == 0) ||
        (length > suffix && strncasecmp(content_type + length - suffix, SUFFIX, suffix) == 0);
    if (!is_json)
        fault_add(why, "/datacontenttype", "must be %s, or end in %s", JSON, SUFFIX);
}

/* What is wrong with a text that timestamp_parse refused. */
static const char *time_complaint(const char *text)
{
    static const char SHAPE[] = "dddd-dd-ddTdd:dd:dd";
    size_t at = 0;
    for (; SHAPE[at] != '\0'; at++) {
        bool fits = SHAPE[at] == 'd'   ? isdigit((unsigned char)text[at]) != 0
                    : SHAPE[at] == 'T' ? text[at] != '\0' && strchr("Tt ", text[at]) != NULL
                                       : text[at] == SHAPE[at];
        if (!fits)
            return "must be a time by RFC 3339, like 2026-03-01T09:30:00+01:00";
    }
    if (strncmp(text, "1900", 4) < 0 || strncmp(text, "2199", 4) > 0)
        return "the year must be from 1900 to 2199";
    if (text[at] == '.')
        at += 1 + strspn(text + at + 1, "0123456789");
    if (text[at] == '\0')
        return "needs an offset from UTC: Z, or one like +01:00";
    return "is not a time of the calendar by RFC 3339";
}

static void read_time(const char *text, bool is_scheduled, int64_t now, int64_t *occurred_at,
                      struct problem *why)
{
    int64_t ahead = is_scheduled ? EVENT_SCHEDULED_SECONDS : EVENT_FUTURE_SECONDS;
    if (!timestamp_parse(text, occurred_at))
        fault_add(why, "/time", "%s", time_complaint(text));
    else if (*occurred_at > now + ahead * 1000000)
        fault_add(why, "/time",
                  "lies in the future: at most %" PRId64 " seconds ahead are accepted", ahead);
}

/* Digits are padded, so that the order of the texts is the order of the numbers. */
static const char *padded(struct arena *arena, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (text[digits] != '\0' || digits > SEQUENCE_PADDED)
        return arena_copy(arena, text, strlen(text));
    return arena_print(arena, "%.*s%s", (int)(SEQUENCE_DIGITS - digits), "00000000000000000000",
                       text);
}

static bool read_sequence(struct arena *arena, const json_t *sequence, const char **text,
                          struct problem *why)
{
    char number[SEQUENCE_DIGITS + 1];
    const char *given = json_string_value(sequence);
    if (sequence == NULL || json_is_null(sequence))
        return true;
    if (json_is_integer(sequence) && json_integer_value(sequence) >= 0) {
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(sequence));
        given = number;
    }
    if (given == NULL || given[0] == '\0' || strlen(given) > SEQUENCE_LIMIT)
        return fault_add(why, "/sequence",
                         "must be a text of 1 to %d bytes, or a number from 0", SEQUENCE_LIMIT);
    *text = padded(arena, given);
    return *text != NULL || fail(why, PROBLEM_INTERNAL, "out of memory");
}

/* The texts that point into the sender's object are kept beyond it. */
static bool keep_texts(struct arena *arena, struct event *event, struct problem *why)
{
    struct event_values *values = &event->values;
    const char **const texts[] = {&event->source,    &event->id,      &event->subject,
                                  &values->currency, &values->object, &values->target_source,
                                  &values->target_id};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (*texts[i] == NULL)
            continue;
        *texts[i] = arena_copy(arena, *texts[i], strlen(*texts[i]));
        if (*texts[i] == NULL)
            return fail(why, PROBLEM_INTERNAL, "out of memory");
    }
    return true;
}

/* As told by one event; that two names mean the same customer, only the database knows. */
static bool check_merge(const struct event *event, struct problem *why)
{
    const char *into = event->values.object;
    bool is_itself = event->type->tells_identity && event->subject != NULL && into != NULL &&
                     strcmp(event->subject, into) == 0;
    return !is_itself || fault_add(why, "/data/into", "is the customer that subject names");
}

/* What can be told only when the type is known. */
static bool read_by_type(const json_t *object, struct event *event, struct problem *why)
{
    const json_t *data = json_object_get(object, "data");
    bool is_valid = true;
    if (!event->type->needs_no_subject && !json_is_given(object, "subject"))
        is_valid = fault_add(why, "/subject", "is required: it names the customer");
    if (json_is_given(object, "data"))
        return json_is_object(data) &&
               event_data_read(data, event->type, &event->values, why) &&
               check_merge(event, why) && is_valid;
    json_t *nothing = json_object();
    if (nothing == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    is_valid = event_data_read(nothing, event->type, &event->values, why) && is_valid;
    json_decref(nothing);
    return is_valid;
}

/* "com.acme.bill.payment.succeeded" is "bill.payment.succeeded". */
bool event_type_find(struct arena *arena, const char *name, const struct event_context *context,
                     const struct event_type **type, struct problem *why)
{
    const char *prefix = context->type_prefix;
    size_t length = prefix != NULL ? strlen(prefix) : 0;
    bool is_prefixed = length > 0 && strncmp(name, prefix, length) == 0 && name[length] == '.';
    return registry_find(context->registry, arena, is_prefixed ? name + length + 1 : name, type,
                         why);
}

static bool find_type(struct arena *arena, const struct event_context *context,
                      const char *name, struct event *event, struct problem *why)
{
    if (name == NULL || !event_type_find(arena, name, context, &event->type, why))
        return false;
    return event->type != NULL ||
           fault_add(why, "/type", "is not a type that this service knows");
}

static bool read_envelope(struct arena *arena, json_t *object,
                          const struct event_context *context, struct event *event,
                          struct problem *why)
{
    struct envelope envelope = {0};
    bool is_valid = json_decode(object, ENVELOPE, &envelope, "", why);
    check_attributes(object, why);
    is_valid = name_check(envelope.id, "/id", why) && is_valid;
    bool is_source = name_check(envelope.source, "/source", why);
    is_valid = name_check(envelope.subject, "/subject", why) && is_valid;
    check_content_type(envelope.content_type, why);
    event->id = envelope.id;
    event->source = is_source ? envelope.source : NULL;
    event->subject = envelope.subject;
    is_valid = find_type(arena, context, envelope.type, event, why) && is_source && is_valid;
    if (envelope.time != NULL)
        read_time(envelope.time, event->type != NULL && event->type->is_scheduled, context->now,
                  &event->occurred_at, why);
    return is_valid && why->code == PROBLEM_NONE;
}

bool event_read(struct arena *arena, const char *body, size_t length, json_t *object,
                const struct event_context *context, struct event *event, struct problem *why)
{
    *event = (struct event){.body = body, .body_length = length};
    if (!json_is_object(object))
        return fault_add(why, "", "an event is a JSON object");
    bool is_valid = read_envelope(arena, object, context, event, why);
    is_valid =
        read_sequence(arena, json_object_get(object, "sequence"), &event->sequence, why) &&
        is_valid;
    is_valid = (event->type == NULL || read_by_type(object, event, why)) && is_valid;
    if (!keep_texts(arena, event, why) || !is_valid)
        return false;
    const struct event_values *values = &event->values;
    uuid_of_name(EVENT_NAMESPACE, event->source, event->id, event->event_id);
    if (values->target_id != NULL)
        uuid_of_name(EVENT_NAMESPACE, values->target_source, values->target_id, event->target);
    if (values->target_id != NULL && context->rights != NULL)
        event->target_types = context->rights->types;
    return bounds_check(context->rights, event, why);
}

bool event_name_own(char id[UUID_TEXT_SIZE], char event_id[UUID_TEXT_SIZE])
{
    unsigned char uuid[UUID_SIZE];
    if (!uuid_fresh(uuid))
        return false;
    uuid_print(uuid, id);
    uuid_of_name(EVENT_NAMESPACE, EVENT_OWN_SOURCE, id, uuid);
    uuid_print(uuid, event_id);
    return true;
}
