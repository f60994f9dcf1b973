/* Tokens for browsers: made with a key, signed, and kept nowhere. No database is needed. */
#include "http/token.h"

#include "api/handlers.h"
#include "api/object.h"
#include "api/parameters.h"
#include "api/service.h"
#include "base/clock.h"
#include "http/server.h"
#include "ingest/event.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_LIMIT = 16 * 1024, SECONDS_INITIAL = 900, SCOPES_MOST = 3 };

struct token_wish {
    int64_t seconds;
    const char *customer; /* NULL: everyone */
    unsigned scopes;
};

static const struct json_field WISH[] = {
    {.name = "scopes", .kind = JSON_KIND_LIST, .limit = SCOPES_MOST, .offset = JSON_NOT_STORED},
    {.name = "customer",
     .kind = JSON_KIND_TEXT,
     .limit = EVENT_NAME_LIMIT,
     .offset = offsetof(struct token_wish, customer)},
    {.name = "expires_in",
     .kind = JSON_KIND_COUNT,
     .offset = offsetof(struct token_wish, seconds)},
    {.name = NULL}};

/* What of it the key may read, where nothing else is wished. */
static unsigned readable(const struct rights *rights)
{
    return rights->scopes & SCOPE_ADMIN ? SCOPES_READ : rights->scopes & SCOPES_READ;
}

/* The faults of single scopes are gathered. */
static unsigned read_scopes(const json_t *list, const struct rights *rights,
                            struct problem *why)
{
    unsigned scopes = SCOPE_NONE;
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        char pointer[32];
        const char *name = json_string_value(item);
        unsigned scope = name != NULL ? scope_of_name(name) & SCOPES_READ : SCOPE_NONE;
        snprintf(pointer, sizeof pointer, "/scopes/%zu", i);
        if (scope == SCOPE_NONE)
            fault_add(why, pointer,
                      "must be a scope that reads: events:read, "
                      "customers:read, metrics:read");
        else if (!(scope & readable(rights)))
            fault_add(why, pointer, "is a scope that the key lacks itself");
        scopes |= scope;
    }
    if (scopes & ~readable(rights))
        why->code = PROBLEM_FORBIDDEN;
    return scopes;
}

bool admit_token(struct request *request, struct problem *why)
{
    struct token_wish *wish = arena_alloc(request->arena, sizeof *wish);
    if (wish == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (request->rights.is_token)
        return fail(why, PROBLEM_FORBIDDEN, "a token makes no tokens: use a key");
    wish->seconds = SECONDS_INITIAL;
    const json_t *object = object_read(request, WISH, wish, why);
    if (object == NULL)
        return false;
    const json_t *list = json_object_get(object, "scopes");
    wish->scopes = json_is_array(list) ? read_scopes(list, &request->rights, why)
                                       : readable(&request->rights);
    if (json_is_array(list) && json_array_size(list) == 0)
        fault_add(why, "/scopes", "must not be empty");
    if (wish->seconds < 1 || wish->seconds > TOKEN_SECONDS)
        fault_add(why, "/expires_in", "must be a number of seconds from 1 to %d",
                  TOKEN_SECONDS);
    request->input = wish;
    return why->code == PROBLEM_NONE;
}

static bool answer(struct request *request, const struct token *token, const char *text,
                   struct problem *why)
{
    struct buffer body = buffer_create(request->arena, ANSWER_LIMIT);
    char scopes[SCOPES_TEXT_SIZE], time[CLOCK_TEXT_SIZE];
    scopes_print(token->scopes, "\",\"", scopes);
    clock_print(token->expires_at, time);
    buffer_print(&body, "{\"token\":\"%s\",\"token_type\":\"Bearer\",\"expires_at\":\"%s\"",
                 text, time);
    buffer_print(&body, ",\"key_id\":\"%s\",\"scopes\":[\"%s\"],\"customer\":", token->key_id,
                 scopes);
    if (token->customer != NULL)
        buffer_json_text(&body, token->customer);
    else
        buffer_text(&body, "null");
    buffer_text(&body, "}");
    return respond_buffer(request, 201, &body, why);
}

bool make_token(struct request *request, struct problem *why)
{
    static const int64_t SECOND = 1000000;
    const struct token_wish *wish = request->input;
    const struct service *service = request->service;
    struct auth *auth = server_auth(atomic_load(&service->server));
    const char *text;
    struct token token = {.scopes = wish->scopes,
                          .customer = wish->customer,
                          .expires_at = (clock_utc() / SECOND + wish->seconds) * SECOND};
    memcpy(token.key_id, request->key_id, sizeof token.key_id);
    return auth_make_token(auth, &token, request->arena, &text, why) &&
           answer(request, &token, text, why);
}
