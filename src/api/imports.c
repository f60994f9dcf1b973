/* Imports over HTTP. The body is read by a bulk worker while it comes; what became of it is a
 * job, which any server can show meanwhile. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/service.h"
#include "base/clock.h"
#include "http/stream.h"
#include "ingest/event.h"
#include "ingest/ingest_counts.h"
#include "ingest/job.h"
#include "ingest/unpack.h"

#include <string.h>

enum { QUIET_MILLISECONDS = 1000 };

static const char NO_IMPORT[] = "there is no import of this id; the latest thousand are kept";

/* What admit makes of the parameters. */
struct import_wish {
    enum rows_format format;
    struct csv_constants constants;
};

static const char *read_constant(const struct request *request, const char *pointer,
                                 enum rows_format format, struct problem *why)
{
    const char *text = request_parameter(request, pointer + 1);
    if (text == NULL)
        return NULL;
    if (format != ROWS_CSV)
        fault_add(why, pointer, "is for text/csv: a line of NDJSON says it itself");
    else if (text[0] == '\0' || strlen(text) > EVENT_NAME_LIMIT)
        fault_add(why, pointer, "must be a text of 1 to %d bytes", EVENT_NAME_LIMIT);
    return text;
}

static bool check_type(struct request *request, const char *name, struct problem *why)
{
    const struct service *service = request->service;
    const struct event_context context = {
        .now = clock_utc(), .type_prefix = service->type_prefix, .registry = service->registry};
    const struct event_type *type = NULL;
    if (name == NULL)
        return true;
    if (!event_type_find(request->arena, name, &context, &type, why))
        return false;
    return type != NULL || fault_add(why, "?type", "is not a type that this service knows");
}

