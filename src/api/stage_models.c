/* Stage models: what they say is checked by the database, which knows all event types; how one
 * becomes the active one is told in migrations/functions/models_activation.sql. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/parameters.h"

#include <stdlib.h>
#include <string.h>

enum { MODEL_NAME_LIMIT = 64, VERSION_LIMIT = 500, VERSION_DIGITS = 3 };

static const char NO_MODEL[] = "there is no such stage model or version of it";

static bool is_model_name(const char *text)
{
    return is_made_of(text, "abcdefghijklmnopqrstuvwxyz0123456789-_", MODEL_NAME_LIMIT);
}

static bool is_version(const char *text)
{
    return is_made_of(text, "0123456789", VERSION_DIGITS) &&
           strtol(text, NULL, 10) <= VERSION_LIMIT;
}

static const struct parameter VERSION = {.pointer = "?version",
                                         .is_valid = is_version,
                                         .expected = "must be the number of a version"};

bool admit_stage_model(struct request *request, struct problem *why)
{
    const char *version;
    return (is_model_name(request->variables[0]) || fail(why, PROBLEM_NOT_FOUND, NO_MODEL)) &&
           parameters_read(request, &VERSION, 1, &version, why);
}

bool admit_new_stage_model(struct request *request, struct problem *why)
{
    if (!is_model_name(request->variables[0]))
        return fail(why, PROBLEM_UNPROCESSABLE,
                    "a stage model's name is made of 1 to %d of a-z, 0-9, - and _",
                    MODEL_NAME_LIMIT);
    return admit_object(request, why);
}

bool list_stage_models(struct request *request, struct problem *why)
{
    return answer_document(request, STATEMENT_LIST_STAGE_MODELS, NULL,
                           "there are no stage models", why);
}

bool show_stage_model(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]},
                                      {.data = request_parameter(request, "version")}};
    return answer_document(request, STATEMENT_SHOW_STAGE_MODEL, values, NO_MODEL, why);
}

/* One row of a JSON value, and whether the answer has another status than 200. */
static bool answer_outcome(struct request *request, enum statement statement,
                           const struct db_value *values, int status, struct problem *why)
{
    PGresult *rows;
    if (!db_run(request->db, statement, values, &rows, why))
        return false;
    if (!arena_defer(request->arena, release_rows, rows))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    bool is_other = strcmp(PQgetvalue(rows, 0, 1), "t") == 0;
    return respond_json(request, is_other ? status : 200, PQgetvalue(rows, 0, 0),
                        (size_t)PQgetlength(rows, 0, 0));
}

bool put_stage_model(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]},
                                      {.data = request->body},
                                      {.data = request->if_match},
                                      {.data = request->if_none_match}};
    return answer_outcome(request, STATEMENT_PUT_STAGE_MODEL, values, 201, why);
}

bool activate_stage_model(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]},
                                      {.data = request_parameter(request, "version")}};
    return answer_outcome(request, STATEMENT_ACTIVATE_STAGE_MODEL, values, 202, why);
}

bool cancel_activation(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]}};
    return answer_document(request, STATEMENT_CANCEL_ACTIVATION, values, NO_MODEL, why);
}
