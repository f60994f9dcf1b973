/* Rows are read, judged and gathered until they make up a batch; the batch is stored, its
 * rejects are told, and its memory is given back. Since a stored event is a duplicate the next
 * time, an import that was interrupted is simply started again, and a database that went away
 * is waited for. */
#include "ingest/import.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "ingest/batch.h"
#include "ingest/csv_event.h"
#include "ingest/meter.h"
#include "ingest/reader.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    BATCH_BYTES = 8 * 1024 * 1024, /* of events: a batch ends where either limit is reached */
    BATCH_MEMORY = 256 * 1024 * 1024,
    IMPORT_MEMORY = 16 * 1024 * 1024,
    REJECT_BYTES = 64 * 1024,
    PATIENCE_SECONDS = 60 /* for a database that is away */
};

/* A row of the input. */
struct entry {
    struct item item;
    uint64_t line;
    const char *excerpt;
    size_t excerpt_length;
};

struct batch {
    struct arena *arena;
    struct entry *entries;
    struct item **items;
    size_t count, bytes;
};

struct import {
    struct db *db;
    const struct import_options *options;
    struct import_counts *counts;
    struct arena *arena; /* of what lasts as long as the import */
    struct reader reader;
    struct meter meter;
    struct batch batch;
    size_t batch_events;
    char *line; /* NDJSON: the line just read */

    /* CSV: */
    bool is_csv;
    struct csv_row row;
    struct csv_header header;
};

static bool begin_batch(struct import *import, struct problem *why)
{
    struct batch *batch = &import->batch;
    arena_destroy(batch->arena);
    *batch = (struct batch){.arena = arena_create(BATCH_MEMORY)};
    if (batch->arena != NULL) {
        batch->entries =
            arena_alloc(batch->arena, import->batch_events * sizeof *batch->entries);
        batch->items = arena_alloc(batch->arena, import->batch_events * sizeof *batch->items);
    }
    return (batch->entries != NULL && batch->items != NULL) ||
           fail(why, PROBLEM_INTERNAL, "out of memory");
}

/* Rejects are JSON, whatever the bytes of the input are: what is no UTF-8 becomes U+FFFD. */
static void write_excerpt(struct buffer *out, struct arena *arena, const struct entry *entry)
{
    static const char REPLACEMENT[] = "\xef\xbf\xbd";
    struct buffer text = buffer_create(arena, REJECT_BYTES);
    size_t length = entry->excerpt_length;
    while (length > 0 && entry->excerpt[length - 1] == '\n')
        length--;
    for (size_t at = 0, step = 0; at < length; at += step) {
        step = utf8_length(entry->excerpt + at, length - at);
        if (step > 0)
            buffer_append(&text, entry->excerpt + at, step);
        else
            buffer_text(&text, REPLACEMENT);
        step += step == 0;
    }
    buffer_json(out, text.length > 0 ? text.data : "", text.length);
}

static bool write_reject(const struct import *import, const struct entry *entry,
                         struct problem *why)
{
    struct arena *arena = import->batch.arena;
    const struct problem problem = item_problem(&entry->item);
    struct buffer out = buffer_create(arena, REJECT_BYTES);
    buffer_print(&out, "{\"line\":%" PRIu64 ",\"reason\":", entry->line);
    buffer_json_text(&out, problem.detail);
    buffer_text(&out, ",\"errors\":");
    faults_write(&out, &problem);
    buffer_text(&out, ",\"input\":");
    write_excerpt(&out, arena, entry);
    buffer_text(&out, "}\n");
    if (out.failed)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    return fwrite(out.data, 1, out.length, import->options->rejects) == out.length ||
           fail(why, PROBLEM_INTERNAL, "the file of rejects cannot be written");
}

static bool tell_outcomes(const struct import *import, struct problem *why)
{
    struct import_counts *counts = import->counts;
    uint64_t *const totals[] = {
        [OUTCOME_CREATED] = &counts->created,
        [OUTCOME_DUPLICATE] = &counts->duplicate,
        [OUTCOME_CONFLICT] = &counts->conflict,
        [OUTCOME_REJECTED] = &counts->rejected,
    };
    bool is_told = true;
    for (size_t i = 0; i < import->batch.count; i++) {
        const struct entry *entry = &import->batch.entries[i];
        enum outcome outcome = entry->item.outcome;
        bool is_reject = outcome == OUTCOME_CONFLICT || outcome == OUTCOME_REJECTED;
        counts->lines++;
        ++*totals[outcome];
        if (is_reject && import->options->rejects != NULL && is_told)
            is_told = write_reject(import, entry, why);
    }
    return is_told;
}

static bool record_patiently(struct import *import, struct problem *why)
{
    const struct batch *batch = &import->batch;
    int64_t give_up_at = clock_monotonic() + PATIENCE_SECONDS * INT64_C(1000000);
    while (!batch_record(import->db, batch->arena, batch->items, batch->count, why)) {
        enum db_fault fault = db_last_fault(import->db);
        bool may_pass = why->code == PROBLEM_UNAVAILABLE &&
                        (fault == DB_FAULT_CONNECTION || fault == DB_FAULT_TRANSIENT);
        if (!may_pass || clock_monotonic() > give_up_at)
            return false;
        sleep(1);
    }
    return true;
}

static bool end_batch(struct import *import, struct problem *why)
{
    if (!record_patiently(import, why) || !tell_outcomes(import, why))
        return false;
    meter_show(&import->meter, import->reader.bytes, import->counts->lines);
    return begin_batch(import, why);
}