bool admit_import(struct request *request, struct problem *why)
{
    struct import_wish *wish = arena_alloc(request->arena, sizeof *wish);
    if (wish == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    wish->format = strcmp(request->media_type, "text/csv") == 0 ? ROWS_CSV : ROWS_NDJSON;
    wish->constants.source = read_constant(request, "?source", wish->format, why);
    wish->constants.type = read_constant(request, "?type", wish->format, why);
    request->input = wish;
    return check_type(request, wish->constants.type, why) && why->code == PROBLEM_NONE;
}

/* The body ------------------------------------------------------------------------------------
 */

struct upload {
    struct request *request;
    struct job job;
    struct unpacker *unpacker; /* NULL: the body is not packed */
};

static enum source_state read_body(void *closure, char *into, size_t size, size_t *length)
{
    static const enum source_state STATES[] = {[STREAM_FLOWS] = SOURCE_FLOWS,
                                               [STREAM_QUIET] = SOURCE_QUIET,
                                               [STREAM_ENDED] = SOURCE_ENDED,
                                               [STREAM_BROKEN] = SOURCE_BROKEN};
    struct upload *upload = closure;
    enum stream_state state =
        stream_read(upload->request->stream, into, size, length, QUIET_MILLISECONDS);
    upload->job.bytes += *length;
    upload->job.is_hurried = state == STREAM_BROKEN;
    return STATES[state];
}

static bool open_body(struct upload *upload, struct source *source, struct problem *why)
{
    *source = (struct source){read_body, upload};
    if (!upload->request->is_gzip)
        return true;
    upload->unpacker = unpacker_create(upload->request->arena, *source);
    if (upload->unpacker == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    *source = unpacker_source(upload->unpacker);
    return true;
}

/* The import ----------------------------------------------------------------------------------
 */

/* False with the problem, if it was not done. A body that broke for its own fault has failed.
 */
static bool import_body(struct upload *upload, const struct import_options *options,
                        struct problem *why)
{
    struct import_counts counts;
    enum import_end end = import_run(options, &counts, why);
    if (options->ingested != NULL)
        counter_add(&options->ingested->imports[end], 1);
    const struct problem *fault = upload->unpacker != NULL ? &upload->unpacker->why : NULL;
    if (end == IMPORT_INTERRUPTED && fault != NULL && fault->code != PROBLEM_NONE) {
        end = IMPORT_FAILED;
        *why = *fault;
    } else if (end == IMPORT_INTERRUPTED) {
        (void)fail(why, PROBLEM_UNAVAILABLE, "the body broke off; send it again");
    }
    job_end(&upload->job, end, &counts, end == IMPORT_DONE ? NULL : why);
    return end == IMPORT_DONE;
}

static void destroy_dbs(struct import_options *options)
{
    while (options->db_count > 0)
        db_destroy(options->dbs[--options->db_count]);
}

static bool create_dbs(const struct request *request, struct import_options *options,
                       struct problem *why)
{
    for (; options->db_count < STORERS; options->db_count++) {
        options->dbs[options->db_count] = db_create_alike(request->db);
        if (options->dbs[options->db_count] == NULL)
            return fail(why, PROBLEM_INTERNAL, "out of memory");
    }
    return true;
}

static bool import(struct upload *upload, struct problem *why)
{
    struct request *request = upload->request;
    const struct service *service = request->service;
    const struct import_wish *wish = request->input;
    struct import_options options = {.format = wish->format,
                                     .constants = wish->constants,
                                     .batch_events = service->batch_events,
                                     .type_prefix = service->type_prefix,

                                     .registry = service->registry,
                                     .rights = &request->rights,
                                     .refusals = service->refusals,
                                     .ingested = service->ingested,
                                     .reject = job_reject,
                                     .progress = job_progress,
                                     .closure = &upload->job};
    bool is_done = open_body(upload, &options.source, why) &&
                   create_dbs(request, &options, why) &&
                   job_start(&upload->job, request->db, request->key_id, wish->format,
                             request->announced, why) &&
                   import_body(upload, &options, why);
    destroy_dbs(&options);
    return is_done;
}

/* The field Location, also of an import that has failed: what it has stored is told there. */
static bool tell_location(struct request *request, const struct job *job)
{
    const char *location = arena_print(request->arena, "/v1/imports/%s", job->id);
    return location != NULL && respond_field(request, "Location", location);
}

static bool answer_job(struct request *request, const struct job *job, struct problem *why)
{
    const struct db_value values[] = {{.data = job->id}, {.data = NULL}};
    if (!answer_document(request, STATEMENT_SHOW_IMPORT, values, NO_IMPORT, why))
        return false;
    request->answer.status = 202;
    return tell_location(request, job) || fail(why, PROBLEM_INTERNAL, "out of memory");
}

bool run_import(struct request *request, struct problem *why)
{
    struct upload upload = {.request = request};
    if (import(&upload, why) && answer_job(request, &upload.job, why))
        return true;
    request_refuse(request, why);
    if (upload.job.id[0] != '\0')
        (void)tell_location(request, &upload.job);
    return true;
}

/* The jobs ------------------------------------------------------------------------------------
 */

bool admit_import_list(struct request *request, struct problem *why)
{
    static const char *const STATES[] = {"running", "done", "failed", "interrupted"};
    const char *state = request_parameter(request, "state");
    bool is_known = state == NULL;
    for (size_t i = 0; i < COUNT_OF(STATES) && !is_known; i++)
        is_known = strcmp(state, STATES[i]) == 0;
    if (!is_known)
        fault_add(why, "?state", "must be running, done, failed or interrupted");
    const char *const filters[] = {state, request_own_key(request)};
    return admit_page_filters(request, filters, COUNT_OF(filters), why);
}

bool list_imports(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_IMPORTS, "there are no imports", why);
}

bool admit_import_id(struct request *request, struct problem *why)
{
    unsigned char import_id[UUID_SIZE];
    return uuid_parse(request->variables[0], import_id) ||
           fail(why, PROBLEM_NOT_FOUND, "an import's id is a UUID");
}

bool show_import(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]},
                                      {.data = request_own_key(request)}};
    return answer_document(request, STATEMENT_SHOW_IMPORT, values, NO_IMPORT, why);
}
