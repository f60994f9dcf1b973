#include "ingest/job.h"

#include "base/clock.h"
#include "db/array.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    SECOND = 1000000,
    PATIENCE_SECONDS = 60, /* for a database that is away */
    KEEP_ROWS = 500,       /* rejects that are kept by one statement, */
    KEEP_BYTES = 256 * 1024,
    MEMORY = 4 * 1024 * 1024
};

/* Waiting to be kept. */
struct reject {
    struct reject *next;
    const char *json;
    size_t length;
};

static bool may_pass(const struct job *job, int64_t give_up_at)
{
    enum db_fault fault = db_last_fault(job->db);
    return (fault == DB_FAULT_CONNECTION || fault == DB_FAULT_TRANSIENT) && !job->is_hurried &&
           clock_monotonic() < give_up_at;
}

static bool run(const struct job *job, enum statement statement, const struct db_value *values,
                struct problem *why)
{
    PGresult *rows = NULL;
    if (!db_run(job->db, statement, values, &rows, why))
        return false;
    PQclear(rows);
    return true;
}

static bool run_patiently(const struct job *job, enum statement statement,
                          const struct db_value *values, struct problem *why)
{
    int64_t give_up_at = clock_monotonic() + (int64_t)PATIENCE_SECONDS * SECOND;
    while (!run(job, statement, values, why)) {
        if (!may_pass(job, give_up_at))
            return false;
        clock_pause(1000);
        *why = (struct problem){.code = PROBLEM_NONE};
    }
    return true;
}

static bool make_room(struct job *job, struct problem *why)
{
    arena_destroy(job->arena);
    job->arena = arena_create(MEMORY);
    job->first = NULL;
    job->end = &job->first;
    job->pending = job->pending_bytes = 0;
    return job->arena != NULL || fail(why, PROBLEM_INTERNAL, "out of memory");
}

bool job_start(struct job *job, struct db *db, const char *key_id, enum rows_format format,
               uint64_t size, struct problem *why)
{
    static const char *const FORMATS[] = {[ROWS_NDJSON] = "ndjson", [ROWS_CSV] = "csv"};
    unsigned char uuid[UUID_SIZE];
    char size_text[24];
    *job = (struct job){.db = db};
    if (!uuid_fresh(uuid) || !make_room(job, why))
        return fail(why, PROBLEM_INTERNAL, "out of memory or randomness");
    uuid_print(uuid, job->id);
    snprintf(size_text, sizeof size_text, "%" PRIu64, size);
    const struct db_value values[] = {{.data = job->id},
                                      {.data = key_id},
                                      {.data = FORMATS[format]},
                                      {.data = size > 0 ? size_text : NULL}};
    if (run(job, STATEMENT_START_IMPORT, values, why))
        return true;
    arena_destroy(job->arena);
    job->id[0] = '\0';
    return false;
}

static bool keep_rejects(struct job *job, struct problem *why)
{
    struct db_value values[] = {{.data = job->id}, {.data = NULL}};
    struct array texts = array_create(job->arena, ARRAY_TEXT, MEMORY);
    if (job->pending == 0)
        return true;
    for (const struct reject *at = job->first; at != NULL; at = at->next)
        array_bytes(&texts, at->json, at->length);
    return (array_finish(&texts, &values[1]) || fail(why, PROBLEM_INTERNAL, "out of memory")) &&
           run_patiently(job, STATEMENT_KEEP_REJECTS, values, why) && make_room(job, why);
}

bool job_reject(void *closure, const char *json, size_t length, struct problem *why)
{
    struct job *job = closure;
    if (job->rejects++ >= JOB_REJECTS)
        return true;
    struct reject *reject = arena_alloc(job->arena, sizeof *reject);
    if (reject == NULL || (reject->json = arena_copy(job->arena, json, length)) == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    reject->length = length;
    *job->end = reject;
    job->end = &reject->next;
    job->pending++;
    job->pending_bytes += length;
    if (job->pending < KEEP_ROWS && job->pending_bytes < KEEP_BYTES)
        return true;
    return keep_rejects(job, why);
}

/* Appends the problem as the JSON that is shown; NULL for none, or when out of memory. */
static const char *problem_text(struct arena *arena, const struct problem *problem)
{
    enum { LIMIT = 8192 };
    struct buffer out = buffer_create(arena, LIMIT);
    if (problem == NULL || problem->code == PROBLEM_NONE)
        return NULL;
    buffer_text(&out, "{\"detail\":");
    buffer_json_text(&out, problem->detail);
    buffer_text(&out, ",\"errors\":");
    faults_write(&out, problem);
    buffer_append(&out, "}", 2);
    return out.failed ? NULL : out.data;
}

enum { NUMBERS = 6, NUMBER_SIZE = 24 };

static bool note(struct job *job, const char *state, const struct import_counts *counts,
                 const struct problem *problem, bool is_last)
{
    struct problem why = {.code = PROBLEM_NONE};
    const uint64_t numbers[NUMBERS] = {job->bytes,        counts->reached,  counts->created,
                                       counts->duplicate, counts->conflict, counts->rejected};
    char texts[NUMBERS][NUMBER_SIZE];
    struct db_value values[NUMBERS + 3] = {{.data = job->id}, {.data = state}};
    for (size_t i = 0; i < NUMBERS; i++) {
        snprintf(texts[i], NUMBER_SIZE, "%" PRIu64, numbers[i]);
        values[2 + i].data = texts[i];
    }
    values[NUMBERS + 2].data = problem_text(job->arena, problem);
    job->noted_at = clock_monotonic();
    return (is_last ? run_patiently : run)(job, STATEMENT_NOTE_IMPORT, values, &why);
}

/* A database that is away cannot show the job either. What is counted is kept before. */
void job_progress(void *closure, const struct import_counts *counts)
{
    struct job *job = closure;
    struct problem why = {.code = PROBLEM_NONE};
    if (clock_monotonic() - job->noted_at < SECOND)
        return;
    (void)keep_rejects(job, &why);
    (void)note(job, "running", counts, NULL, false);
}

void job_end(struct job *job, enum import_end end, const struct import_counts *counts,
             const struct problem *problem)
{
    static const char *const STATES[] = {[IMPORT_DONE] = "done",
                                         [IMPORT_FAILED] = "failed",
                                         [IMPORT_INTERRUPTED] = "interrupted"};
    struct problem why = {.code = PROBLEM_NONE};
    (void)keep_rejects(job, &why);
    if (job->arena != NULL)
        (void)note(job, STATES[end], counts, problem, true);
    arena_destroy(job->arena);
}
