#include "api/service.h"
#include "api/handlers.h"
#include "api/openapi.h"
#include "db/db.h"
#include "http/request.h"
#include "http/server.h"

#include <string.h>

bool show_health(struct request *request, struct problem *why)
{
    static const char BODY[] = "{\"status\":\"ok\"}";
    (void)why;
    return respond_json(request, 200, BODY, sizeof BODY - 1);
}

static bool has_queue_room(struct service *service)
{
    struct server *server = service != NULL ? atomic_load(&service->server) : NULL;
    return server == NULL || server_queue_depth(server, LANE_WRITE) < service->queue_limit;
}

/* That this runs at all says that the read lane has room. */
bool show_readiness(struct request *request, struct problem *why)
{
    static const char BODY[] = "{\"status\":\"ready\"}";
    PGresult *rows = NULL;
    if (!has_queue_room(request->service))
        return fail(why, PROBLEM_UNAVAILABLE, "the queue of the writer is full");
    if (!db_run(request->db, STATEMENT_CAN_WRITE, NULL, &rows, why))
        return false;
    bool can_write = strcmp(PQgetvalue(rows, 0, 0), "t") == 0;
    PQclear(rows);
    if (!can_write)
        return fail(why, PROBLEM_UNAVAILABLE, "the database is read-only");
    return respond_json(request, 200, BODY, sizeof BODY - 1);
}

bool show_problem(struct request *request, struct problem *why)
{
    for (enum problem_code code = PROBLEM_NONE + 1; code < PROBLEM_CODES; code++) {
        const struct problem_kind *kind = problem_kind(code);
        if (strcmp(kind->slug, request->variables[0]) != 0)
            continue;
        struct buffer page = buffer_create(request->arena, 4096);
        buffer_print(&page, "%d %s\n\n%s\n", kind->status, kind->title, kind->explanation);
        if (page.failed)
            return fail(why, PROBLEM_INTERNAL, "out of memory");
        return respond_text(request, 200, "text/plain; charset=utf-8", page.data, page.length);
    }
    return fail(why, PROBLEM_NOT_FOUND, "there is no problem of this name");
}

bool show_openapi_yaml(struct request *request, struct problem *why)
{
    (void)why;
    return respond_text(request, 200, "application/yaml", OPENAPI_YAML, OPENAPI_YAML_LENGTH);
}

bool show_openapi_json(struct request *request, struct problem *why)
{
    (void)why;
    return respond_json(request, 200, OPENAPI_JSON, OPENAPI_JSON_LENGTH);
}
