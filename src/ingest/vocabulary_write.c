/* The vocabulary for others: as JSON for its readers, as SQL for the database's copy. */
#include "ingest/vocabulary.h"

const char *const KIND_NAMES[JSON_KIND_OBJECT + 2] = {
    [JSON_KIND_TEXT] = "text",         [JSON_KIND_MONEY] = "money",
    [JSON_KIND_CURRENCY] = "currency", [JSON_KIND_COUNT] = "count",
    [JSON_KIND_NUMBER] = "number",     [JSON_KIND_BOOL] = "bool",
    [JSON_KIND_TIMESTAMP] = "time",    [JSON_KIND_DATE] = "date",
    [JSON_KIND_CHOICE] = "choice",     [JSON_KIND_LIST] = "list",
    [JSON_KIND_OBJECT] = "object",
};

static const char *bool_name(bool value)
{
    return value ? "true" : "false";
}

static void write_choices(struct buffer *out, const char *const *choices)
{
    buffer_text(out, ",\"choices\":[");
    for (size_t i = 0; choices[i] != NULL; i++) {
        buffer_text(out, i > 0 ? "," : "");
        buffer_json_text(out, choices[i]);
    }
    buffer_text(out, "]");
}

/* Tables nest as deep as they are written: an object's fields, a list's items. An empty one
 * tells a list of any objects from one of texts. */
void fields_write(struct buffer *out, const struct json_field *fields)
{
    buffer_text(out, "[");
    for (const struct json_field *field = fields; field->name != NULL; field++) {
        buffer_text(out, field > fields ? ",{\"name\":" : "{\"name\":");
        buffer_json_text(out, field->name);
        buffer_print(out, ",\"kind\":\"%s\",\"required\":%s", KIND_NAMES[field->kind],
                     bool_name(field->required));
        if (field->choices != NULL)
            write_choices(out, field->choices);
        bool is_list = field->kind == JSON_KIND_LIST;
        if (field->fields != NULL && (is_list || field->fields->name != NULL)) {
            buffer_text(out, ",\"fields\":");
            fields_write(out, field->fields);
        }
        buffer_text(out, "}");
    }
    buffer_text(out, "]");
}

void event_type_write(struct buffer *out, const struct event_type *type)
{
    buffer_text(out, "{\"type\":");
    buffer_json_text(out, type->name);
    buffer_text(out, ",\"stage\":");
    buffer_json_text(out, type->stage == STAGE_NONE ? NULL : STAGE_NAMES[type->stage]);
    buffer_print(out,
                 ",\"entry\":\"%s\",\"scheduled\":%s,\"subject_required\":%s,\"custom\":false,"
                 "\"fields\":",
                 ENTRY_NAMES[type->entry], bool_name(type->is_scheduled),
                 bool_name(!type->needs_no_subject));
    fields_write(out, type->fields);
    buffer_text(out, "}");
}

void vocabulary_write(struct buffer *out, const char *custom_types)
{
    buffer_text(out, "{\"data\":[");
    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++) {
        buffer_text(out, i > 0 ? "," : "");
        event_type_write(out, &EVENT_TYPES[i]);
    }
    if (custom_types != NULL) {
        buffer_text(out, ",");
        buffer_text(out, custom_types);
    }
    buffer_text(out, "],\"common_fields\":");
    fields_write(out, COMMON_FIELDS);
    buffer_text(out, "}");
}

static void write_stages_sql(struct buffer *out)
{
    buffer_text(out, "insert into lifecycle.department (department, name)\nvalues");
    for (int stage = STAGE_FIND; stage < STAGE_POSITIONS; stage++)
        buffer_print(out, "%s\n    (%d, '%s')", stage > STAGE_FIND ? "," : "", stage,
                     STAGE_NAMES[stage]);
    buffer_text(out, "\non conflict (department) do update set name = excluded.name;\n");
}

/* A custom type whose name the vocabulary takes for itself keeps its code and its events. */
static void write_renaming_sql(struct buffer *out)
{
    buffer_print(out,
                 "update lifecycle.event_type set name = name || '_' || type\n"
                 "where type >= %d and name in (",
                 CUSTOM_TYPE_CODE);
    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++)
        buffer_print(out, "%s'%s'", i > 0 ? ", " : "", EVENT_TYPES[i].name);
    buffer_text(out, ");\n");
}

static void write_types_sql(struct buffer *out)
{
    write_renaming_sql(out);
    buffer_text(out, "insert into lifecycle.event_type (type, name, stage, entry)\nvalues");
    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++) {
        const struct event_type *type = &EVENT_TYPES[i];
        buffer_print(out, "%s\n    (%d, '%s', nullif(%d, 0), '%s')", i > 0 ? "," : "",
                     type->code, type->name, (int)type->stage, ENTRY_NAMES[type->entry]);
    }
    buffer_text(out, "\non conflict (type) do update set\n    name = excluded.name,\n"
                     "    stage = excluded.stage,\n    entry = excluded.entry;\n");
}

static void write_currencies_sql(struct buffer *out)
{
    int digits = 0;
    const char *code = NULL;
    buffer_text(out, "insert into lifecycle.currency (currency, digits)\nvalues");
    for (size_t i = 0; (code = currency_at(i, &digits)) != NULL; i++)
        buffer_print(out, "%s\n    ('%s', %d)", i > 0 ? "," : "", code, digits);
    buffer_text(out, "\non conflict (currency) do update set digits = excluded.digits;\n");
}

void vocabulary_write_sql(struct buffer *out)
{
    write_stages_sql(out);
    write_types_sql(out);
    write_currencies_sql(out);
}
