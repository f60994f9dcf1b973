#include "ingest/csv.h"

#include <inttypes.h>
#include <stdio.h>

bool csv_create(struct arena *arena, struct csv_row *row)
{
    *row = (struct csv_row){.text = arena_alloc_raw(arena, CSV_BYTES)};
    return row->text != NULL;
}

const char *csv_cell(const struct csv_row *row, size_t position)
{
    return row->text + row->starts[position];
}

static bool put(struct csv_row *row, int byte, struct problem *why)
{
    if (row->length == CSV_BYTES)
        return fail(why, PROBLEM_UNPROCESSABLE, "the row is longer than %d bytes", CSV_BYTES);
    row->text[row->length++] = (char)byte;
    return true;
}

static bool is_cell_end(int byte)
{
    return byte == ',' || byte == '\n' || byte == EOF;
}

/* The two kinds of cells: `byte` is the one read last, and in the end what ended the cell. */

static bool read_plain(struct reader *reader, struct csv_row *row, int *byte,
                       struct problem *why)
{
    for (; !is_cell_end(*byte); *byte = reader_next(reader)) {
        if (*byte == '"')
            return fail(why, PROBLEM_UNPROCESSABLE,
                        "a quote stands in a cell that does not begin with one");
        if (!put(row, *byte, why))
            return false;
    }
    return true;
}

/* Whoever forgets to close a quote loses the rows up to the next one, or up to the limit: it is
 * told how far. */
static bool read_quoted(struct reader *reader, struct csv_row *row, int *byte,
                        struct problem *why)
{
    uint64_t line = reader->line;
    for (;;) {
        *byte = reader_next(reader);
        if (*byte == EOF)
            return fail(why, PROBLEM_UNPROCESSABLE,
                        "a quote is opened in line %" PRIu64 " and never closed", line);
        if (*byte == '"' && (*byte = reader_next(reader)) != '"')
            break;
        if (!put(row, *byte, why))
            return fail(why, PROBLEM_UNPROCESSABLE,
                        "the row is longer than %d bytes: the quote that is opened in line "
                        "%" PRIu64 " is not closed; what follows it is passed over up to line "
                        "%" PRIu64,
                        CSV_BYTES, line, reader->line);
    }
    return is_cell_end(*byte) ||
           fail(why, PROBLEM_UNPROCESSABLE, "something follows a closing quote");
}

static bool read_cell(struct reader *reader, struct csv_row *row, int *byte,
                      struct problem *why)
{
    if (row->count == CSV_COLUMNS)
        return fail(why, PROBLEM_UNPROCESSABLE, "the row has more than %d cells", CSV_COLUMNS);
    size_t start = row->length;
    bool is_read =
        *byte == '"' ? read_quoted(reader, row, byte, why) : read_plain(reader, row, byte, why);
    if (!is_read || !put(row, '\0', why))
        return false;
    row->starts[row->count] = start;
    row->lengths[row->count] = row->length - start - 1;
    row->count++;
    return true;
}

enum read_result csv_read(struct reader *reader, struct csv_row *row, struct problem *why)
{
    int byte;
    do {
        reader_begin(reader);
        byte = reader_next(reader);
    } while (byte == '\n');
    if (byte == EOF)
        return READ_END;
    row->length = row->count = 0;
    for (;; byte = reader_next(reader)) {
        if (!read_cell(reader, row, &byte, why)) {
            reader_skip_line(reader, byte);
            return READ_BAD;
        }
        if (byte != ',')
            return READ_ROW;
    }
}
