/* The fields of a custom type: rows of JSON become rows of the tables that json_decode reads
 * by. Some names keep the meaning that they have in the vocabulary, because the ledger has a
 * column for them, or because every type has such a field. */
#include "ingest/custom_type.h"

#include "ingest/fields.h"

#include <stdio.h>
#include <string.h>

enum { NAME_LIMIT = 64, CHOICE_LIMIT = 100 };

/* Where something of the definition stands. */
struct place {
    struct arena *arena;
    const char *pointer;
    unsigned depth; /* of the table; from 1 */
};

struct row {
    const char *name;
    int16_t kind;
};

static const struct json_field ANY_FIELDS[] = {LAST_ROW};

static const struct json_field ROW_FIELDS[] = {
    ROW(MUST, "name", TEXT, .limit = NAME_LIMIT, .offset = offsetof(struct row, name)),
    ROW(MUST, "kind", CHOICE, .choices = KIND_NAMES, .offset = offsetof(struct row, kind)),
    FLAG(MAY, "required"),
    ROW(MAY, "choices", LIST, UNREAD, .limit = CUSTOM_FIELDS_LIMIT),
    ROW(MAY, "fields", LIST, UNREAD, .limit = CUSTOM_FIELDS_LIMIT, FORM(ANY_FIELDS)),
    LAST_ROW};

/* The fields that the ledger has columns for. */
static const struct json_field LEDGER_FIELDS[] = {AMOUNT(MAY), UNITS(MAY), LAST_ROW};

static bool read_table(const struct place *place, const json_t *rows,
                       const struct json_field **fields, struct problem *why);

static const struct json_field *find(const struct json_field *fields, const char *name)
{
    return vocabulary_field(fields, name, strlen(name));
}

static bool blame(const struct place *place, const char *member, const char *detail,
                  struct problem *why)
{
    char pointer[JSON_POINTER_SIZE];
    json_point_to(pointer, place->pointer, member);
    return fault_add(why, pointer, "%s", detail);
}

static bool read_name(const struct place *place, const char *name, struct json_field *field,
                      struct problem *why)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_-";
    if (name[strspn(name, LETTERS)] != '\0')
        return blame(place, "name", "must be of letters, digits, _ and -", why);
    field->name = arena_copy(place->arena, name, strlen(name));
    return field->name != NULL || fail(why, PROBLEM_INTERNAL, "out of memory");
}

static bool read_choices(const struct place *place, const json_t *choices,
                         struct json_field *field, struct problem *why)
{
    size_t count = json_array_size(choices);
    if (field->kind != JSON_KIND_CHOICE)
        return count == 0 || blame(place, "choices", "are for the kind choice only", why);
    if (count == 0)
        return blame(place, "choices", "are required for the kind choice", why);
    const char **texts = arena_alloc(place->arena, (count + 1) * sizeof *texts);
    for (size_t i = 0; texts != NULL && i < count; i++) {
        const json_t *choice = json_array_get(choices, i);
        if (json_string_length(choice) > CHOICE_LIMIT)
            return blame(place, "choices", "are texts of at most 100 bytes", why);
        for (size_t j = 0; j < i; j++)
            if (strcmp(texts[j], json_string_value(choice)) == 0)
                return blame(place, "choices", "must differ from each other", why);
        texts[i] =
            arena_copy(place->arena, json_string_value(choice), json_string_length(choice));
        if (texts[i] == NULL)
            return fail(why, PROBLEM_INTERNAL, "out of memory");
    }
    field->choices = texts;
    return texts != NULL || fail(why, PROBLEM_INTERNAL, "out of memory");
}

/* A list without fields is one of texts; with an empty table, one of any objects. */
static bool read_inner(const struct place *place, const json_t *rows, struct json_field *field,
                       struct problem *why)
{
    char pointer[JSON_POINTER_SIZE];
    if (rows == NULL || json_is_null(rows))
        return true;
    if (field->kind != JSON_KIND_OBJECT && field->kind != JSON_KIND_LIST)
        return blame(place, "fields", "are for the kinds object and list only", why);
    if (place->depth == CUSTOM_FIELDS_DEPTH)
        return blame(place, "fields", "lie too deep", why);
    json_point_to(pointer, place->pointer, "fields");
    const struct place inner = {place->arena, pointer, place->depth + 1};
    return read_table(&inner, rows, &field->fields, why);
}

