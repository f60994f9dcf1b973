/* An import over HTTP as a job: a row of lifecycle.import that any server can show, with what
 * was rejected beside it. A job belongs to the thread that imports. */
#ifndef CLMD_INGEST_JOB_H
#define CLMD_INGEST_JOB_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/problem.h"
#include "db/db.h"
#include "ingest/import.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOB_REJECTS = 10000 /* that are kept; those beyond are counted */ };

struct job {
    struct db *db;
    char id[UUID_TEXT_SIZE]; /* empty where the job was not started */
    uint64_t bytes;          /* of the body; whoever reads it counts them */
    bool is_hurried;         /* a database that is away is not waited for */
    uint64_t rejects;        /* so far */
    int64_t noted_at;        /* clock_monotonic */
    struct arena *arena;     /* of the rejects that are not kept yet */
    struct reject *first, **end;
    size_t pending, pending_bytes;
};

/* size: bytes of the body, 0 if that is not known. job_end must follow. */
bool job_start(struct job *job, struct db *db, const char *key_id, enum rows_format format,
               uint64_t size, struct problem *why) MUST_CHECK;

/* For import_options; the closure is the job. */
bool job_reject(void *job, const char *json, size_t length, struct problem *why);
void job_progress(void *job, const struct import_counts *counts);

/* Notes the end, with the problem of an import that was not done. */
void job_end(struct job *job, enum import_end end, const struct import_counts *counts,
             const struct problem *problem);

#endif
