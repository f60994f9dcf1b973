#include "ingest/csv_event.h"

#include "base/utf8.h"
#include "ingest/vocabulary.h"

#include <stdlib.h>
#include <string.h>

static const char DATA[] = "data.";

static bool is_field(const char *name)
{
    static const char *const FIELDS[] = {"id", "source", "type", "subject", "time", "sequence"};
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++)
        if (strcmp(name, FIELDS[i]) == 0)
            return true;
    if (strncmp(name, DATA, sizeof DATA - 1) != 0)
        return false;
    bool has_empty_part = strstr(name, "..") != NULL || name[strlen(name) - 1] == '.';
    return !has_empty_part;
}

static int compare_columns(const void *one, const void *other)
{
    const struct csv_column *first = one, *second = other;
    return strcmp(first->name, second->name);
}

static const struct csv_column *find_column(const struct csv_header *header, const char *name)
{
    const struct csv_column key = {.name = name};
    return bsearch(&key, header->columns, header->count, sizeof key, compare_columns);
}

static bool check_header(struct csv_header *header, struct problem *why)
{
    static const char *const REQUIRED[] = {"id", "source", "type", "time"};
    for (size_t i = 1; i < header->count; i++) {
        const struct csv_column *one = &header->columns[i - 1], *other = &header->columns[i];
        if (compare_columns(one, other) != 0)
            continue;
        return fail(why, PROBLEM_UNPROCESSABLE,
                    one->constant == NULL && other->constant == NULL
                        ? "the header names %s twice"
                        : "the header has a column %s, and it is given beside it",
                    one->name);
    }
    for (size_t i = 0; i < COUNT_OF(REQUIRED); i++)
        if (find_column(header, REQUIRED[i]) == NULL)
            return fail(why, PROBLEM_UNPROCESSABLE, "the header has no column %s", REQUIRED[i]);
    header->type = find_column(header, "type");
    return true;
}

static void add_constant(struct csv_header *header, const char *name, const char *text)
{
    if (text != NULL)
        header->columns[header->count++] = (struct csv_column){.name = name, .constant = text};
}

bool csv_header_read(struct arena *arena, const struct csv_row *row,
                     const struct csv_constants *constants, struct csv_header *header,
                     struct problem *why)
{
    header->count = header->cells = row->count;
    for (size_t i = 0; i < row->count; i++) {
        const char *name = csv_cell(row, i);
        if (!is_field(name))
            return fail(why, PROBLEM_UNPROCESSABLE,
                        "the header names \"%.64s\", which is no field of an event: those are "
                        "id, source, type, subject, time, sequence and data.<member>",
                        name);
        header->columns[i] = (struct csv_column){
            .name = arena_copy(arena, name, row->lengths[i]), .position = i};
        if (header->columns[i].name == NULL)
            return fail(why, PROBLEM_INTERNAL, "out of memory");
    }
    add_constant(header, "source", constants->source);
    add_constant(header, "type", constants->type);
    qsort(header->columns, header->count, sizeof *header->columns, compare_columns);
    return check_header(header, why);
}

/* The field that "data.cost.amount" names for a type; NULL if its table has none. */
static const struct json_field *find_field(const struct event_type *type, const char *name)
{
    if (type == NULL || strncmp(name, DATA, sizeof DATA - 1) != 0)
        return NULL;
    name += sizeof DATA - 1;
    size_t length = strcspn(name, ".");
    const struct json_field *field = vocabulary_field(type->fields, name, length);
    if (field == NULL)
        field = vocabulary_field(COMMON_FIELDS, name, length);
    while (field != NULL && name[length] == '.') {
        name += length + 1;
        length = strcspn(name, ".");
        field = field->fields != NULL ? vocabulary_field(field->fields, name, length) : NULL;
    }
    return field;
}

/* Whether a text is a number as JSON writes it. */
static bool is_number(const char *text)
{
    static const char DIGITS[] = "0123456789";
    text += *text == '-';
    size_t digits = strspn(text, DIGITS);
    if (digits == 0 || (digits > 1 && text[0] == '0'))
        return false;
    text += digits;
    if (*text == '.') {
        digits = strspn(text + 1, DIGITS);
        if (digits == 0)
            return false;
        text += 1 + digits;
    }
    if (*text == 'e' || *text == 'E') {
        text += 1 + (text[1] == '+' || text[1] == '-');
        digits = strspn(text, DIGITS);
        if (digits == 0)
            return false;
        text += digits;
    }
    return *text == '\0';
}

