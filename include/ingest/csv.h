/* CSV by RFC 4180, row by row: cells in quotes may hold commas, line ends and doubled
 * quotes. */
#ifndef CLMD_INGEST_CSV_H
#define CLMD_INGEST_CSV_H

#include "base/arena.h"
#include "base/problem.h"
#include "ingest/reader.h"

#include <stddef.h>

enum {
    CSV_COLUMNS = 256,
    CSV_BYTES = 256 * 1024 /* of all cells of a row */
};

struct csv_row {
    char *text; /* the cells, one after the other, each ends in NUL */
    size_t length;
    size_t starts[CSV_COLUMNS];
    size_t lengths[CSV_COLUMNS];
    size_t count;
};

/* False when out of memory. */
bool csv_create(struct arena *arena, struct csv_row *row) MUST_CHECK;

/* The next row that is not an empty line. READ_BAD, with a problem: the row cannot be read, and
 * what could not was passed over up to the end of a line. */
enum read_result csv_read(struct reader *reader, struct csv_row *row, struct problem *why);

/* A cell's text, which ends in NUL. */
const char *csv_cell(const struct csv_row *row, size_t position);

#endif
