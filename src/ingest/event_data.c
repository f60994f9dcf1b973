#include "ingest/event_data.h"

#include "ingest/identity.h"
#include "json/decode.h"

#include <string.h>

/* What an absent value is marked by while a table is read: no field can give it. */
static const int64_t NO_NUMBER = INT64_MIN;
static const int16_t NO_CHOICE = -1;

/* A correlation is an object of several ids, or one text. */
static const struct json_field CORRELATION_TEXT = {.name = "correlation",
                                                   .kind = JSON_KIND_TEXT,
                                                   .limit = EVENT_NAME_LIMIT,
                                                   .offset = JSON_NOT_STORED};

/* The fields that every type has, except those that the type's own table has too. */
static bool check_common(const json_t *data, const struct event_type *type, struct problem *why)
{
    struct json_field fields[COMMON_FIELD_LIMIT + 1] = {{.name = NULL}};
    size_t count = 0;
    for (const struct json_field *field = COMMON_FIELDS; field->name != NULL; field++) {
        if (vocabulary_field(type->fields, field->name, strlen(field->name)) != NULL)
            continue;
        bool is_text = strcmp(field->name, CORRELATION_TEXT.name) == 0 &&
                       json_is_string(json_object_get(data, field->name));
        fields[count++] = is_text ? CORRELATION_TEXT : *field;
    }
    return json_decode(data, fields, NULL, "/data", why);
}

/* An amount says nothing without its currency, nor the other way round. */
static bool check_amount(const json_t *data, const struct event_type *type, struct problem *why)
{
    const struct json_field *amount =
        vocabulary_field(type->fields, "amount", strlen("amount"));
    bool has_amount = json_is_given(data, "amount");
    if (amount == NULL || amount->required || has_amount == json_is_given(data, "currency"))
        return true;
    if (has_amount)
        return fault_add(why, "/data/currency", "is required with an amount");
    return fault_add(why, "/data/amount", "is required with a currency");
}

static const char *date_of(const json_t *data, const struct event_type *type, const char *name)
{
    const struct json_field *field = vocabulary_field(type->fields, name, strlen(name));
    bool is_date = field != NULL && field->kind == JSON_KIND_DATE;
    return is_date ? json_string_value(json_object_get(data, name)) : NULL;
}

/* Two times are compared to the microsecond; where one is a date, their dates are. */
static bool is_later(const char *one, const char *other)
{
    int64_t time, other_time;
    if (timestamp_parse(one, &time) && timestamp_parse(other, &other_time))
        return time > other_time;
    return strncmp(one, other, strlen("2026-03-01")) > 0;
}

static bool check_period(const json_t *data, const struct event_type *type, struct problem *why)
{
    const char *start = date_of(data, type, "period_start");
    const char *end = date_of(data, type, "period_end");
    if (start == NULL || end == NULL || !is_later(start, end))
        return true;
    return fault_add(why, "/data/period_end", "lies before period_start");
}

static int16_t facets_of(const json_t *data, const struct event_type *type)
{
    int facets = json_is_given(data, "cost") ? FACET_COST : 0;
    return (int16_t)(facets | (type->is_spend ? FACET_SPEND : 0));
}

bool event_data_read(const json_t *data, const struct event_type *type,
                     struct event_values *values, struct problem *why)
{
    *values =
        (struct event_values){.amount = NO_NUMBER, .units = NO_NUMBER, .stage = NO_CHOICE};
    bool is_valid = json_decode(data, type->fields, values, "/data", why);
    is_valid = check_common(data, type, why) && is_valid;
    is_valid = check_amount(data, type, why) && is_valid;
    is_valid = is_valid && check_period(data, type, why);
    is_valid = is_valid && (!type->tells_identity || identity_check(data, "/data", why));
    values->has_amount = values->amount != NO_NUMBER;
    values->has_units = values->units != NO_NUMBER;
    values->has_stage = values->stage != NO_CHOICE;
    values->facets = facets_of(data, type);
    return is_valid;
}
