/* Any bytes as a file of CSV: wherever the pieces end in which it comes, its rows are the same;
 * a row that is written again by the rules is read as it was; and a row of events is the JSON
 * that its cells say, for the same judge as all events. */
#include "fuzz.h"

#include "base/clock.h"
#include "ingest/rows.h"
#include "json/decode.h"

enum { MEMORY = 16 * 1024 * 1024, TEXT_LIMIT = 4 * 1024 * 1024 };

static const struct csv_constants NO_CONSTANTS;

struct rest {
    const char *data;
    size_t size, piece;
};

static enum source_state read_rest(void *closure, char *into, size_t size, size_t *length)
{
    struct rest *rest = closure;
    *length = rest->size < rest->piece ? rest->size : rest->piece;
    *length = *length < size ? *length : size;
    memcpy(into, rest->data, *length);
    rest->data += *length;
    rest->size -= *length;
    return *length > 0 ? SOURCE_FLOWS : SOURCE_ENDED;
}

static bool needs_quotes(const char *cell, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (strchr(",\"\n\r", cell[i]) != NULL)
            return true;
    return length == 0;
}

static void write_row(struct buffer *out, const struct csv_row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        const char *cell = csv_cell(row, i);
        bool is_quoted = needs_quotes(cell, row->lengths[i]);
        buffer_text(out, i > 0 ? "," : "");
        buffer_text(out, is_quoted ? "\"" : "");
        for (size_t j = 0; j < row->lengths[i]; j++)
            buffer_append(out, cell[j] == '"' ? "\"\"" : &cell[j], cell[j] == '"' ? 2 : 1);
        buffer_text(out, is_quoted ? "\"" : "");
    }
    buffer_text(out, "\n");
}

/* All rows that can be read, as a file by the rules. */
static struct buffer rewrite(struct arena *arena, struct reader *reader, const char *data,
                             size_t size, size_t piece)
{
    struct rest rest = {data, size, piece};
    struct buffer out = buffer_create(arena, TEXT_LIMIT);
    struct problem why = {0};
    struct csv_row row;
    enum read_result result;
    MUST_HOLD(csv_create(arena, &row));
    reader_start(reader, (struct source){read_rest, &rest});
    while ((result = csv_read(reader, &row, &why)) != READ_END) {
        if (result == READ_ROW) {
            MUST_HOLD(row.count > 0 && row.count <= CSV_COLUMNS && row.length <= CSV_BYTES);
            write_row(&out, &row);
            continue;
        }
        promise_refusal(&why);
        buffer_print(&out, "%s\n", "unread");
        why = (struct problem){0};
    }
    MUST_HOLD(reader->bytes == size && !out.failed);
    return out;
}

static bool is_same(const struct buffer *one, const struct buffer *other)
{
    return one->length == other->length &&
           (one->length == 0 || memcmp(one->data, other->data, one->length) == 0);
}

static void check_rows(struct arena *arena, struct reader *reader, const char *data,
                       size_t size)
{
    struct buffer whole = rewrite(arena, reader, data, size, READER_BUFFER);
    struct buffer pieces = rewrite(arena, reader, data, size, 1 + size % 5);
    MUST_HOLD(is_same(&whole, &pieces));
    /* a line end within a cell is read as one character, and the mark at the front not at all
     */
    if (whole.length == 0 || memmem(whole.data, whole.length, "\r\n", 2) != NULL ||
        whole.data[0] == '\xef')
        return;
    struct buffer again = rewrite(arena, reader, whole.data, whole.length, READER_BUFFER);
    MUST_HOLD(is_same(&whole, &again));
}

/* A sound row is a JSON object, and what is wrong with it stands in it. */
static void check_event(struct arena *arena, const struct text *text,
                        const struct event_context *context)
{
    struct problem why = {0};
    struct event event;
    size_t used = 0;
    json_t *value = json_parse(text->data, text->length, &used, &why);
    if (value == NULL) {
        promise_refusal(&why);
        return;
    }
    MUST_HOLD(used <= text->length);
    if (event_read(arena, text->data, used, value, context, &event, &why)) {
        MUST_HOLD(event.type != NULL && event.source != NULL && event.id != NULL);
        MUST_HOLD(event.body_length <= EVENT_BODY_LIMIT);
    } else {
        promise_refusal(&why);
        promise_pointers(&why, value);
    }
    json_decref(value);
}

/* As an import reads it, in one form or the other. */
static void check_rows_of(struct arena *arena, enum rows_format format, const char *data,
                          size_t size)
{
    const struct event_context context = {.now = clock_utc(), .type_prefix = "com.acme"};
    struct rest rest = {data, size, READER_BUFFER};
    struct rows *rows = arena_alloc(arena, sizeof *rows);
    struct problem why = {0};
    struct text text;
    enum read_result result;
    MUST_HOLD(rows != NULL &&
              rows_create(arena, format, (struct source){read_rest, &rest}, rows, &why));
    if (!rows_begin(rows, arena, &NO_CONSTANTS, &why)) {
        promise_refusal(&why);
        return;
    }
    while ((result = rows_next(rows, arena, &context, &text, &why)) != READ_END) {
        if (result == READ_ROW)
            check_event(arena, &text, &context);
        else
            promise_refusal(&why);
        why = (struct problem){0};
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(MEMORY);
    struct reader *reader = malloc(sizeof *reader);
    MUST_HOLD(arena != NULL && reader != NULL);
    check_rows(arena, reader, (const char *)data, size);
    check_rows_of(arena, ROWS_CSV, (const char *)data, size);
    check_rows_of(arena, ROWS_NDJSON, (const char *)data, size);
    free(reader);
    arena_destroy(arena);
    return 0;
}
