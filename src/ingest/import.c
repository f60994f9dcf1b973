/* One thread reads rows and judges them, while storers store those that it has judged. The rows
 * of a customer all go to the same storer, by a hash of the subject: so storers hardly ever
 * want the same customer, and what a file says of one is stored in the file's order.
 *
 * Nothing is waited for longer than a second without telling of the progress. */
#include "ingest/import.h"

#include "base/clock.h"
#include "ingest/ingest_counts.h"

#include <string.h>

enum {
    PARCEL_BYTES = 1024 * 1024, /* a parcel ends where this or its number of rows is reached */
    IMPORT_MEMORY = 16 * 1024 * 1024,
    ROW_MEMORY = 4 * 1024 * 1024,
    REJECT_BYTES = 64 * 1024,
    STEP_MILLISECONDS = 1000
};

struct import {
    const struct import_options *options;
    struct import_counts *counts;
    struct arena *arena; /* of what lasts as long as the import */
    struct storers *storers;
    struct parcel *filled[STORERS]; /* now, for each storer; NULL: empty */
    struct parcel *live;            /* all that are not told of yet */
    bool has_failed;
    struct problem why; /* of the failure */
    size_t capacity;    /* of a parcel */
    uint64_t passed;    /* the line that was read last */
    struct rows rows;
};

static void fail_import(struct import *import, const struct problem *why)
{
    if (!import->has_failed)
        import->why = *why;
    import->has_failed = true;
    storers_hurry(import->storers);
}

static void run_out_of_memory(struct import *import)
{
    struct problem why = {.code = PROBLEM_NONE};
    fail(&why, PROBLEM_INTERNAL, "out of memory");
    fail_import(import, &why);
}

/* Telling ---------------------------------------------------------------------------------- */

static void tell_reject(struct import *import, struct parcel *parcel, const struct entry *entry)
{
    const struct import_options *options = import->options;
    struct problem why = {.code = PROBLEM_NONE};
    struct buffer text = buffer_create(parcel->arena, REJECT_BYTES);
    reject_write(&text, parcel->arena, entry);
    if (text.failed)
        run_out_of_memory(import);
    else if (!options->reject(options->closure, text.data, text.length, &why))
        fail_import(import, &why);
}

static void tell_outcomes(struct import *import, struct parcel *parcel)
{
    struct import_counts *counts = import->counts;
    uint64_t *const totals[] = {
        [OUTCOME_CREATED] = &counts->created,
        [OUTCOME_DUPLICATE] = &counts->duplicate,
        [OUTCOME_CONFLICT] = &counts->conflict,
        [OUTCOME_REJECTED] = &counts->rejected,
    };
    for (size_t i = 0; i < parcel->count; i++) {
        const struct entry *entry = &parcel->entries[i];
        enum outcome outcome = entry->item.outcome;
        counts->lines++;
        ++*totals[outcome];
        if (outcome == OUTCOME_REJECTED)
            refusals_count(import->options->refusals, entry->item.event.source);
        if (outcome == OUTCOME_CONFLICT || outcome == OUTCOME_REJECTED)
            tell_reject(import, parcel, entry);
    }
}

static void tell_progress(const struct import *import)
{
    struct import_counts *counts = import->counts;
    counts->reached = import->passed;
    for (const struct parcel *at = import->live; at != NULL; at = at->next_live)
        if (at->entries[0].line <= counts->reached)
            counts->reached = at->entries[0].line - 1;
    import->options->progress(import->options->closure, counts);
}

static void end_parcel(struct import *import, struct parcel *parcel)
{
    struct parcel **link = &import->live;
    while (*link != parcel)
        link = &(*link)->next_live;
    *link = parcel->next_live;
    parcel_destroy(parcel);
}

/* Parcels ---------------------------------------------------------------------------------- */

/* Takes what the storers have done; waits for some of it up to so long. What was not stored
 * stays live, for everything up to it is all that the import has reached. */
