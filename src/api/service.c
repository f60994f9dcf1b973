#include "api/service.h"
#include "api/handlers.h"
#include "api/openapi.h"
#include "http/request.h"

#include <string.h>

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
