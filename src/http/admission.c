#include "base/digest.h"
#include "http/condition.h"
#include "http/cors.h"
#include "http/exchange.h"
#include "http/headers.h"
#include "http/target.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { HEADER_ROOM = 2 * HEADER_LIMIT };

static enum MHD_Result take_field(void *headers, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    (void)kind;
    headers_add(headers, name, value);
    return MHD_YES;
}

static void read_headers(struct MHD_Connection *wire, struct headers *headers)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(wire, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    *headers = (struct headers){.size = info ? info->header_size : 0};
    MHD_get_connection_values(wire, MHD_HEADER_KIND, take_field, headers);
}

/* "Ce-Id: x  " → "id", "x". */
static bool keep_field(struct request *request, const char *name, const char *value)
{
    size_t length = strlen(value);
    while (length > 0 && memchr(" \t", value[length - 1], 2))
        length--;
    char *lower = arena_copy(request->arena, name, strlen(name));
    char *kept = arena_copy(request->arena, value, length);
    for (char *at = lower; at && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    request->fields[request->field_count++] = (struct header_field){lower, kept};
    return lower && kept;
}

struct gathering {
    struct exchange *exchange;
    bool failed;
};

static enum MHD_Result take_prefixed(void *closure, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    struct gathering *gathering = closure;
    struct exchange *exchange = gathering->exchange;
    struct request *request = &exchange->request;
    const char *prefix = request->route->field_prefix;
    size_t length = strlen(prefix);
    if (strncasecmp(name, prefix, length) != 0)
        return MHD_YES;
    if (!request->fields) {
        int all = MHD_get_connection_values(exchange->wire, kind, NULL, NULL);
        request->fields = arena_alloc(request->arena, (size_t)all * sizeof *request->fields);
    }
    gathering->failed =
        !request->fields || !keep_field(request, name + length, value ? value : "");
    return gathering->failed ? MHD_NO : MHD_YES;
}

/* Those that the route wants beside the ones that every request may have. */
static bool gather_fields(struct exchange *exchange, struct problem *why)
{
    struct gathering gathering = {.exchange = exchange};
    if (exchange->request.route->field_prefix)
        MHD_get_connection_values(exchange->wire, MHD_HEADER_KIND, take_prefixed, &gathering);
    return !gathering.failed || fail(why, PROBLEM_INTERNAL, "out of memory");
}

static void give_id(struct request *request, const char *given)
{
    unsigned char uuid[UUID_SIZE];
    if (given)
        memcpy(request->id, given, strlen(given) + 1);
    else if (uuid_fresh(uuid))
        uuid_print(uuid, request->id);
}

struct joining {
    const char *name;
    struct buffer values;
};

static enum MHD_Result join_field(void *closure, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct joining *joining = closure;
    (void)kind;
    if (strcasecmp(name, joining->name) != 0)
        return MHD_YES;
    buffer_text(&joining->values, joining->values.length > 0 ? "," : "");
    buffer_text(&joining->values, value ? value : "");
    return MHD_YES;
}

/* What the proxy that calls tells about its client; NULL where it tells nothing. */
static const char *read_forwarded(struct exchange *exchange, const char *name)
{
    struct joining joining = {name, buffer_create(exchange->request.arena, HEADER_ROOM)};
    MHD_get_connection_values(exchange->wire, MHD_HEADER_KIND, join_field, &joining);
    buffer_append(&joining.values, "", 1);
    return joining.values.failed ? NULL : joining.values.data;
}

/* Whose request it is, for all that follows. */
static void meet_client(struct exchange *exchange)
{
    const struct guard *guard = exchange->io->service->guard;
    const struct caller *peer = &exchange->connection->caller;
    const char *forwarded =
        peer->is_proxy ? read_forwarded(exchange, guard_field(guard)) : NULL;
    exchange->client = guard_client(guard, peer, forwarded);
    memcpy(exchange->request.address, exchange->client.text, ADDRESS_TEXT_SIZE);
}

/* Refusals are told to a page as well. */
static void meet_page(struct exchange *exchange, const struct headers *headers,
                      const char *method)
{
    exchange->origin = cors_find(exchange->io->service->cors, headers->values[HEADER_ORIGIN]);
    exchange->is_preflight = exchange->origin && headers->values[HEADER_REQUEST_METHOD] &&
                             strcmp(method, "OPTIONS") == 0;
}

/* What is answered from memory tells nothing of customers: it is there in an outage, too. */
static bool confirm_key(const struct io_service *service, const struct route *route,
                        struct problem *why)
{
    return route->scope == SCOPE_NONE || route->lane == LANE_INLINE ||
           auth_confirm(service->auth, why);
}

/* Whoever has no valid key is counted by address. */
static bool let_in(struct exchange *exchange, const struct headers *headers,
                   struct problem *why)
{
    const struct io_service *service = exchange->io->service;
    struct request *request = &exchange->request;
    bool is_let_in =
        auth_check(service->auth, headers->values[HEADER_AUTHORIZATION], request->route->scope,
                   request->arena, request->key_id, &request->rights, why) &&
        confirm_key(service, request->route, why);
    return guard_rate(service->guard, request->key_id, &request->rights.rate, &exchange->client,
                      &exchange->standing, why) &&
           is_let_in;
}

static bool find_route(struct exchange *exchange, const struct target *target,
                       struct route_match *match, struct problem *why)
{
    const struct io_service *service = exchange->io->service;
    struct request *request = &exchange->request;
    request->path = target->path;
    bool is_found = route_find(service->routes, service->route_count, request->method,
                               target->path, target->path_length, match, why);
    request->route = match->route;
    if (!is_found && match->allow[0])
        exchange->allow = arena_copy(request->arena, match->allow, strlen(match->allow));
    return is_found;
}

static bool expect_body(struct exchange *exchange, const struct headers *headers,
                        struct problem *why)
{
    struct request *request = &exchange->request;
    size_t limit = exchange->io->service->body_limit;
    (void)headers_announce_body(headers, &request->announced);
    request->is_gzip = headers_tell_gzip(headers);
    if (!headers_check_body(headers, request, why))
        return false;
    if (request->route->flow == FLOW_BODY)
        return true;
    if (request->announced > limit)
        return fail(why, PROBLEM_TOO_LARGE, "a body may take %zu bytes", limit);
    if (request->route->media_types)
        return body_begin(&exchange->body, request->arena, limit, (size_t)request->announced,
                          request->is_gzip, why);
    body_drop(&exchange->body, request->arena, limit);
    return true;
}

/* A token for one customer opens what is under that customer's reference, and nothing else. */
static bool check_customer(const struct request *request, struct problem *why)
{
    const char *customer = request->rights.customer;
    return !customer ||
           (request->route->of_customer && strcmp(request->variables[0], customer) == 0) ||
           fail(why, PROBLEM_FORBIDDEN, "the token is for what is of one customer alone");
}

/* In the order in which a caller would want to know. */
static bool admit(struct exchange *exchange, const struct headers *headers, const char *version,
                  struct problem *why)
{
    struct request *request = &exchange->request;
    struct target target;
    struct route_match match;
    if (!exchange->target)
        return fail(why, PROBLEM_URI_TOO_LONG, "the target takes more than %d bytes",
                    TARGET_LIMIT);
    if (!headers_check(headers, version, why))
        return false;
    exchange->closes = !exchange->is_received;
    return guard_request(exchange->io->service->guard, &exchange->client, why) &&
           target_split(exchange->target, &target, why) &&
           find_route(exchange, &target, &match, why) && let_in(exchange, headers, why) &&
           target_variables(request, &match, why) && check_customer(request, why) &&
           headers_check_accept(headers, request, why) && gather_fields(exchange, why) &&
           condition_read(headers, request, why) && expect_body(exchange, headers, why) &&
           target_parameters(request, target.query, why);
}

/* libmicrohttpd's own text goes with the connection, which a worker may outlive. */
static const char *keep_method(const struct exchange *exchange, const char *method)
{
    const char *kept = arena_copy(exchange->request.arena, method, strlen(method));
    return kept ? kept : "";
}

bool exchange_admit(struct exchange *exchange, const char *method, const char *version,
                    struct problem *why)
{
    struct headers headers;
    uint64_t unused;
    read_headers(exchange->wire, &headers);
    give_id(&exchange->request, headers_request_id(&headers));
    exchange->request.trace = headers_trace(&headers);
    meet_client(exchange);
    meet_page(exchange, &headers, method);
    exchange->request.method = keep_method(exchange, method);
    exchange->closes = true; /* until the header has proven sound */
    exchange->is_received = !headers_announce_body(&headers, &unused);
    return admit(exchange, &headers, version, why);
}
