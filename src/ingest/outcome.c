/* What became of an event, and how its sender is told. */
#include "ingest/batch.h"

const char *const OUTCOME_NAMES[] = {
    [OUTCOME_CREATED] = "created",
    [OUTCOME_DUPLICATE] = "duplicate",
    [OUTCOME_CONFLICT] = "conflict",
    [OUTCOME_REJECTED] = "rejected",
};

bool item_reject(struct item *item, struct arena *arena, const struct problem *problem,
                 struct problem *why)
{
    struct problem *kept = arena_alloc_raw(arena, sizeof *kept);
    if (kept == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    *kept = *problem;
    item->outcome = OUTCOME_REJECTED;
    item->problem = kept;
    return true;
}

struct problem item_problem(const struct item *item)
{
    struct problem problem = {.code = PROBLEM_NONE};
    if (item->outcome == OUTCOME_REJECTED)
        return *item->problem;
    fail(&problem, PROBLEM_CONFLICT,
         "an event with this source and id was recorded before, with other content");
    return problem;
}

static void write_transition(struct buffer *out, const struct record *record)
{
    if (record->move == NULL) {
        buffer_text(out, "null");
        return;
    }
    buffer_text(out, "{\"from\":");
    buffer_json_text(out, record->moved_from);
    buffer_text(out, ",\"to\":");
    buffer_json_text(out, record->moved_to);
    buffer_text(out, ",\"kind\":");
    buffer_json_text(out, record->move);
    buffer_text(out, ",\"at\":");
    buffer_json_text(out, record->moved_at);
    buffer_text(out, "}");
}

void item_write_record(struct buffer *out, const struct item *item)
{
    char event_id[UUID_TEXT_SIZE];
    uuid_print(item->event.event_id, event_id);
    buffer_print(out, "{\"event_id\":\"%s\",\"source\":", event_id);
    buffer_json_text(out, item->event.source);
    buffer_text(out, ",\"id\":");
    buffer_json_text(out, item->event.id);
    buffer_text(out, ",\"customer\":");
    buffer_json_text(out, item->record.customer);
    buffer_text(out, ",\"stage\":");
    buffer_json_text(out, item->record.stage);
    buffer_text(out, ",\"transition\":");
    write_transition(out, &item->record);
    buffer_text(out, ",\"recorded_at\":");
    buffer_json_text(out, item->record.recorded_at);
    buffer_text(out, "}");
}
