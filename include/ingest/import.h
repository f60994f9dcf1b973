/* An import: rows of NDJSON or CSV of any number, through the same validation and the same
 * batches as single events, in bounded memory. For `clmd import` and POST /v1/imports. */
#ifndef CLMD_INGEST_IMPORT_H
#define CLMD_INGEST_IMPORT_H

#include "base/problem.h"
#include "db/db.h"
#include "ingest/refusals.h"
#include "ingest/registry.h"
#include "ingest/rows.h"
#include "ingest/storer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ingest_counts;

struct import_counts {
    uint64_t lines; /* that were judged and stored, or refused; the sum of what follows */
    uint64_t created, duplicate, conflict, rejected;
    uint64_t reached; /* the line of the input up to which all is told in this */
};

/* How it ended. What `counts` tells is stored in any case. */
enum import_end {
    IMPORT_DONE,
    IMPORT_FAILED,     /* `why` tells: the database, or an input that is no such thing */
    IMPORT_INTERRUPTED /* the source broke; a row that was cut off is left out */
};

struct import_options {
    enum rows_format format;
    struct csv_constants constants; /* ROWS_CSV */
    unsigned batch_events;
    const char *type_prefix;        /* see struct event_context */
    struct registry *registry;      /* of the custom types */
    const struct rights *rights;    /* of the sender; NULL: any */
    struct refusals *refusals;      /* of rejected rows */
    struct ingest_counts *ingested; /* NULL: they are not counted */
    struct source source; /* is read again after it was quiet; what came is stored meanwhile */
    struct db *dbs[STORERS];
    size_t db_count;

    /* Both are called on the importing thread.
     * reject: a row that was not stored, as JSON without a line end. False ends the import.
     * progress: at least once a second. */
    bool (*reject)(void *closure, const char *json, size_t length, struct problem *why);
    void (*progress)(void *closure, const struct import_counts *counts);
    void *closure;
};

enum import_end import_run(const struct import_options *options, struct import_counts *counts,
                           struct problem *why) MUST_CHECK;

#endif
