/* API keys as a resource. What a key may be, and that it cannot give what it has not, is
 * checked by the database (migrations/functions/keys.sql). Secrets are made here, told once in
 * the answer that makes them, and never kept: so such an answer is not kept either. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/object.h"
#include "api/parameters.h"
#include "api/service.h"
#include "base/digest.h"
#include "http/server.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_LIMIT = 256 * 1024, OVERLAP_INITIAL = 86400, OVERLAP_LIMIT = 30 * 86400 };

static const char NO_KEY[] = "there is no such key";

struct rotation {
    int64_t overlap;
};

static const struct json_field ROTATION[] = {{.name = "overlap_seconds",
                                              .kind = JSON_KIND_COUNT,
                                              .offset = offsetof(struct rotation, overlap)},
                                             {.name = NULL}};

/* Admission -------------------------------------------------------------------------------- */

static bool is_key_id(const char *text)
{
    return strlen(text) == KEY_ID_SIZE - 1 && is_made_of(text, "0123456789abcdef", KEY_ID_SIZE);
}

bool admit_key_id(struct request *request, struct problem *why)
{
    return is_key_id(request->variables[0]) || fail(why, PROBLEM_NOT_FOUND, NO_KEY);
}

bool admit_key_list(struct request *request, struct problem *why)
{
    return admit_page_filters(request, NULL, 0, why);
}

bool admit_rotation(struct request *request, struct problem *why)
{
    struct rotation *rotation = arena_alloc(request->arena, sizeof *rotation);
    if (rotation == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    rotation->overlap = OVERLAP_INITIAL;
    request->input = rotation;
    if (!admit_key_id(request, why) || object_read(request, ROTATION, rotation, why) == NULL)
        return false;
    if (rotation->overlap > OVERLAP_LIMIT)
        fault_add(why, "/overlap_seconds", "must be at most %d", OVERLAP_LIMIT);
    return why->code == PROBLEM_NONE;
}

/* Answers ---------------------------------------------------------------------------------- */

/* The key as it is shown, with its whole text before the other members. */
static bool answer_with_secret(struct request *request, int status, const PGresult *rows,
                               const struct new_key *key, struct problem *why)
{
    struct buffer body = buffer_create(request->arena, ANSWER_LIMIT);
    buffer_print(&body, "{\"key\":\"%s\",", key->text);
    buffer_append(&body, PQgetvalue(rows, 0, 0) + 1, (size_t)PQgetlength(rows, 0, 0) - 1);
    return respond_buffer(request, status, &body, why);
}

static bool change_key(struct request *request, int status, enum statement statement,
                       const struct db_value *values, const struct new_key *key,
                       struct problem *why)
{
    PGresult *rows = NULL;
    if (!db_run(request->db, statement, values, &rows, why))
        return false;
    bool is_there = !PQgetisnull(rows, 0, 0);
    bool is_answered = is_there ? answer_with_secret(request, status, rows, key, why)
                                : fail(why, PROBLEM_NOT_FOUND, NO_KEY);
    PQclear(rows);
    return is_answered;
}

bool create_key(struct request *request, struct problem *why)
{
    struct new_key key;
    char digest[2 * sizeof key.digest + 1];
    if (!key_make(&key))
        return fail(why, PROBLEM_INTERNAL, "the system has no randomness to give");
    hex_encode(key.digest, sizeof key.digest, digest);
    const char *location = arena_print(request->arena, "/v1/keys/%s", key.id);
    const struct db_value values[] = {
        {.data = key.id}, {.data = digest}, {.data = request->body}};
    if (location == NULL || !respond_field(request, "Location", location))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    return change_key(request, 201, STATEMENT_CREATE_KEY, values, &key, why);
}

bool rotate_key(struct request *request, struct problem *why)
{
    const struct rotation *rotation = request->input;
    struct new_key key;
    char digest[2 * sizeof key.digest + 1], overlap[24], id[KEY_ID_SIZE];
    memcpy(id, request->variables[0], sizeof id);
    if (!key_renew(id, &key))
        return fail(why, PROBLEM_INTERNAL, "the system has no randomness to give");
    hex_encode(key.digest, sizeof key.digest, digest);
    snprintf(overlap, sizeof overlap, "%jd", (intmax_t)rotation->overlap);
    const struct db_value values[] = {{.data = id}, {.data = digest}, {.data = overlap}};
    return change_key(request, 200, STATEMENT_ROTATE_KEY, values, &key, why);
}

bool revoke_key(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]}};
    return answer_document(request, STATEMENT_REVOKE_KEY, values, NO_KEY, why);
}

bool show_key(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]}};
    return answer_document(request, STATEMENT_SHOW_KEY, values, NO_KEY, why);
}

bool list_keys(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_KEYS, "there are no keys", why);
}

/* Whoever has the answer can use the key here; other servers follow the notification. */
void refresh_keys(struct request *request)
{
    const struct service *service = request->service;
    struct problem ignored = {.code = PROBLEM_NONE};
    struct auth *auth = server_auth(atomic_load(&service->server));
    bool is_current = auth_refresh(auth, request->db, &ignored);
    (void)is_current;
}
