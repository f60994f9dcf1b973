/* Rows of the database as they go out in a long answer: NDJSON (one column, a JSON value each)
 * or CSV (RFC 4180: a header, then a line for each row, null as an empty cell), packed if the
 * caller likes that, in pieces that are worth sending. */
#ifndef CLMD_API_SHEET_H
#define CLMD_API_SHEET_H

#include "base/pack.h"
#include "base/problem.h"
#include "http/request.h"

#include <stdbool.h>
#include <stddef.h>

struct pg_result; /* libpq's PGresult */

enum { SHEET_PIECE = 32 * 1024 };

struct sheet {
    struct stream *stream;
    struct packer *packer; /* NULL: as it is */
    bool is_csv;
    bool is_broken; /* the client is gone */
    size_t length;  /* of the piece that is being filled */
    char piece[SHEET_PIECE], packed[SHEET_PIECE];
};

/* In the request's arena, of the format that it asked for: its answer_type. */
bool sheet_create(struct request *request, struct sheet **sheet,
                  struct problem *why) MUST_CHECK;

/* The names of the result's columns, for CSV. */
void sheet_head(struct sheet *sheet, const struct pg_result *rows);

/* The rows of the result. */
void sheet_rows(struct sheet *sheet, const struct pg_result *rows);

/* All is told: the answer ends. */
void sheet_end(struct sheet *sheet);

#endif
