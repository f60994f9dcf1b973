/* The rows of an input in either format, as the JSON texts of events. */
#ifndef CLMD_INGEST_ROWS_H
#define CLMD_INGEST_ROWS_H

#include "base/arena.h"
#include "base/problem.h"
#include "ingest/csv_event.h"
#include "ingest/reader.h"

#include <stdbool.h>
#include <stddef.h>

enum rows_format { ROWS_NDJSON, ROWS_CSV };

struct rows {
    enum rows_format format;
    char *line; /* NDJSON: the text of a row */

    /* CSV: */
    struct csv_row row;
    struct csv_header header;

    struct reader reader;
};

/* The text of a row. It has no end of its own: what is left of a longer one may follow. */
struct text {
    const char *data;
    size_t length;
};

/* Whether nothing follows but white space. */
bool text_ends(const struct text *text, size_t at);

/* What they take lives as long as the arena. */
bool rows_create(struct arena *arena, enum rows_format format, struct source source,
                 struct rows *rows, struct problem *why) MUST_CHECK;

/* Reads what stands before the first row: CSV's header. */
bool rows_begin(struct rows *rows, struct arena *arena, const struct csv_constants *constants,
                struct problem *why) MUST_CHECK;

/* The next row; its text lives until the next one is read, and as long as the arena.
 * READ_BAD, with the problem: it cannot be read, or is no event. A row that the source broke
 * off is none: READ_END. */
enum read_result rows_next(struct rows *rows, struct arena *arena,
                           const struct event_context *context, struct text *text,
                           struct problem *problem);

#endif
