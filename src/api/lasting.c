#include "api/lasting.h"

#include "api/answer.h"
#include "api/service.h"
#include "base/digest.h"
#include "http/condition.h"
#include "http/data_edition.h"

#include <stdio.h>
#include <string.h>

enum { WEAK_TAG_SIZE = TAG_SIZE + 2 };

/* The question is all that the answer depends on beside the data: the path, the parameters, the
 * type of the answer, and the program that writes it. */
static bool make_tag(const struct request *request, const char *edition,
                     char tag[WEAK_TAG_SIZE])
{
    struct buffer question = buffer_create(request->arena, SIZE_MAX);
    buffer_append(&question, edition, EDITION_SIZE);
    buffer_append(&question, CLMD_VERSION, sizeof CLMD_VERSION);
    buffer_append(&question, request->answer_type, strlen(request->answer_type) + 1);
    buffer_append(&question, request->path, strlen(request->path) + 1);
    for (size_t i = 0; i < request->parameter_count; i++) {
        const struct query_parameter *parameter = &request->parameters[i];
        buffer_append(&question, parameter->name, strlen(parameter->name) + 1);
        buffer_append(&question, parameter->value, strlen(parameter->value) + 1);
    }
    memcpy(tag, "W/", 2);
    if (!question.failed)
        tag_of(question.data, question.length, tag + 2);
    return !question.failed;
}

static bool add_fields(struct request *request, const char *tag, struct problem *why)
{
    bool has_room = respond_field(request, "ETag", tag) &&
                    respond_field(request, "Cache-Control", "private, no-cache") &&
                    respond_field(request, "Vary", "Accept");
    return has_room || fail(why, PROBLEM_INTERNAL, "too many header fields");
}

/* The tag of the question and an edition, on the answer. */
static bool put_tag(struct request *request, const char *edition, const char **tag,
                    struct problem *why)
{
    char *made = arena_alloc_raw(request->arena, WEAK_TAG_SIZE);
    *tag = made;
    if (made == NULL || !make_tag(request, edition, made))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    return add_fields(request, made, why);
}

bool lasting_admit(struct request *request, struct problem *why)
{
    const struct service *service = request->service;
    char edition[EDITION_SIZE];
    const char *tag;
    if (request->position != 0 || request->if_none_match == NULL || service == NULL ||
        service->edition == NULL ||
        !data_edition_read(service->edition, request->began_at, edition))
        return true;
    if (!put_tag(request, edition, &tag, why))
        return false;
    if (tag_is_listed(request->if_none_match, tag + 2))
        return respond_text(request, 304, NULL, NULL, 0);
    request->answer = (struct answer){.status = 0};
    return true;
}

bool lasting_answer(struct request *request, enum statement statement,
                    const struct db_value *values, struct problem *why)
{
    PGresult *rows;
    const char *tag;
    if (!db_run(request->db, statement, values, &rows, why))
        return false;
    if (!arena_defer(request->arena, release_rows, rows))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (!put_tag(request, PQgetvalue(rows, 0, 1), &tag, why))
        return false;
    return respond_text(request, 200, answer_content_type(request), PQgetvalue(rows, 0, 0),
                        (size_t)PQgetlength(rows, 0, 0));
}
