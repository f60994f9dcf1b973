/* Merges: two customers who are one person, and the end of it. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/object.h"
#include "api/parameters.h"
#include "ingest/event.h"

enum { REASON_LIMIT = 1000 /* bytes */ };

static const char NO_MERGE[] = "no merge has this id";

/* What a change is told by, beside what the database knows: nothing here is stored. */
#define TEXT(name_, is_required, limit_)                                                       \
    {                                                                                          \
        .name = name_, .kind = JSON_KIND_TEXT, .required = is_required, .limit = limit_,       \
        .offset = JSON_NOT_STORED                                                              \
    }
static const struct json_field MERGE[] = {TEXT("customer", true, EVENT_NAME_LIMIT),
                                          TEXT("into", true, EVENT_NAME_LIMIT),
                                          TEXT("reason", false, REASON_LIMIT),
                                          {.name = NULL}};
static const struct json_field REVERT[] = {TEXT("reason", false, REASON_LIMIT), {.name = NULL}};

bool admit_merge(struct request *request, struct problem *why)
{
    return object_read(request, MERGE, NULL, why) != NULL && why->code == PROBLEM_NONE;
}

bool admit_merge_id(struct request *request, struct problem *why)
{
    unsigned char id[UUID_SIZE];
    return uuid_parse(request->variables[0], id) || fail(why, PROBLEM_NOT_FOUND, NO_MERGE);
}

bool admit_revert(struct request *request, struct problem *why)
{
    return admit_merge_id(request, why) && object_read(request, REVERT, NULL, why) != NULL &&
           why->code == PROBLEM_NONE;
}

bool admit_merge_list(struct request *request, struct problem *why)
{
    const char *customer = request_parameter(request, "customer");
    if (customer != NULL && !is_name(customer))
        fault_add(why, "?customer", "must be 1 to %d bytes long", EVENT_NAME_LIMIT);
    return admit_page_query(request, customer, why);
}

bool make_merge(struct request *request, struct problem *why)
{
    char id[UUID_TEXT_SIZE], event_id[UUID_TEXT_SIZE];
    if (!event_name_own(id, event_id))
        return fail(why, PROBLEM_INTERNAL, "the system has no randomness to give");
    const struct db_value values[] = {
        {.data = request->body}, {.data = event_id}, {.data = id}};
    const char *location = arena_print(request->arena, "/v1/merges/%s", event_id);
    if (location == NULL || !respond_field(request, "Location", location))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    return answer_made(request, STATEMENT_MAKE_MERGE, values, why);
}

bool revert_merge(struct request *request, struct problem *why)
{
    char id[UUID_TEXT_SIZE], event_id[UUID_TEXT_SIZE];
    if (!event_name_own(id, event_id))
        return fail(why, PROBLEM_INTERNAL, "the system has no randomness to give");
    const char *body = request->body_length > 0 ? request->body : "{}";
    const struct db_value values[] = {
        {.data = request->variables[0]}, {.data = body}, {.data = event_id}, {.data = id}};
    return answer_document(request, STATEMENT_REVERT_MERGE, values, NO_MERGE, why);
}

bool show_merge(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]}};
    return answer_document(request, STATEMENT_SHOW_MERGE, values, NO_MERGE, why);
}

bool list_merges(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_MERGES, "there are no merges", why);
}