static struct event_context context_of(const struct import *import)
{
    return (struct event_context){clock_utc(), import->options->type_prefix,
                                  import->options->registry};
}

/* Makes the event of the row that was read: false with the problem of the row. */
static bool read_event(struct import *import, const char *text, size_t length,
                       struct event *event, struct problem *problem)
{
    size_t used = 0;
    const struct event_context context = context_of(import);
    json_t *object = json_parse(text, length, &used, problem);
    if (object == NULL)
        return false;
    bool is_valid =
        event_read(import->batch.arena, text, used, object, &context, event, problem);
    json_decref(object);
    if (is_valid && strspn(text + used, " \t\r\n") != length - used)
        is_valid = fail(problem, PROBLEM_MALFORMED, "something follows the event on its line");
    return is_valid;
}

/* The next row as the JSON text of an event, and a NUL, in the batch's memory. */
static enum read_result read_json(struct import *import, struct buffer *text,
                                  struct problem *problem)
{
    const struct event_context context = context_of(import);
    size_t length = 0;
    enum read_result result;
    if (import->is_csv) {
        result = csv_read(&import->reader, &import->row, problem);
        if (result == READ_ROW &&
            !csv_event_write(&import->header, &import->row, &context, text, problem))
            return READ_BAD;
    } else {
        result = reader_line(&import->reader, import->line, EVENT_BODY_LIMIT, &length);
        if (result == READ_ROW)
            buffer_append(text, import->line, length);
        else if (result == READ_BAD)
            fail(problem, PROBLEM_TOO_LARGE, "an event has at most %d bytes", EVENT_BODY_LIMIT);
    }
    text->limit = EVENT_BODY_LIMIT + 1;
    buffer_append(text, "", 1);
    return result;
}

static bool add_entry(struct import *import, enum read_result result, const struct buffer *text,
                      struct problem *problem, struct problem *why)
{
    struct batch *batch = &import->batch;
    struct entry *entry = &batch->entries[batch->count];
    const struct reader *reader = &import->reader;
    batch->items[batch->count++] = &entry->item;
    batch->bytes += text->length;
    entry->line = reader->first_line;
    entry->excerpt = arena_copy(batch->arena, reader->excerpt, reader->excerpt_length);
    entry->excerpt_length = reader->excerpt_length;
    if (entry->excerpt == NULL || (result == READ_ROW && text->failed))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (result == READ_ROW &&
        read_event(import, text->data, text->length - 1, &entry->item.event, problem))
        return true;
    if (problem->code == PROBLEM_INTERNAL)
        return fail(why, PROBLEM_INTERNAL, "%s", problem->detail);
    return item_reject(&entry->item, batch->arena, problem, why);
}

static bool import_rows(struct import *import, struct problem *why)
{
    const struct batch *batch = &import->batch;
    if (!begin_batch(import, why))
        return false;
    for (;;) {
        struct problem problem = {.code = PROBLEM_NONE};
        struct buffer text = buffer_create(batch->arena, EVENT_BODY_LIMIT);
        enum read_result result = read_json(import, &text, &problem);
        if (result == READ_END)
            break;
        if (!add_entry(import, result, &text, &problem, why))
            return false;
        if (batch->count == import->batch_events || batch->bytes >= BATCH_BYTES) {
            if (!end_batch(import, why))
                return false;
        }
    }
    if (ferror(import->reader.input))
        return fail(why, PROBLEM_INTERNAL, "%s cannot be read", import->options->name);
    return end_batch(import, why);
}

static bool is_csv(const struct import_options *options)
{
    size_t length = strlen(options->name);
    if (options->format != IMPORT_BY_NAME)
        return options->format == IMPORT_CSV;
    return length >= 4 && strcasecmp(options->name + length - 4, ".csv") == 0;
}

static bool prepare(struct import *import, struct problem *why)
{
    if (!import->is_csv) {
        import->line = arena_alloc_raw(import->arena, EVENT_BODY_LIMIT);
        return import->line != NULL || fail(why, PROBLEM_INTERNAL, "out of memory");
    }
    if (!csv_create(import->arena, &import->row))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    switch (csv_read(&import->reader, &import->row, why)) {
    case READ_ROW:
        return csv_header_read(import->arena, &import->row, &import->header, why);
    case READ_BAD:
        return false;
    case READ_END:
        break;
    }
    return fail(why, PROBLEM_UNPROCESSABLE, "%s is empty: it has no header",
                import->options->name);
}

bool import_run(struct db *db, FILE *input, const struct import_options *options,
                struct import_counts *counts, struct problem *why)
{
    *counts = (struct import_counts){0};
    struct arena *arena = arena_create(IMPORT_MEMORY);
    struct import *import = arena != NULL ? arena_alloc(arena, sizeof *import) : NULL;
    if (import == NULL) {
        arena_destroy(arena);
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    }
    *import = (struct import){
        .db = db,
        .options = options,
        .counts = counts,
        .arena = arena,
        .reader = reader_create(input),
        .meter = meter_create(options->progress, input),
        .batch_events = options->batch_events > 0 ? options->batch_events : 1,
        .is_csv = is_csv(options),
    };
    bool is_done = prepare(import, why) && import_rows(import, why);
    meter_clear(&import->meter);
    arena_destroy(import->batch.arena);
    arena_destroy(arena);
    return is_done;
}
