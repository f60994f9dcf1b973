#include "ingest/rows.h"

#include <string.h>

bool text_ends(const struct text *text, size_t at)
{
    while (at < text->length && memchr(" \t\r\n", text->data[at], 4) != NULL)
        at++;
    return at == text->length;
}

bool rows_create(struct arena *arena, enum rows_format format, struct source source,
                 struct rows *rows, struct problem *why)
{
    bool is_csv = format == ROWS_CSV;
    rows->format = format;
    rows->line = is_csv ? NULL : arena_alloc_raw(arena, EVENT_BODY_LIMIT);
    if (is_csv ? !csv_create(arena, &rows->row) : rows->line == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    reader_start(&rows->reader, source);
    return true;
}

bool rows_begin(struct rows *rows, struct arena *arena, const struct csv_constants *constants,
                struct problem *why)
{
    if (rows->format != ROWS_CSV)
        return true;
    switch (csv_read(&rows->reader, &rows->row, why)) {
    case READ_ROW:
        return csv_header_read(arena, &rows->row, constants, &rows->header, why);
    case READ_BAD:
        return false;
    case READ_END:
        break;
    }
    return fail(why, PROBLEM_UNPROCESSABLE, "the input is empty: it has no header");
}

static enum read_result next_line(struct rows *rows, struct text *text, struct problem *problem)
{
    enum read_result result =
        reader_line(&rows->reader, rows->line, EVENT_BODY_LIMIT, &text->length);
    text->data = rows->line;
    if (result == READ_BAD)
        fail(problem, PROBLEM_TOO_LARGE, "an event has at most %d bytes", EVENT_BODY_LIMIT);
    return result;
}

static enum read_result next_csv(struct rows *rows, struct arena *arena,
                                 const struct event_context *context, struct text *text,
                                 struct problem *problem)
{
    struct buffer out = buffer_create(arena, EVENT_BODY_LIMIT);
    enum read_result result = csv_read(&rows->reader, &rows->row, problem);
    if (result == READ_ROW &&
        !csv_event_write(&rows->header, &rows->row, context, &out, problem))
        return READ_BAD;
    *text = (struct text){out.data, out.length};
    return result;
}

enum read_result rows_next(struct rows *rows, struct arena *arena,
                           const struct event_context *context, struct text *text,
                           struct problem *problem)
{
    enum read_result result = rows->format == ROWS_CSV
                                  ? next_csv(rows, arena, context, text, problem)
                                  : next_line(rows, text, problem);
    return rows->reader.state == SOURCE_BROKEN ? READ_END : result;
}