static void collect(struct import *import, unsigned milliseconds)
{
    struct parcel *parcel;
    while ((parcel = storers_take(import->storers, milliseconds)) != NULL) {
        milliseconds = 0;
        if (parcel->is_stored) {
            tell_outcomes(import, parcel);
            ingest_count_parcel(import->options->ingested, parcel);
            end_parcel(import, parcel);
        } else {
            fail_import(import, &parcel->why);
        }
    }
    tell_progress(import);
}

static void give(struct import *import, size_t which)
{
    struct parcel *parcel = import->filled[which];
    import->filled[which] = NULL;
    while (!storers_give(import->storers, which, parcel, STEP_MILLISECONDS))
        collect(import, 0);
    collect(import, 0);
}

/* What was read goes to the storers, however little it is. */
static void flush(struct import *import)
{
    for (size_t i = 0; i < import->options->db_count; i++)
        if (import->filled[i] != NULL && !import->has_failed)
            give(import, i);
}

static size_t storer_of(const struct import *import, const json_t *event)
{
    static const uint64_t BASIS = 14695981039346656037u, PRIME = 1099511628211u;
    const char *subject = json_string_value(json_object_get(event, "subject"));
    uint64_t hash = BASIS;
    for (; subject != NULL && *subject != '\0'; subject++)
        hash = (hash ^ (unsigned char)*subject) * PRIME;
    return (size_t)((hash >> 32) % import->options->db_count);
}

static struct parcel *parcel_of(struct import *import, size_t which)
{
    struct parcel *parcel = import->filled[which];
    if (parcel != NULL)
        return parcel;
    parcel = parcel_create(import->capacity);
    if (parcel == NULL)
        return NULL;
    parcel->next_live = import->live;
    import->live = parcel;
    return import->filled[which] = parcel;
}

/* Rows ------------------------------------------------------------------------------------- */

static struct event_context context_of(const struct import *import)
{
    return (struct event_context){clock_utc(), import->options->type_prefix,
                                  import->options->registry, import->options->rights};
}

/* Makes the event of a row that is JSON: false with the problem of the row. */
static bool judge(struct import *import, struct arena *arena, const struct text *text,
                  size_t used, json_t *object, struct event *event, struct problem *problem)
{
    const struct event_context context = context_of(import);
    if (!text_ends(text, used))
        return fail(problem, PROBLEM_MALFORMED, "something follows the event on its line");
    const char *body = arena_copy(arena, text->data, used);
    if (body == NULL)
        return fail(problem, PROBLEM_INTERNAL, "out of memory");
    return event_read(arena, body, used, object, &context, event, problem);
}

/* The line of NDJSON is the event, and need not be kept twice. */
static bool keep_excerpt(const struct import *import, struct arena *arena, struct entry *entry)
{
    const struct reader *reader = &import->rows.reader;
    const struct event *event = &entry->item.event;
    bool is_kept = import->options->format == ROWS_NDJSON && event->body != NULL;
    size_t length = is_kept ? event->body_length : reader->excerpt_length;
    entry->excerpt_length = length < READER_EXCERPT ? length : READER_EXCERPT;
    entry->excerpt = is_kept ? event->body : arena_copy(arena, reader->excerpt, length);
    return entry->excerpt != NULL;
}

static bool is_ours(const struct problem *problem)
{
    return problem->code == PROBLEM_INTERNAL || problem->code == PROBLEM_UNAVAILABLE;
}

