/* A batch is sent as sixteen arrays, one a column, and comes back as a row for each event.
 *
 * Repeating is safe, since a stored event is a duplicate: what a lost connection or a deadlock
 * leaves undecided is sent again, a few times. What the database refuses for its data is halved
 * until the event at fault stands alone, so that one event never harms another. A statement
 * takes at most STATEMENT_BYTES of events, which bounds what both sides need for it. */
#include "ingest/batch.h"

#include "base/clock.h"
#include "db/array.h"
#include "ingest/recording.h"

#include <stdlib.h>
#include <string.h>

enum {
    ATTEMPTS = 3,
    ATTEMPTS_MICROSECONDS = 5 * 1000000, /* after which there is no further attempt */
    FIRST_PAUSE_MILLISECONDS = 20,       /* between attempts; five times as long at each */
    STATEMENT_BYTES = 16 * 1024 * 1024,
    ARRAY_BYTES = 64 * 1024 * 1024, /* more than any column of such a statement */
    SCRATCH_BYTES = 256 * 1024 * 1024
};

enum column {
    COLUMN_EVENT_ID,
    COLUMN_SOURCE,
    COLUMN_ID,
    COLUMN_SUBJECT,
    COLUMN_TYPE,
    COLUMN_OCCURRED_AT,
    COLUMN_SEQUENCE,
    COLUMN_AMOUNT,
    COLUMN_CURRENCY,
    COLUMN_UNITS,
    COLUMN_OBJECT,
    COLUMN_STAGE,
    COLUMN_TARGET,
    COLUMN_HAS_COST,
    COLUMN_BODY,
    COLUMN_TARGET_TYPES,
    COLUMNS
};

/* In the order of the parameters of STATEMENT_RECORD_EVENTS. */
static const enum array_type COLUMN_TYPES[COLUMNS] = {
    [COLUMN_EVENT_ID] = ARRAY_UUID, [COLUMN_SOURCE] = ARRAY_TEXT,
    [COLUMN_ID] = ARRAY_TEXT,       [COLUMN_SUBJECT] = ARRAY_TEXT,
    [COLUMN_TYPE] = ARRAY_INT2,     [COLUMN_OCCURRED_AT] = ARRAY_TIMESTAMPTZ,
    [COLUMN_SEQUENCE] = ARRAY_TEXT, [COLUMN_AMOUNT] = ARRAY_INT8,
    [COLUMN_CURRENCY] = ARRAY_TEXT, [COLUMN_UNITS] = ARRAY_INT8,
    [COLUMN_OBJECT] = ARRAY_TEXT,   [COLUMN_STAGE] = ARRAY_INT2,
    [COLUMN_TARGET] = ARRAY_UUID,   [COLUMN_HAS_COST] = ARRAY_BOOL,
    [COLUMN_BODY] = ARRAY_TEXT,     [COLUMN_TARGET_TYPES] = ARRAY_TEXT,
};

static void add_number(struct array *array, bool is_given, int64_t value)
{
    if (is_given)
        array_int8(array, value);
    else
        array_null(array);
}

static void add_event(struct array *columns, const struct event *event)
{
    const struct event_values *values = &event->values;
    array_bytes(&columns[COLUMN_EVENT_ID], event->event_id, UUID_SIZE);
    array_text(&columns[COLUMN_SOURCE], event->source);
    array_text(&columns[COLUMN_ID], event->id);
    array_text(&columns[COLUMN_SUBJECT], event->subject);
    array_int2(&columns[COLUMN_TYPE], event->type->code);
    array_int8(&columns[COLUMN_OCCURRED_AT], event->occurred_at);
    array_text(&columns[COLUMN_SEQUENCE], event->sequence);
    add_number(&columns[COLUMN_AMOUNT], values->has_amount, values->amount);
    array_text(&columns[COLUMN_CURRENCY], values->currency);
    add_number(&columns[COLUMN_UNITS], values->has_units, values->units);
    array_text(&columns[COLUMN_OBJECT], values->object);
    if (values->has_stage)
        array_int2(&columns[COLUMN_STAGE], (int16_t)(values->stage + STAGE_FIND));
    else
        array_null(&columns[COLUMN_STAGE]);
    if (values->target_id != NULL)
        array_bytes(&columns[COLUMN_TARGET], event->target, UUID_SIZE);
    else
        array_null(&columns[COLUMN_TARGET]);
    array_bool(&columns[COLUMN_HAS_COST], (values->facets & FACET_COST) != 0);
    array_bytes(&columns[COLUMN_BODY], event->body, event->body_length);
    array_text(&columns[COLUMN_TARGET_TYPES], event->target_types);
}

