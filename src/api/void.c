/* Taking an event back by its id. What is recorded is an event.voided like any other, which a
 * sender could have posted: its name follows from its target, and its time is its target's, for
 * from then on everything is derived anew. So doing it again is a duplicate. */
#include "api/handlers.h"
#include "api/post.h"
#include "api/service.h"
#include "base/clock.h"
#include "db/array.h"
#include "ingest/bounds.h"
#include "ingest/ingest_counts.h"
#include "json/decode.h"

#include <string.h>

enum {
    REASON_LIMIT = 1000, /* bytes, as in the vocabulary */
    EVENT_LIMIT = 16 * 1024,
    IDS_LIMIT = 4 * 1024 * 1024,
    BATCH_LIMIT = 256 * 1024 * 1024
};

/* A request's input. */
struct wish {
    unsigned char event_id[UUID_SIZE];
    const char *reason; /* NULL: none was given */
    struct post post;   /* the event.voided, once its target is known */
};

/* Admission -------------------------------------------------------------------------------- */

static const struct json_field WISH[] = {{.name = "reason",
                                          .kind = JSON_KIND_TEXT,
                                          .limit = REASON_LIMIT,
                                          .offset = offsetof(struct wish, reason)},
                                         {.name = NULL}};

static bool read_wish(struct arena *arena, json_t *object, struct wish *wish,
                      struct problem *why)
{
    const char *name;
    json_t *value;
    if (!json_decode(object, WISH, wish, "", why))
        return false;
    json_object_foreach(object, name, value)
    {
        if (vocabulary_field(WISH, name, strlen(name)) == NULL)
            return fault_add(why, "", "has a member other than reason");
    }
    if (wish->reason == NULL)
        return true;
    wish->reason = arena_copy(arena, wish->reason, strlen(wish->reason));
    return wish->reason != NULL || fail(why, PROBLEM_INTERNAL, "out of memory");
}

static bool read_body(const struct request *request, struct wish *wish, struct problem *why)
{
    size_t used = 0;
    json_t *object = json_parse(request->body, request->body_length, &used, why);
    if (object == NULL)
        return false;
    bool is_read = read_wish(request->arena, object, wish, why);
    json_decref(object);
    used += strspn(request->body + used, " \t\r\n");
    if (is_read && used < request->body_length)
        return fail(why, PROBLEM_MALFORMED, "more than one JSON value");
    return is_read;
}