static bool is_same_table(const struct json_field *one, const struct json_field *other)
{
    for (; one->name != NULL && other->name != NULL; one++, other++)
        if (strcmp(one->name, other->name) != 0 || one->kind != other->kind ||
            one->required != other->required)
            return false;
    return one->name == NULL && other->name == NULL;
}

/* A name that means something in every type means it here too; what remains open is whether it
 * is required, and which texts are to be chosen from. */
static bool keep_meaning(const struct place *place, struct json_field *field,
                         struct problem *why)
{
    const struct json_field *known = find(LEDGER_FIELDS, field->name);
    if (known == NULL)
        known = find(COMMON_FIELDS, field->name);
    if (known == NULL || (known->kind == JSON_KIND_TEXT && field->kind == JSON_KIND_CHOICE))
        return true;
    if (known->kind != field->kind) {
        char detail[80];
        snprintf(detail, sizeof detail, "must be %s: a field %s is that in every type",
                 KIND_NAMES[known->kind], known->name);
        return blame(place, "kind", detail, why);
    }
    if (field->fields != NULL && !is_same_table(field->fields, known->fields))
        return blame(place, "fields", "must be those that the field has in every type", why);
    bool is_required = field->required;
    *field = *known;
    field->required = is_required;
    return true;
}

/* What is no object was told when the table was looked at as a list. */
static bool read_row(const struct place *place, json_t *object, struct json_field *field,
                     struct problem *why)
{
    struct row row;
    if (!json_is_object(object) ||
        !json_decode(object, ROW_FIELDS, &row, place->pointer, why) ||
        !json_refuse_others(object, ROW_FIELDS, place->pointer, why))
        return false;
    *field = (struct json_field){
        .kind = (enum json_kind)row.kind,
        .required = json_is_true(json_object_get(object, "required")),
        .limit = row.kind == JSON_KIND_LIST ? LIST_LIMIT : TEXT_LIMIT,
        .offset = JSON_NOT_STORED,
    };
    return read_name(place, row.name, field, why) &&
           read_choices(place, json_object_get(object, "choices"), field, why) &&
           read_inner(place, json_object_get(object, "fields"), field, why) &&
           (place->depth > 1 || keep_meaning(place, field, why));
}

static bool read_table(const struct place *place, const json_t *rows,
                       const struct json_field **fields, struct problem *why)
{
    size_t count = json_array_size(rows);
    struct json_field *table = arena_alloc(place->arena, (count + 1) * sizeof *table);
    if (table == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    bool is_valid = true;
    size_t filled = 0;
    for (size_t i = 0; i < count; i++) {
        char pointer[JSON_POINTER_SIZE], number[24];
        struct json_field field;
        snprintf(number, sizeof number, "%zu", i);
        json_point_to(pointer, place->pointer, number);
        const struct place row = {place->arena, pointer, place->depth};
        if (!read_row(&row, json_array_get(rows, i), &field, why))
            is_valid = false;
        else if (find(table, field.name) != NULL)
            is_valid = blame(&row, "name", "stands for another field already", why);
        else
            table[filled++] = field;
    }
    *fields = table;
    return is_valid;
}

/* An amount says nothing without its currency, nor the other way round. */
static bool check_amount(const struct json_field *fields, const char *pointer,
                         struct problem *why)
{
    const struct json_field *amount = find(fields, "amount");
    const struct json_field *currency = find(fields, "currency");
    if (amount == NULL && currency == NULL)
        return true;
    return (amount != NULL && currency != NULL && amount->required == currency->required) ||
           fault_add(why, pointer,
                     "amount and currency go together: both required, or neither of them");
}

bool custom_fields_read(struct arena *arena, const json_t *rows, const char *pointer,
                        const struct json_field **fields, struct problem *why)
{
    const struct place place = {arena, pointer, 1};
    return read_table(&place, rows, fields, why) && check_amount(*fields, pointer, why);
}