/* Few batches have an event whose target is bounded: for the others there is no array. */
static bool has_bounded_target(struct item *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (items[i]->event.target_types != NULL)
            return true;
    return false;
}

static bool make_parameters(struct arena *scratch, struct item *const *items, size_t count,
                            struct db_value *values)
{
    struct array columns[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = array_create(scratch, COLUMN_TYPES[i], ARRAY_BYTES);
    for (size_t i = 0; i < count; i++)
        add_event(columns, &items[i]->event);
    bool fits = true;
    for (size_t i = 0; i < COLUMNS; i++)
        fits = array_finish(&columns[i], &values[i]) && fits;
    if (!has_bounded_target(items, count))
        values[COLUMN_TARGET_TYPES] = (struct db_value){.data = NULL};
    return fits;
}

static bool read_outcome(const char *name, enum outcome *outcome)
{
    for (enum outcome i = OUTCOME_CREATED; i < OUTCOME_REJECTED; i++)
        if (strcmp(name, OUTCOME_NAMES[i]) == 0) {
            *outcome = i;
            return true;
        }
    return false;
}

/* In the order of the columns that lifecycle.record_events gives. */
enum outcome_column {
    OUTCOME_POSITION, /* from 1 */
    OUTCOME_NAME,
    OUTCOME_CUSTOMER,
    OUTCOME_STAGE,
    OUTCOME_MOVED_FROM,
    OUTCOME_MOVED_TO,
    OUTCOME_MOVE,
    OUTCOME_MOVED_AT,
    OUTCOME_RECORDED_AT
};

static const char *text_at(const PGresult *rows, int row, enum outcome_column column)
{
    return PQgetisnull(rows, row, (int)column) ? NULL : PQgetvalue(rows, row, (int)column);
}

static struct record read_record(const PGresult *rows, int row)
{
    return (struct record){
        .customer = text_at(rows, row, OUTCOME_CUSTOMER),
        .stage = text_at(rows, row, OUTCOME_STAGE),
        .moved_from = text_at(rows, row, OUTCOME_MOVED_FROM),
        .moved_to = text_at(rows, row, OUTCOME_MOVED_TO),
        .move = text_at(rows, row, OUTCOME_MOVE),
        .moved_at = text_at(rows, row, OUTCOME_MOVED_AT),
        .recorded_at = text_at(rows, row, OUTCOME_RECORDED_AT),
    };
}

/* An event for a person who was erased is as one that is not valid. */
static bool read_erased(struct item *item, struct arena *arena)
{
    struct problem problem = {.code = PROBLEM_NONE}, why = problem;
    fail(&problem, PROBLEM_ERASED, "the person whom the event is about was erased");
    fault_add(&problem, "/subject", "was erased");
    return item_reject(item, arena, &problem, &why);
}

static bool read_outcomes(const PGresult *rows, struct arena *arena, struct item *const *items,
                          size_t count)
{
    size_t row_count = (size_t)PQntuples(rows);
    for (int row = 0; row < (int)row_count; row++) {
        unsigned long position = strtoul(PQgetvalue(rows, row, OUTCOME_POSITION), NULL, 10);
        if (position < 1 || position > count)
            return false;
        struct item *item = items[position - 1];
        const char *outcome = PQgetvalue(rows, row, OUTCOME_NAME);
        bool is_read = strcmp(outcome, "erased") == 0 ? read_erased(item, arena)
                                                      : read_outcome(outcome, &item->outcome);
        if (!is_read)
            return false;
        item->record = read_record(rows, row);
    }
    return row_count == count;
}

enum db_fault recording_attempt(const struct recording *recording, struct item *const *items,
                                size_t count, struct problem *why)
{
    struct db_value values[COLUMNS];
    PGresult *rows = NULL;
    enum db_fault fault = DB_FAULT_BUG;
    struct arena *scratch = arena_create(SCRATCH_BYTES);
    if (scratch == NULL || !make_parameters(scratch, items, count, values))
        fail(why, PROBLEM_INTERNAL, "out of memory");
    else if (db_run(recording->db, STATEMENT_RECORD_EVENTS, values, &rows, why))
        fault = DB_FAULT_NONE;
    else
        fault = db_last_fault(recording->db);
    arena_destroy(scratch);
    if (fault != DB_FAULT_NONE)
        return fault;
    if (!arena_defer(recording->arena, release_rows, rows)) {
        fail(why, PROBLEM_INTERNAL, "out of memory");
        return DB_FAULT_BUG;
    }
    if (!read_outcomes(rows, recording->arena, items, count)) {
        fail(why, PROBLEM_INTERNAL, "the database answered otherwise than expected");
        return DB_FAULT_BUG;
    }
    return DB_FAULT_NONE;
}

/* Senders wait meanwhile: what failed slowly (a frozen server, a lock that is held) is not
 * tried as often as what failed at once. */
enum db_fault recording_persist(const struct recording *recording, struct item *const *items,
                                size_t count, struct problem *why)
{
    int64_t give_up_at = clock_monotonic() + ATTEMPTS_MICROSECONDS;
    int milliseconds = FIRST_PAUSE_MILLISECONDS;
    for (int attempt = 1;; attempt++, milliseconds *= 5) {
        *why = (struct problem){.code = PROBLEM_NONE};
        enum db_fault fault = recording->attempt(recording, items, count, why);
        bool may_pass = fault == DB_FAULT_CONNECTION || fault == DB_FAULT_TRANSIENT;
        if (!may_pass || attempt == ATTEMPTS || clock_monotonic() >= give_up_at)
            return fault;
        db_count_retry(recording->db);
        clock_pause(milliseconds);
    }
}

bool recording_halve(const struct recording *recording, struct item *const *items, size_t count,
                     struct problem *why)
{
    enum db_fault fault = recording_persist(recording, items, count, why);
    if (fault == DB_FAULT_NONE)
        return true;
    if (fault != DB_FAULT_DATA && fault != DB_FAULT_TOLD)
        return false;
    if (count == 1) {
        const struct problem problem = *why;
        *why = (struct problem){.code = PROBLEM_NONE};
        return item_reject(items[0], recording->arena, &problem, why);
    }
    return recording_halve(recording, items, count / 2, why) &&
           recording_halve(recording, items + count / 2, count - count / 2, why);
}

size_t recording_length(struct item *const *items, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += items[i]->event.body_length;
        if (i > 0 && bytes > STATEMENT_BYTES)
            return i;
    }
    return count;
}

struct item **items_sound(struct arena *arena, struct item *const *items, size_t *count,
                          struct problem *why)
{
    struct item **sound = arena_alloc(arena, (*count + 1) * sizeof *sound);
    size_t sound_count = 0;
    if (sound == NULL) {
        fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < *count; i++)
        if (items[i]->outcome != OUTCOME_REJECTED)
            sound[sound_count++] = items[i];
    *count = sound_count;
    return sound;
}

bool batch_record(struct db *db, struct arena *arena, struct item *const *items, size_t count,
                  struct problem *why)
{
    const struct recording recording = {db, arena, recording_attempt};
    struct item **sound = items_sound(arena, items, &count, why);
    if (sound == NULL)
        return false;
    for (size_t done = 0, length = 0; done < count; done += length) {
        length = recording_length(sound + done, count - done);
        if (!recording_halve(&recording, sound + done, length, why))
            return false;
    }
    return true;
}