bool admit_void(struct request *request, struct problem *why)
{
    struct wish *wish = arena_alloc(request->arena, sizeof *wish);
    if (wish == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    request->input = wish;
    request->weight = 1;
    if (!uuid_parse(request->variables[0], wish->event_id))
        return fail(why, PROBLEM_NOT_FOUND, "an event's id is a UUID");
    return request->body_length == 0 || read_body(request, wish, why);
}

/* The event -------------------------------------------------------------------------------- */

/* Of find_to_void, which gives a row for each event asked for. */
enum column { SOURCE, ID, SUBJECT, TIME, IS_VOID };

static void write_member(struct buffer *out, const char *name, const char *value)
{
    buffer_json_text(out, name);
    buffer_text(out, ":");
    buffer_json_text(out, value);
}

static void write_event(struct buffer *out, const struct wish *wish, const PGresult *rows,
                        int row)
{
    char event_id[UUID_TEXT_SIZE];
    uuid_print(wish->event_id, event_id);
    buffer_print(out, "{\"specversion\":\"1.0\",\"id\":\"void:%s\",\"source\":\"clmd\",",
                 event_id);
    buffer_text(out, "\"type\":\"event.voided\",");
    if (!PQgetisnull(rows, row, SUBJECT)) {
        write_member(out, "subject", PQgetvalue(rows, row, SUBJECT));
        buffer_text(out, ",");
    }
    write_member(out, "time", PQgetvalue(rows, row, TIME));
    buffer_text(out, ",\"data\":{");
    write_member(out, "source", PQgetvalue(rows, row, SOURCE));
    buffer_text(out, ",");
    write_member(out, "id", PQgetvalue(rows, row, ID));
    buffer_text(out, wish->reason != NULL ? "," : "");
    if (wish->reason != NULL)
        write_member(out, "reason", wish->reason);
    buffer_text(out, "}}");
}

/* The event.voided is of our own source, whichever the sender's is. Its target is held against
 * the sender's own bounds before: what we have recorded ourselves is not within them. */
static const struct rights *own_rights(struct request *request)
{
    struct rights *rights = arena_alloc(request->arena, sizeof *rights);
    if (rights == NULL)
        return &request->rights;
    *rights = request->rights;
    if (rights->sources != NULL)
        rights->sources =
            arena_print(request->arena, "%s\n%s", EVENT_OWN_SOURCE, rights->sources);
    return rights->sources != NULL || request->rights.sources == NULL ? rights
                                                                      : &request->rights;
}

/* Makes the event.voided, by the same checks as any other event. */
static bool make_event(struct request *request, const PGresult *rows, int row,
                       struct problem *why)
{
    struct wish *wish = request->input;
    struct buffer text = buffer_create(request->arena, EVENT_LIMIT);
    size_t used = 0;
    if (PQgetisnull(rows, row, SOURCE))
        return fail(why, PROBLEM_NOT_FOUND, "no event has this id");
    if (strcmp(PQgetvalue(rows, row, IS_VOID), "t") == 0)
        return fail(why, PROBLEM_CONFLICT,
                    "this is an event.voided itself: what was taken back can only be recorded "
                    "again, as a new event");
    if (!bounds_allow_source(request->rights.sources, PQgetvalue(rows, row, SOURCE)))
        return fail(why, PROBLEM_FORBIDDEN, "this key may not take back events of this source");
    write_event(&text, wish, rows, row);
    wish->post = (struct post){.arena = request->arena};
    wish->post.context.rights = own_rights(request);
    wish->post.context.now = clock_utc() + EVENT_SCHEDULED_SECONDS * INT64_C(1000000);
    if (text.failed)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (post_add(&wish->post, why) == NULL ||
        !post_read_event(&wish->post, text.data, text.length, &used, why))
        return false;
    if (wish->post.items->outcome == OUTCOME_REJECTED)
        *why = *wish->post.items->problem;
    return wish->post.items->outcome != OUTCOME_REJECTED;
}

/* Recording -------------------------------------------------------------------------------- */

static bool find_events(struct request *const *batch, size_t count, struct db *db,
                        struct arena *arena, PGresult **rows, struct problem *why)
{
    struct array ids = array_create(arena, ARRAY_UUID, IDS_LIMIT);
    struct db_value value;
    for (size_t i = 0; i < count; i++)
        array_bytes(&ids, ((const struct wish *)batch[i]->input)->event_id, UUID_SIZE);
    if (!array_finish(&ids, &value))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (!db_run(db, STATEMENT_FIND_TO_VOID, &value, rows, why))
        return false;
    if (!arena_defer(arena, release_rows, *rows))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    return (size_t)PQntuples(*rows) == count ||
           fail(why, PROBLEM_INTERNAL, "the database answered otherwise than expected");
}

/* Those that cannot be voided are refused on the way. */
static bool record(struct request *const *batch, size_t count, struct db *db,
                   struct arena *arena, struct problem *why)
{
    PGresult *rows = NULL;
    struct item **items = arena_alloc(arena, count * sizeof *items);
    size_t made = 0;
    if (items == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (!find_events(batch, count, db, arena, &rows, why))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct problem refusal = {.code = PROBLEM_NONE};
        if (make_event(batch[i], rows, (int)i, &refusal))
            items[made++] = ((const struct wish *)batch[i]->input)->post.items;
        else
            request_refuse(batch[i], &refusal);
    }
    if (!batch_record(db, arena, items, made, why))
        return false;
    const struct service *service = batch[0]->service;
    for (size_t i = 0; service != NULL && i < made; i++)
        ingest_count_event(service->ingested, INGEST_POST, items[i], clock_utc());
    return true;
}

static bool answer(struct request *request, struct problem *why)
{
    const struct wish *wish = request->input;
    if (wish->post.items->outcome == OUTCOME_CONFLICT)
        return fail(why, PROBLEM_CONFLICT, "the event was voided before, for another reason");
    return post_answer(request, &wish->post, why);
}

void record_voids(struct request *const *batch, size_t count, struct db *db)
{
    struct problem failure = {.code = PROBLEM_NONE};
    struct arena *arena = arena_create(BATCH_LIMIT);
    bool is_recorded = arena != NULL ? record(batch, count, db, arena, &failure)
                                     : fail(&failure, PROBLEM_INTERNAL, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct problem why = failure;
        bool is_answered = batch[i]->answer.status != 0;
        if (!is_answered && !(is_recorded && answer(batch[i], &why)))
            request_refuse(batch[i], &why);
    }
    arena_destroy(arena);
}
