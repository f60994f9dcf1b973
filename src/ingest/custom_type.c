#include "ingest/custom_type.h"

#include "ingest/fields.h"

#include <string.h>

struct definition {
    int16_t entry;
    const char *description;
};

static const char *const ENTRIES[] = {
    [ENTRY_ACTIVITY] = "activity", [ENTRY_ENTER] = "enter", [ENTRY_ADVANCE] = "advance", NULL};
static const struct json_field ANY_FIELDS[] = {LAST_ROW};

/* The second half is what follows from the name and cannot be chosen. */
static const struct json_field DEFINITION[] = {
    ROW(MUST, "entry", CHOICE, .choices = ENTRIES,
        .offset = offsetof(struct definition, entry)),
    ROW(MUST, "fields", LIST, UNREAD, .limit = CUSTOM_FIELDS_LIMIT, FORM(ANY_FIELDS)),
    ROW(MAY, "description", TEXT, .limit = CUSTOM_TYPE_DESCRIPTION_LIMIT,
        .offset = offsetof(struct definition, description)),
    NAME(MAY, "type"),
    NAME(MAY, "stage"),
    FLAG(MAY, "scheduled"),
    FLAG(MAY, "subject_required"),
    FLAG(MAY, "custom"),
    LAST_ROW};

/* STAGE_NONE for a name that is not of the form. */
static enum stage_position stage_of(const char *name)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t lengths[3] = {0};
    const char *at = name;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        lengths[i] = strspn(at, LETTERS);
        at += lengths[i];
        if (lengths[i] == 0 || *at++ != (i + 1 < COUNT_OF(lengths) ? '.' : '\0'))
            return STAGE_NONE;
    }
    for (enum stage_position stage = STAGE_FIND; stage < STAGE_POSITIONS; stage++)
        if (strlen(STAGE_NAMES[stage]) == lengths[0] &&
            memcmp(STAGE_NAMES[stage], name, lengths[0]) == 0)
            return stage;
    return STAGE_NONE;
}

/* What was read can be sent back as it is; what cannot be chosen must be what it is. */
static bool check_fixed(const json_t *definition, const struct event_type *type,
                        struct problem *why)
{
    json_t *fixed =
        json_pack("{s:s, s:s, s:b, s:b, s:b}", "type", type->name, "stage",
                  STAGE_NAMES[type->stage], "scheduled", 0, "subject_required", 1, "custom", 1);
    const char *name;
    json_t *value;
    bool is_right = true;
    if (fixed == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    json_object_foreach(fixed, name, value)
    {
        char pointer[JSON_POINTER_SIZE];
        json_point_to(pointer, "", name);
        if (json_is_given(definition, name) &&
            !json_equal(json_object_get(definition, name), value))
            is_right = fault_add(why, pointer, "cannot be chosen: leave it out");
    }
    json_decref(fixed);
    return is_right;
}

bool custom_type_read(struct arena *arena, const char *name, json_t *definition,
                      struct event_type *type, const char **description, struct problem *why)
{
    struct definition read = {.description = NULL};
    *type = (struct event_type){.name = arena_copy(arena, name, strlen(name)),
                                .stage = stage_of(name)};
    *description = NULL;
    if (type->stage == STAGE_NONE || strlen(name) > CUSTOM_TYPE_NAME_LIMIT)
        return fail(why, PROBLEM_UNPROCESSABLE,
                    "a type's name is <stage>.<object>.<past participle> of a-z, 0-9 and _, at "
                    "most %d bytes; the stages are find, sell, deliver, bill, support, loyalty",
                    CUSTOM_TYPE_NAME_LIMIT);
    bool is_valid = json_decode(definition, DEFINITION, &read, "", why);
    is_valid = json_refuse_others(definition, DEFINITION, "", why) && is_valid;
    is_valid = check_fixed(definition, type, why) && is_valid;
    is_valid = custom_fields_read(arena, json_object_get(definition, "fields"), "/fields",
                                  &type->fields, why) &&
               is_valid;
    if (!is_valid)
        return false;
    type->entry = (enum event_entry)read.entry;
    if (read.description != NULL)
        *description = arena_copy(arena, read.description, strlen(read.description));
    return (type->name != NULL && (read.description == NULL || *description != NULL)) ||
           fail(why, PROBLEM_INTERNAL, "out of memory");
}
