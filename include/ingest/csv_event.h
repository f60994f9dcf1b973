/* Events in rows of CSV. The header names the fields: id, source, type, subject, time,
 * sequence, and data.<member>, or data.<member>.<member> for what lies deeper. An empty cell is
 * an absent field. A cell is a text, unless the type's table knows its field as a number, an
 * amount of money, a count or a bool. */
#ifndef CLMD_INGEST_CSV_EVENT_H
#define CLMD_INGEST_CSV_EVENT_H

#include "base/buffer.h"
#include "base/problem.h"
#include "ingest/csv.h"
#include "ingest/event.h"

#include <stdbool.h>
#include <stddef.h>

/* What every row has, because the header has no such column; each may be NULL. */
struct csv_constants {
    const char *source, *type;
};

struct csv_column {
    const char *name;
    size_t position;      /* in the row */
    const char *constant; /* of every row, in place of a cell; NULL: none */
};

enum { CSV_CONSTANTS = sizeof(struct csv_constants) / sizeof(const char *) };

struct csv_header {
    struct csv_column columns[CSV_COLUMNS + CSV_CONSTANTS]; /* by name: so the members of an
                                                             * object adjoin */
    size_t count;
    size_t cells; /* of a row */
    const struct csv_column *type;
};

/* Takes the header from the first row. A name that no event has is a clear fault. */
bool csv_header_read(struct arena *arena, const struct csv_row *row,
                     const struct csv_constants *constants, struct csv_header *header,
                     struct problem *why) MUST_CHECK;

/* Writes a row as the JSON text of an event, for event_read to judge; `context` as there. False
 * when the row has more or fewer cells than the header, or one that is not UTF-8. */
bool csv_event_write(const struct csv_header *header, const struct csv_row *row,
                     const struct event_context *context, struct buffer *out,
                     struct problem *why) MUST_CHECK;

#endif
