/* Event types: those of the vocabulary, and those that a business registers. A change is known
 * to this server before it is answered; the others follow at once, by its notification. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/service.h"
#include "ingest/custom_type.h"
#include "ingest/registry.h"

#include <stdio.h>
#include <string.h>

enum { EVENT_TYPES_LIMIT = 32 * 1024 * 1024, EVENT_TYPE_LIMIT = 2 * CUSTOM_TYPE_BODY_LIMIT };

/* A definition that was found valid. */
struct change {
    struct event_type type;
    const char *description;
    const char *fields; /* as JSON */
};

bool list_event_types(struct request *request, struct problem *why)
{
    struct buffer body = buffer_create(request->arena, EVENT_TYPES_LIMIT);
    PGresult *rows = NULL;
    if (!db_run(request->db, STATEMENT_LIST_EVENT_TYPES, NULL, &rows, why))
        return false;
    vocabulary_write(&body, PQgetisnull(rows, 0, 0) ? NULL : PQgetvalue(rows, 0, 0));
    PQclear(rows);
    buffer_append(&body, "", 1); /* the NUL that ends it */
    if (body.failed)
        return fail(why, PROBLEM_INTERNAL, "the answer takes more memory than a request may");
    return answer_list(request, STATEMENT_LIST_EVENT_TYPES, body.data, body.length - 1, why);
}

bool show_event_type(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]}};
    const struct event_type *type = vocabulary_find(request->variables[0]);
    if (type == NULL)
        return answer_document(request, STATEMENT_SHOW_EVENT_TYPE, values,
                               "no event type has this name", why);
    struct buffer body = buffer_create(request->arena, EVENT_TYPE_LIMIT);
    event_type_write(&body, type);
    return respond_buffer(request, 200, &body, why);
}

static bool read_definition(const struct request *request, struct change *change,
                            struct problem *why)
{
    size_t used;
    json_t *definition = json_parse(request->body, request->body_length, &used, why);
    if (definition == NULL)
        return false;
    bool is_whole = strspn(request->body + used, " \t\r\n") == request->body_length - used;
    bool is_read = is_whole
                       ? custom_type_read(request->arena, request->variables[0], definition,
                                          &change->type, &change->description, why)
                       : fail(why, PROBLEM_MALFORMED, "more than one JSON value");
    json_decref(definition);
    return is_read;
}

bool admit_event_type(struct request *request, struct problem *why)
{
    struct change *change = arena_alloc(request->arena, sizeof *change);
    struct buffer fields = buffer_create(request->arena, EVENT_TYPE_LIMIT);
    if (change == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (vocabulary_find(request->variables[0]) != NULL)
        return fail(why, PROBLEM_CONFLICT,
                    "this type is of the vocabulary itself and stays as it is; a stage model "
                    "can change how it moves customers");
    if (request->body_length > CUSTOM_TYPE_BODY_LIMIT)
        return fail(why, PROBLEM_TOO_LARGE, "a type's definition has at most %d bytes",
                    CUSTOM_TYPE_BODY_LIMIT);
    if (!read_definition(request, change, why))
        return false;
    fields_write(&fields, change->type.fields);
    buffer_append(&fields, "", 1);
    change->fields = fields.data;
    request->input = change;
    return !fields.failed || fail(why, PROBLEM_TOO_LARGE, "the type's fields are too many");
}

/* The change is made; if the types cannot be read now, the registry's follower does it soon. */
void refresh_event_types(struct request *request)
{
    const struct service *service = request->service;
    struct problem ignored = {.code = PROBLEM_NONE};
    bool is_current = registry_load(service->registry, request->db, &ignored);
    (void)is_current;
}

bool put_event_type(struct request *request, struct problem *why)
{
    const struct change *change = request->input;
    char stage[12];
    snprintf(stage, sizeof stage, "%d", (int)change->type.stage);
    const struct db_value values[] = {
        {.data = change->type.name},
        {.data = stage},
        {.data = ENTRY_NAMES[change->type.entry]},
        {.data = change->fields},
        {.data = change->description},
        {.data = request->if_match},
        {.data = request->if_none_match},
    };
    PGresult *rows = NULL;
    if (!db_run(request->db, STATEMENT_PUT_EVENT_TYPE, values, &rows, why))
        return false;
    if (!arena_defer(request->arena, release_rows, rows))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    bool is_new = strcmp(PQgetvalue(rows, 0, 1), "t") == 0;
    return respond_json(request, is_new ? 201 : 200, PQgetvalue(rows, 0, 0),
                        (size_t)PQgetlength(rows, 0, 0));
}