/* Whether the text stands in JSON as it is. What does not look like what its field is stays a
 * text, and is refused as such. */
static bool is_bare(const struct json_field *field, const char *text)
{
    if (field == NULL)
        return false;
    if (field->kind == JSON_KIND_BOOL)
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    bool is_numeric = field->kind == JSON_KIND_MONEY || field->kind == JSON_KIND_COUNT ||
                      field->kind == JSON_KIND_NUMBER;
    return is_numeric && is_number(text);
}

/* JSON in the making: the objects that are open, as the beginning of a name ("data.cost."). */
struct writer {
    struct buffer *out;
    const char *open;
    size_t open_length;
    bool needs_comma;
};

static void write_key(struct writer *writer, const char *name, size_t length)
{
    if (writer->needs_comma)
        buffer_text(writer->out, ",");
    buffer_json(writer->out, name, length);
    buffer_text(writer->out, ":");
}

/* Closes and opens objects, until the one is open that the name's first `length` bytes name. */
static void enter(struct writer *writer, const char *name, size_t length)
{
    size_t common = 0;
    for (size_t i = 0; i < length && i < writer->open_length; i++) {
        if (name[i] != writer->open[i])
            break;
        if (name[i] == '.')
            common = i + 1;
    }
    for (size_t i = common; i < writer->open_length; i++)
        if (writer->open[i] == '.') {
            buffer_text(writer->out, "}");
            writer->needs_comma = true;
        }
    for (size_t at = common, part = 0; at < length; at += part + 1) {
        part = strcspn(name + at, ".");
        write_key(writer, name + at, part);
        buffer_text(writer->out, "{");
        writer->needs_comma = false;
    }
    writer->open = name;
    writer->open_length = length;
}

static bool is_text(const char *text, size_t length)
{
    return is_utf8(text, length) && memchr(text, '\0', length) == NULL;
}

static void write_cell(struct writer *writer, const struct event_type *type, const char *name,
                       const char *text, size_t length)
{
    const char *dot = strrchr(name, '.');
    size_t parent_length = dot != NULL ? (size_t)(dot - name) + 1 : 0;
    enter(writer, name, parent_length);
    write_key(writer, name + parent_length, strlen(name + parent_length));
    if (is_bare(find_field(type, name), text))
        buffer_append(writer->out, text, length);
    else
        buffer_json(writer->out, text, length);
    writer->needs_comma = true;
}

static const char *text_of(const struct csv_row *row, const struct csv_column *column,
                           size_t *length)
{
    bool is_cell = column->constant == NULL;
    const char *text = is_cell ? csv_cell(row, column->position) : column->constant;
    *length = is_cell ? row->lengths[column->position] : strlen(text);
    return text;
}

bool csv_event_write(const struct csv_header *header, const struct csv_row *row,
                     const struct event_context *context, struct buffer *out,
                     struct problem *why)
{
    const struct event_type *type;
    struct writer writer = {.out = out, .open = ""};
    size_t length;
    if (row->count != header->cells)
        return fail(why, PROBLEM_UNPROCESSABLE, "the row has %zu cells, the header %zu",
                    row->count, header->cells);
    if (!event_type_find(out->arena, text_of(row, header->type, &length), context, &type, why))
        return false;
    buffer_text(out, "{");
    for (size_t i = 0; i < header->count; i++) {
        const struct csv_column *column = &header->columns[i];
        const char *text = text_of(row, column, &length);
        if (!is_text(text, length))
            return fail(why, PROBLEM_UNPROCESSABLE, "the cell of column %s is not UTF-8 text",
                        column->name);
        if (length > 0)
            write_cell(&writer, type, column->name, text, length);
    }
    enter(&writer, "", 0);
    buffer_text(out, "}");
    return !out->failed || fail(why, PROBLEM_UNPROCESSABLE, "the row makes too large an event");
}