/* `text` is NULL where `problem` tells already why there is no event in the row. */
static void add_row(struct import *import, const struct text *text, struct problem *problem)
{
    size_t used = 0;
    struct problem why = {.code = PROBLEM_NONE};
    json_t *object = text != NULL ? json_parse(text->data, text->length, &used, problem) : NULL;
    size_t which = storer_of(import, object);
    struct parcel *parcel = parcel_of(import, which);
    if (parcel == NULL) {
        json_decref(object);
        run_out_of_memory(import);
        return;
    }
    struct entry *entry = parcel_add(parcel);
    struct item *item = &entry->item;
    entry->line = import->rows.reader.first_line;
    parcel->bytes += import->rows.reader.excerpt_length + used;
    bool is_event = object != NULL &&
                    judge(import, parcel->arena, text, used, object, &item->event, problem);
    json_decref(object);
    if (is_ours(problem))
        fail_import(import, problem);
    else if (!keep_excerpt(import, parcel->arena, entry) ||
             (!is_event && !item_reject(item, parcel->arena, problem, &why)))
        run_out_of_memory(import);
    else if (parcel->count == parcel->capacity || parcel->bytes >= PARCEL_BYTES)
        give(import, which);
}

/* The next row, in memory of its own. False at the end. */
static bool import_row(struct import *import)
{
    struct text text = {0};
    struct problem problem = {.code = PROBLEM_NONE};
    const struct event_context context = context_of(import);
    const struct reader *reader = &import->rows.reader;
    struct arena *arena = arena_create(ROW_MEMORY);
    if (arena == NULL) {
        run_out_of_memory(import);
        return false;
    }
    enum read_result result = rows_next(&import->rows, arena, &context, &text, &problem);
    if (result != READ_END) {
        add_row(import, result == READ_ROW ? &text : NULL, &problem);
        import->passed = reader->line - (reader->state == SOURCE_FLOWS);
    }
    arena_destroy(arena);
    return result != READ_END && !import->has_failed;
}

static void import_rows(struct import *import)
{
    const struct reader *reader = &import->rows.reader;
    while (import_row(import)) {
    }
    if (reader->state == SOURCE_BROKEN)
        storers_hurry(import->storers);
    flush(import);
    while (storers_pending(import->storers) > 0)
        collect(import, STEP_MILLISECONDS);
    tell_progress(import);
}

/* While nothing comes, what came is stored. */
static enum source_state fill(void *closure, char *into, size_t size, size_t *length)
{
    struct import *import = closure;
    const struct source *source = &import->options->source;
    enum source_state state = source->read(source->closure, into, size, length);
    if (state == SOURCE_QUIET) {
        flush(import);
        collect(import, 0);
    } else {
        tell_progress(import);
    }
    return import->has_failed ? SOURCE_ENDED : state;
}

static enum import_end run(struct import *import, struct problem *why)
{
    const struct import_options *options = import->options;
    const struct source source = {fill, import};
    struct rows *rows = &import->rows;
    import->storers = storers_start(options->dbs, options->db_count, why);
    if (import->storers == NULL ||
        !rows_create(import->arena, options->format, source, rows, why))
        return IMPORT_FAILED;
    if (rows_begin(rows, import->arena, &options->constants, &import->why))
        import_rows(import);
    else
        import->has_failed = rows->reader.state != SOURCE_BROKEN;
    *why = import->why;
    if (import->has_failed)
        return IMPORT_FAILED;
    return rows->reader.state == SOURCE_BROKEN ? IMPORT_INTERRUPTED : IMPORT_DONE;
}

enum import_end import_run(const struct import_options *options, struct import_counts *counts,
                           struct problem *why)
{
    enum import_end end = IMPORT_FAILED;
    struct arena *arena = arena_create(IMPORT_MEMORY);
    struct import *import = arena != NULL ? arena_alloc(arena, sizeof *import) : NULL;
    *counts = (struct import_counts){0};
    if (import != NULL) {
        import->options = options;
        import->counts = counts;
        import->arena = arena;
        import->capacity = options->batch_events > 0 ? options->batch_events : 1;
        end = run(import, why);
        storers_stop(import->storers);
        while (import->live != NULL)
            end_parcel(import, import->live);
    } else {
        fail(why, PROBLEM_INTERNAL, "out of memory");
    }
    arena_destroy(arena);
    return end;
}
