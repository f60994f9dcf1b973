#include "ingest/identity.h"

#include "ingest/event.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { POINTER_SIZE = sizeof(((struct fault *)0)->pointer) };

bool name_check(const char *name, const char *pointer, struct problem *why)
{
    if (name == NULL || *name == '\0')
        return true;
    for (const char *at = name; *at != '\0'; at++)
        if (iscntrl((unsigned char)*at))
            return fault_add(why, pointer, "must not contain control characters");
    if (name[0] == ' ' || name[strlen(name) - 1] == ' ')
        return fault_add(why, pointer, "must not begin or end with a space");
    return true;
}

static bool check_identifiers(const json_t *identifiers, const char *parent,
                              struct problem *why)
{
    bool is_right = true;
    const json_t *item;
    size_t at;
    json_array_foreach(identifiers, at, item)
    {
        char pointer[POINTER_SIZE];
        snprintf(pointer, sizeof pointer, "%s/identifiers/%zu", parent, at);
        if (json_string_length(item) > EVENT_NAME_LIMIT)
            is_right =
                fault_add(why, pointer, "must be at most %d bytes long", EVENT_NAME_LIMIT);
        else
            is_right = name_check(json_string_value(item), pointer, why) && is_right;
    }
    return is_right;
}

static int depth_of(json_t *value)
{
    int deepest = 0;
    const char *name;
    json_t *member;
    size_t at;
    json_array_foreach(value, at, member)
    {
        int depth = depth_of(member);
        deepest = depth > deepest ? depth : deepest;
    }
    json_object_foreach(value, name, member)
    {
        int depth = depth_of(member);
        deepest = depth > deepest ? depth : deepest;
    }
    return json_is_array(value) || json_is_object(value) ? deepest + 1 : 0;
}

bool identity_check(const json_t *object, const char *pointer, struct problem *why)
{
    char place[POINTER_SIZE];
    bool is_right = check_identifiers(json_object_get(object, "identifiers"), pointer, why);
    snprintf(place, sizeof place, "%s/into", pointer);
    is_right =
        name_check(json_string_value(json_object_get(object, "into")), place, why) && is_right;
    snprintf(place, sizeof place, "%s/attributes", pointer);
    if (depth_of(json_object_get(object, "attributes")) > IDENTITY_DEPTH)
        is_right = fault_add(why, place, "must not lie deeper than %d levels", IDENTITY_DEPTH);
    return is_right;
}
