/* clmd import: NDJSON or CSV from a file, through the same validation and the same batches as
 * the API. */
#ifndef CLMD_INGEST_IMPORT_H
#define CLMD_INGEST_IMPORT_H

#include "base/problem.h"
#include "db/db.h"
#include "ingest/registry.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum import_format { IMPORT_BY_NAME, IMPORT_NDJSON, IMPORT_CSV };

struct import_options {
    const char *name;          /* of the input, for messages and to tell the format (.csv) */
    enum import_format format; /* BY_NAME: .csv is CSV, all else NDJSON */
    unsigned batch_events;
    const char *type_prefix;   /* see struct event_context */
    struct registry *registry; /* of the custom types */
    FILE *rejects;  /* a line of JSON for each: {"line", "reason", "errors", "input"} */
    FILE *progress; /* a terminal, or NULL */
};

struct import_counts {
    uint64_t lines, created, duplicate, conflict, rejected;
};

/* Reads to the end. Bounded memory, whatever the file's size. False when the database failed
 * for good or the input could not be read; what `counts` tells is stored all the same. */
bool import_run(struct db *db, FILE *input, const struct import_options *options,
                struct import_counts *counts, struct problem *why) MUST_CHECK;

#endif
