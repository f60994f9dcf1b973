/* Each kind of field has a check of its own, in one table. A check is given a value that is
 * neither absent nor null; it adds the faults that it finds, or stores. */
#include "json/decode.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define SAFE_INTEGER ((INT64_C(1) << 53) - 1) /* what every reader of JSON holds exactly */

/* A value, what its field asks of it, where it stands, and where to store it (or NULL). */
struct site {
    const json_t *value;
    const struct json_field *field;
    const char *pointer;
    void *place;
};

static void store(const struct site *site, const void *value, size_t size)
{
    if (site->place)
        memcpy(site->place, value, size);
}

static void store_text(const struct site *site)
{
    const char *text = json_string_value(site->value);
    store(site, &text, sizeof text);
}

static bool check_text(const struct site *site, struct problem *why)
{
    if (!json_is_string(site->value))
        return fault_add(why, site->pointer, "must be a text");
    size_t length = json_string_length(site->value), limit = site->field->limit;
    if (length == 0)
        return fault_add(why, site->pointer, "must not be empty");
    if (limit > 0 && length > limit)
        return fault_add(why, site->pointer, "must be at most %zu bytes long", limit);
    store_text(site);
    return true;
}

static bool check_money(const struct site *site, struct problem *why)
{
    if (json_is_real(site->value))
        return fault_add(why, site->pointer,
                         "must be an integer in the minor unit, not a fraction");
    if (!json_is_integer(site->value))
        return fault_add(why, site->pointer, "must be an integer in the minor unit");
    int64_t amount = json_integer_value(site->value);
    if (amount < -SAFE_INTEGER || amount > SAFE_INTEGER)
        return fault_add(why, site->pointer, "must lie between -(2^53-1) and 2^53-1");
    store(site, &amount, sizeof amount);
    return true;
}

static bool check_count(const struct site *site, struct problem *why)
{
    int64_t count = json_is_integer(site->value) ? json_integer_value(site->value) : -1;
    if (count < 0 || count > SAFE_INTEGER)
        return fault_add(why, site->pointer, "must be a whole number from 0 to 2^53-1");
    store(site, &count, sizeof count);
    return true;
}

static bool check_currency(const struct site *site, struct problem *why)
{
    if (!json_is_string(site->value) || currency_digits(json_string_value(site->value)) < 0)
        return fault_add(why, site->pointer,
                         "must be the code of an active currency by ISO 4217, as EUR");
    store_text(site);
    return true;
}

static bool check_number(const struct site *site, struct problem *why)
{
    const struct json_field *field = site->field;
    bool is_bounded = field->minimum < 0 || field->maximum > 0;
    double number = json_number_value(site->value);
    if (!json_is_number(site->value))
        return fault_add(why, site->pointer, "must be a number");
    if (is_bounded && !(number >= field->minimum && number <= field->maximum))
        return fault_add(why, site->pointer, "must be a number from %.15g to %.15g",
                         field->minimum, field->maximum);
    return true;
}

static bool check_bool(const struct site *site, struct problem *why)
{
    return json_is_boolean(site->value) ||
           fault_add(why, site->pointer, "must be true or false");
}

static bool check_timestamp(const struct site *site, struct problem *why)
{
    int64_t time;
    if (!json_is_string(site->value) || !timestamp_parse(json_string_value(site->value), &time))
        return fault_add(why, site->pointer,
                         "must be an RFC 3339 time with an offset, years 1900 to 2199, as "
                         "2026-03-01T09:30:00+01:00");
    store(site, &time, sizeof time);
    return true;
}

static bool check_date(const struct site *site, struct problem *why)
{
    const char *text = json_is_string(site->value) ? json_string_value(site->value) : "";
    int64_t time;
    return is_date(text) || timestamp_parse(text, &time) ||
           fault_add(why, site->pointer,
                     "must be a date as 2026-03-01, or an RFC 3339 time, years 1900 to 2199");
}

static bool refuse_choice(const struct site *site, struct problem *why)
{
    char list[sizeof(((struct fault *)0)->detail)] = "";
    size_t length = 0;
    for (const char *const *choice = site->field->choices; *choice; choice++) {
        const char *between = length == 0 ? "" : ", ";
        size_t room = sizeof list - length;
        int added = snprintf(list + length, room, "%s%s", between, *choice);
        length += added > 0 && (size_t)added < room ? (size_t)added : room - 1;
    }
    return fault_add(why, site->pointer, "must be one of: %s", list);
}

static bool check_choice(const struct site *site, struct problem *why)
{
    const char *const *choices = site->field->choices;
    const char *text = json_is_string(site->value) ? json_string_value(site->value) : "";
    int16_t position = 0;
    while (choices[position] && strcmp(choices[position], text) != 0)
        position++;
    if (!choices[position])
        return refuse_choice(site, why);
    store(site, &position, sizeof position);
    return true;
}

