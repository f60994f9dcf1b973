/* Persons: what is held about one, and the end of it. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/object.h"
#include "base/digest.h"
#include "ingest/event.h"

static const char NO_ERASURE[] = "no erasure has this id";

static const struct json_field ERASURE[] = {{.name = "customer",
                                             .kind = JSON_KIND_TEXT,
                                             .required = true,
                                             .limit = EVENT_NAME_LIMIT,
                                             .offset = JSON_NOT_STORED},
                                            {.name = NULL}};

bool admit_erasure(struct request *request, struct problem *why)
{
    return object_read(request, ERASURE, NULL, why) != NULL && why->code == PROBLEM_NONE;
}

bool admit_erasure_id(struct request *request, struct problem *why)
{
    unsigned char id[UUID_SIZE];
    return uuid_parse(request->variables[0], id) || fail(why, PROBLEM_NOT_FOUND, NO_ERASURE);
}

bool admit_erasure_list(struct request *request, struct problem *why)
{
    return admit_page_filters(request, NULL, 0, why);
}

bool erase_person(struct request *request, struct problem *why)
{
    unsigned char uuid[UUID_SIZE];
    char id[UUID_TEXT_SIZE];
    if (!uuid_fresh(uuid))
        return fail(why, PROBLEM_INTERNAL, "the system has no randomness to give");
    uuid_print(uuid, id);
    const struct db_value values[] = {{.data = request->body}, {.data = id}};
    const char *location = arena_print(request->arena, "/v1/erasures/%s", id);
    if (location == NULL || !respond_field(request, "Location", location))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    return answer_made(request, STATEMENT_ERASE_PERSON, values, why);
}

bool show_erasure(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]}};
    return answer_document(request, STATEMENT_SHOW_ERASURE, values, NO_ERASURE, why);
}

bool list_erasures(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_ERASURES, "there are no erasures", why);
}
