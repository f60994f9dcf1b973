/* Segments: what a condition may be is checked by the database, which makes SQL of it
 * (migrations/functions/segment_query.sql). */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/object.h"
#include "api/parameters.h"

enum { SEGMENT_NAME_LIMIT = 64 };

static const char NO_SEGMENT[] = "there is no such segment";

static bool is_segment_name(const char *text)
{
    return is_made_of(text, "abcdefghijklmnopqrstuvwxyz0123456789-_", SEGMENT_NAME_LIMIT);
}

bool admit_segment(struct request *request, struct problem *why)
{
    return is_segment_name(request->variables[0]) || fail(why, PROBLEM_NOT_FOUND, NO_SEGMENT);
}

bool admit_new_segment(struct request *request, struct problem *why)
{
    if (!is_segment_name(request->variables[0]))
        return fail(why, PROBLEM_UNPROCESSABLE,
                    "a segment's name is made of 1 to %d of a-z, 0-9, - and _",
                    SEGMENT_NAME_LIMIT);
    return admit_object(request, why);
}

bool admit_segment_list(struct request *request, struct problem *why)
{
    return admit_page_filters(request, NULL, 0, why);
}

bool admit_segment_members(struct request *request, struct problem *why)
{
    return admit_segment(request, why) && admit_page_query(request, request->variables[0], why);
}

bool list_segments(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_SEGMENTS, "there are no segments", why);
}

bool show_segment(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]}};
    return answer_document(request, STATEMENT_SHOW_SEGMENT, values, NO_SEGMENT, why);
}

bool put_segment(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]},
                                      {.data = request->body},
                                      {.data = request->if_match},
                                      {.data = request->if_none_match}};
    return answer_made(request, STATEMENT_PUT_SEGMENT, values, why);
}

bool delete_segment(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]},
                                      {.data = request->if_match},
                                      {.data = request->if_none_match}};
    return answer_document(request, STATEMENT_DELETE_SEGMENT, values, NO_SEGMENT, why);
}

bool list_segment_members(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_SEGMENT_MEMBERS, NO_SEGMENT, why);
}