static bool check_item(const struct site *list, size_t at, struct problem *why)
{
    static const struct json_field ITEM = {.name = "", .kind = JSON_KIND_TEXT};
    char pointer[JSON_POINTER_SIZE];
    snprintf(pointer, sizeof pointer, "%s/%zu", list->pointer, at);
    const json_t *item = json_array_get(list->value, at);
    if (list->field->fields)
        return json_decode(item, list->field->fields, NULL, pointer, why);
    return check_text(&(struct site){item, &ITEM, pointer, NULL}, why);
}

/* Stops where no further fault would be kept. */
static bool check_list(const struct site *site, struct problem *why)
{
    if (!json_is_array(site->value))
        return fault_add(why, site->pointer, "must be a list");
    size_t count = json_array_size(site->value), limit = site->field->limit;
    if (limit > 0 && count > limit)
        return fault_add(why, site->pointer, "must have at most %zu items", limit);
    bool is_right = true;
    for (size_t at = 0; at < count && why->fault_count < PROBLEM_FAULTS; at++)
        is_right = check_item(site, at, why) && is_right;
    return is_right;
}

static bool check_object(const struct site *site, struct problem *why)
{
    static const struct json_field ANY[] = {{.name = NULL}};
    const struct json_field *fields = site->field->fields;
    return json_decode(site->value, fields ? fields : ANY, NULL, site->pointer, why);
}

static bool (*const CHECKS[])(const struct site *site, struct problem *why) = {
    [JSON_KIND_TEXT] = check_text,           [JSON_KIND_MONEY] = check_money,
    [JSON_KIND_CURRENCY] = check_currency,   [JSON_KIND_COUNT] = check_count,
    [JSON_KIND_NUMBER] = check_number,       [JSON_KIND_BOOL] = check_bool,
    [JSON_KIND_TIMESTAMP] = check_timestamp, [JSON_KIND_DATE] = check_date,
    [JSON_KIND_CHOICE] = check_choice,       [JSON_KIND_LIST] = check_list,
    [JSON_KIND_OBJECT] = check_object,
};

static_assert(COUNT_OF(CHECKS) == JSON_KIND_OBJECT + 1, "a check for every kind");

bool json_is_given(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);
    return member && !json_is_null(member);
}

void json_point_to(char pointer[JSON_POINTER_SIZE], const char *parent, const char *name)
{
    int written = snprintf(pointer, JSON_POINTER_SIZE, "%s/", parent);
    size_t length = written < JSON_POINTER_SIZE ? (size_t)written : JSON_POINTER_SIZE - 1;
    for (; *name != '\0' && length + 2 < JSON_POINTER_SIZE; name++) {
        bool is_escaped = *name == '~' || *name == '/';
        if (is_escaped)
            pointer[length++] = '~';
        pointer[length++] = !is_escaped ? *name : *name == '~' ? '0' : '1';
    }
    pointer[length] = '\0';
}

static bool check_field(const json_t *object, const struct json_field *field, void *target,
                        const char *parent, struct problem *why)
{
    const json_t *value = json_object_get(object, field->name);
    bool is_absent = !value || json_is_null(value);
    if (is_absent && !field->required)
        return true;
    char pointer[JSON_POINTER_SIZE];
    json_point_to(pointer, parent, field->name);
    if (is_absent)
        return fault_add(why, pointer, "is required");
    bool is_stored = target && field->offset != JSON_NOT_STORED;
    void *place = is_stored ? (char *)target + field->offset : NULL;
    return CHECKS[field->kind](&(struct site){value, field, pointer, place}, why);
}

bool json_decode(const json_t *object, const struct json_field *fields, void *target,
                 const char *pointer, struct problem *why)
{
    if (!json_is_object(object))
        return fault_add(why, pointer, "must be an object");
    bool is_right = true;
    for (const struct json_field *field = fields; field->name; field++)
        is_right = check_field(object, field, target, pointer, why) && is_right;
    return is_right;
}

bool json_refuse_others(json_t *object, const struct json_field *fields, const char *pointer,
                        struct problem *why)
{
    const char *name;
    json_t *value;
    bool is_right = true;
    json_object_foreach(object, name, value)
    {
        const struct json_field *field = fields;
        char place[JSON_POINTER_SIZE];
        while (field->name && strcmp(field->name, name) != 0)
            field++;
        if (field->name)
            continue;
        json_point_to(place, pointer, name);
        is_right = fault_add(why, place, "is not known here");
    }
    return is_right;
}
