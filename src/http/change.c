#include "http/change.h"

#include "base/clock.h"
#include "base/digest.h"
#include "db/array.h"
#include "db/db.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRIES = 5,
    TRY_MICROSECONDS = 5 * 1000000, /* after which no further try begins */
    FIELDS_LIMIT = 65536            /* bytes of an answer's fields */
};

/* The key under which an answer is kept: the caller's, within those of its API key. */
struct label {
    const char *key_id, *name;
    char digest[2 * SHA256_SIZE + 1]; /* of the request that it stands for */
};

/* If-Match is no part of it: who repeats a request may have learnt of a later state. */
static bool label_request(const struct request *request, struct label *label,
                          struct problem *why)
{
    unsigned char digest[SHA256_SIZE];
    struct buffer text = buffer_create(request->arena, SIZE_MAX);
    const char *media_type = request->media_type ? request->media_type : "";
    buffer_append(&text, request->method, strlen(request->method) + 1);
    buffer_append(&text, request->path, strlen(request->path) + 1);
    for (size_t i = 0; i < request->parameter_count; i++) {
        const struct query_parameter *parameter = &request->parameters[i];
        buffer_append(&text, parameter->name, strlen(parameter->name) + 1);
        buffer_append(&text, parameter->value, strlen(parameter->value) + 1);
    }
    buffer_append(&text, media_type, strlen(media_type) + 1);
    buffer_append(&text, request->body, request->body_length);
    if (text.failed)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    sha256(text.data, text.length, digest);
    hex_encode(digest, sizeof digest, label->digest);
    label->key_id = request->key_id;
    label->name = request->idempotency_key;
    return true;
}

static const char *value_at(const PGresult *rows, int row, int column)
{
    return PQgetisnull(rows, row, column) ? NULL : PQgetvalue(rows, row, column);
}

/* A row for each field of the answer; one at least. */
static bool repeat_answer(struct request *request, const PGresult *rows, struct problem *why)
{
    int status = (int)strtol(PQgetvalue(rows, 0, 0), NULL, 10);
    bool has_room = respond_text(request, status, value_at(rows, 0, 1), PQgetvalue(rows, 0, 2),
                                 (size_t)PQgetlength(rows, 0, 2)) &&
                    respond_field(request, "Idempotent-Replayed", "true");
    for (int row = 0; row < PQntuples(rows); row++) {
        const char *name = value_at(rows, row, 3);
        has_room = has_room && (!name || respond_field(request, name, value_at(rows, row, 4)));
    }
    return has_room || fail(why, PROBLEM_INTERNAL, "a kept answer has too many fields");
}

/* Fills the answer from the one that was kept; is_kept is false if there is none. */
static bool recall(struct request *request, const struct label *label, bool *is_kept,
                   struct problem *why)
{
    const struct db_value values[] = {
        {.data = label->key_id}, {.data = label->name}, {.data = label->digest}};
    PGresult *rows;
    if (!db_run(request->db, STATEMENT_RECALL_ANSWER, values, &rows, why))
        return false;
    if (!arena_defer(request->arena, release_rows, rows))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    *is_kept = PQntuples(rows) > 0;
    return !*is_kept || repeat_answer(request, rows, why);
}

static bool keep(struct request *request, const struct label *label, struct problem *why)
{
    const struct answer *answer = &request->answer;
    struct array fields = array_create(request->arena, ARRAY_TEXT, FIELDS_LIMIT);
    struct db_value field_values;
    char status[12];
    PGresult *rows;
    for (size_t i = 0; i < answer->field_count; i++) {
        array_text(&fields, answer->fields[i].name);
        array_text(&fields, answer->fields[i].value);
    }
    if (!array_finish(&fields, &field_values) || answer->length > INT32_MAX)
        return fail(why, PROBLEM_INTERNAL, "the answer is too large to be kept");
    snprintf(status, sizeof status, "%d", answer->status);
    const struct db_value values[] = {
        {.data = label->key_id},
        {.data = label->name},
        {.data = label->digest},
        {.data = status},
        {.data = answer->content_type},
        {.data = answer->body ? answer->body : "", (int)answer->length, true},
        field_values,
    };
    if (!db_run(request->db, STATEMENT_KEEP_ANSWER, values, &rows, why))
        return false;
    PQclear(rows);
    return true;
}

/* For whom the transaction acts, for the audit log. */
static bool begin(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = "key"},
                                      {.data = request->key_id},
                                      {.data = NULL},
                                      {.data = request->address},
                                      {.data = request->id}};
    PGresult *rows;
    if (!db_execute(request->db, "begin", NULL, why) ||
        !db_run(request->db, STATEMENT_ACT_AS, values, &rows, why))
        return false;
    PQclear(rows);
    return true;
}

static bool answer_once(struct request *request, struct problem *why)
{
    struct label label;
    bool is_kept = false;
    return label_request(request, &label, why) && recall(request, &label, &is_kept, why) &&
           (is_kept || (request_answer(request, why) && keep(request, &label, why)));
}

static bool answer_within(struct request *request, struct problem *why)
{
    return begin(request, why) &&
           (request->idempotency_key ? answer_once(request, why)
                                     : request_answer(request, why)) &&
           db_execute(request->db, "commit", NULL, why);
}

/* If it fails, the connection is lost, and nothing is left to undo. */
static void undo(struct db *db)
{
    struct problem ignored = {0};
    bool is_undone = db_execute(db, "rollback", NULL, &ignored);
    (void)is_undone;
}

/* `may_pass`: whether to try it again. */
static bool answer_try(struct request *request, bool *may_pass, struct problem *why)
{
    bool is_answered = answer_within(request, why);
    enum db_fault fault = db_last_fault(request->db);
    *may_pass = fault == DB_FAULT_TRANSIENT || db_has_collided(request->db);
    if (!is_answered && fault != DB_FAULT_CONNECTION)
        undo(request->db);
    return is_answered;
}

bool change_answer(struct request *request, struct problem *why)
{
    int64_t ends_at = clock_monotonic() + TRY_MICROSECONDS;
    bool may_pass;
    for (int tries = 1; !answer_try(request, &may_pass, why); tries++) {
        if (!may_pass || tries == TRIES || clock_monotonic() >= ends_at)
            return false;
        *why = (struct problem){0};
        request->answer = (struct answer){0};
    }
    if (request->route->refresh)
        request->route->refresh(request);
    return true;
}
