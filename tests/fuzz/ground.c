#include "ground.h"

#include "api/handlers.h"
#include "api/service.h"
#include "fuzz.h"
#include "http/change.h"
#include "http/data_edition.h"
#include "http/stream.h"
#include "ingest/ingest_counts.h"
#include "ingest/refusals.h"
#include "ingest/registry.h"

enum { SECONDS = 60, PIECE = 4096, URL_SIZE = 256 };

static const char CUSTOM_TYPE[] =
    "{\"entry\":\"enter\",\"fields\":[{\"name\":\"demo_id\",\"kind\":\"text\",\"required\":"
    "true},"
    "{\"name\":\"amount\",\"kind\":\"money\"},{\"name\":\"currency\",\"kind\":\"currency\"},"
    "{\"name\":\"score\",\"kind\":\"number\"}]}";

/* What a caller can have made of the business, whose events are in history.ndjson. */
static const char *const CHANGES[] = {
    "PUT /v1/event-types/sell.demo.held\nContent-Type: application/json\n\n"
    "{\"entry\":\"enter\",\"fields\":[{\"name\":\"demo_id\",\"kind\":\"text\"}]}",
    "PUT /v1/segments/loyal\nContent-Type: application/json\n\n"
    "{\"title\":\"Loyal\",\"where\":{\"field\":\"frequency\",\">=\":2}}",
    "PUT /v1/segments/gold\nContent-Type: application/json\n\n"
    "{\"where\":{\"field\":\"attributes.tier\",\"=\":\"gold\"}}",
    "PUT /v1/rates\nContent-Type: application/json\nIf-Match: *\n\n"
    "{\"data\":[{\"currency\":\"USD\",\"base\":\"EUR\",\"valid_from\":\"2026-01-01\","
    "\"rate\":\"0.9213\"}]}"};

/* The digest of a cursor is no secret, so anybody can make one: here it is known beforehand. */
static const char KNOWN_DIGEST[] =
    "create or replace function lifecycle.cursor_digest(list text[], key text) returns text "
    "language sql immutable as $$ select '000000000000' $$";

struct service *ground_service(void)
{
    static struct service service;
    static struct ingest_counts counts;
    struct problem why = {0};
    if (service.registry != NULL)
        return &service;
    struct edition *edition = edition_create(1);
    service = (struct service){.type_prefix = "com.acme",
                               .registry = registry_create(),
                               .refusals = refusals_create(),
                               .ingested = &counts,
                               .edition = data_edition_create(),
                               .batch_events = 1000};
    MUST_HOLD(service.registry != NULL && service.refusals != NULL && service.edition != NULL);
    MUST_HOLD(edition_add(edition, CUSTOM_TYPE_CODE, "sell.demo.held", CUSTOM_TYPE, &why));
    registry_replace(service.registry, edition);
    return &service;
}

/* Answering -------------------------------------------------------------------------------- */

static void execute(struct db *db, const char *sql)
{
    struct problem why = {0};
    bool is_done = db_execute(db, sql, NULL, &why);
    if (!is_done)
        fprintf(stderr, "%s: %s\n", sql, why.log_detail);
    MUST_HOLD(is_done);
}

void ground_begin(void)
{
    execute(ground_database(), "begin");
}

void ground_undo(void)
{
    execute(ground_database(), "rollback");
}

static void stir(void *unused)
{
    (void)unused;
}

/* What was written into a stream is looked at like an answer. */
static void read_stream(struct stream *stream)
{
    char piece[PIECE];
    size_t length;
    while (stream_accept(stream, piece, sizeof piece, &length) == STREAM_FLOWS)
        notice_answer(piece, length);
}

static bool answer_streamed(struct request *request, struct problem *why)
{
    request->stream = stream_create(request->arena, stir, NULL);
    MUST_HOLD(request->stream != NULL);
    bool is_answered = request->route->answer(request, why);
    read_stream(request->stream);
    return is_answered;
}

static bool act(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = "key"},
                                      {.data = request->key_id},
                                      {.data = NULL},
                                      {.data = "192.0.2.1"},
                                      {.data = "fuzz"}};
    PGresult *rows;
    if (!db_run(request->db, STATEMENT_ACT_AS, values, &rows, why))
        return false;
    PQclear(rows);
    return true;
}

/* In the transaction that the caller has begun. LANE_WRITE has its own, and is asked for a
 * trial. */
bool ground_answer(struct call *call, struct problem *why)
{
    struct request *request = &call->request;
    request->db = ground_database();
    switch (request->route->lane) {
    case LANE_WRITE:
        request->route->answer_batch(&request, 1, request->db);
        return true;
    case LANE_CHANGE:
        return act(request, why) && request_answer(request, why);
    case LANE_BULK:
        return answer_streamed(request, why);
    case LANE_READ:
        return request_answer(request, why);
    case LANE_INLINE:
    case LANES:
        break;
    }
    return true;
}

void ground_call(struct call *call, const char *text)
{
    static const char REJECTED[] = "\"outcome\":\"rejected\"";
    struct problem why = {0};
    bool is_answered = call_begin(call, text, strlen(text)) &&
                       call_admit(call, ground_service(), &why) && ground_answer(call, &why);
    if (!is_answered || call->request.answer.status >= 300)
        fprintf(stderr, "%s: %s %s %s %.*s\n", text, why.detail, why.faults[0].detail,
                why.log_detail, (int)call->request.answer.length, call->request.answer.body);
    MUST_HOLD(is_answered && call->request.answer.status < 300);
    MUST_HOLD(memmem(call->request.answer.body, call->request.answer.length, REJECTED,
                     sizeof REJECTED - 1) == NULL);
}

/* The database ----------------------------------------------------------------------------- */

static struct db *connect_as(const char *role)
{
    char url[URL_SIZE];
    const char *socket = getenv("CLMD_FUZZ_SOCKET");
    MUST_HOLD(socket != NULL);
    snprintf(url, sizeof url, "postgresql://%s@/postgres?host=%s", role, socket);
    struct db *db = db_create(url, SECONDS);
    MUST_HOLD(db != NULL);
    return db;
}

/* All of it in one request, of malloc. */
static char *read_history(void)
{
    static const char HEAD[] = "POST /v1/events\nContent-Type: application/x-ndjson\n\n";
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(CLMD_SOURCE "/tests/fuzz/history.ndjson", "re");
    MUST_HOLD(file != NULL && getdelim(&text, &size, '\0', file) > 0);
    fclose(file);
    char *request = NULL;
    MUST_HOLD(asprintf(&request, "%s%s", HEAD, text) > 0);
    free(text);
    return request;
}

/* The target that a database is given to may be started again on it. */
static bool is_filled(struct db *owner)
{
    struct problem why = {0};
    PGresult *rows = NULL;
    MUST_HOLD(db_execute(owner, "select from lifecycle.event limit 1", &rows, &why));
    bool is_filled = PQntuples(rows) > 0;
    PQclear(rows);
    return is_filled;
}

static void fill(void)
{
    struct call call;
    char *events = read_history();
    ground_call(&call, events);
    call_end(&call);
    free(events);
    for (size_t i = 0; i < COUNT_OF(CHANGES); i++) {
        ground_call(&call, CHANGES[i]);
        call_end(&call);
    }
}

struct db *ground_database(void)
{
    static struct db *db;
    if (db != NULL)
        return db;
    struct db *owner = connect_as("clmd_owner");
    execute(owner, KNOWN_DIGEST);
    bool was_filled = is_filled(owner);
    db_destroy(owner);
    db = connect_as("clmd_server");
    if (!was_filled)
        fill();
    return db;
}

/* Promises --------------------------------------------------------------------------------- */

/* A database that refuses by itself what we have let through has no words for the caller. */
static const char SPEECHLESS[] = "\"detail\":\"the database does not accept";

static void promise_body(const struct answer *answer)
{
    if (answer->is_streamed || answer->length == 0 || answer->content_type == NULL)
        return;
    MUST_HOLD(memmem(answer->body, answer->length, SPEECHLESS, strlen(SPEECHLESS)) == NULL);
    notice_answer(answer->body, answer->length < PIECE ? answer->length : PIECE);
    if (strstr(answer->content_type, "json") == NULL)
        return;
    json_t *value = json_loadb(answer->body, answer->length, JSON_DECODE_ANY, NULL);
    MUST_HOLD(value != NULL);
    json_decref(value);
}

static void promise_answer(const struct answer *answer)
{
    MUST_HOLD(answer->status == 0 || (answer->status >= 200 && answer->status < 500));
    for (size_t i = 0; i < answer->field_count; i++)
        MUST_HOLD(is_field_text(answer->fields[i].value));
    promise_body(answer);
}

static void promise_told(const struct call *call, const struct problem *why)
{
    bool is_refusal = problem_kind(why->code)->status < 500;
    if (!is_refusal || strstr(why->detail, "does not accept a value") != NULL)
        fprintf(stderr, "%s %s: %s %s\n", call->request.method, call->request.path, why->detail,
                why->log_detail);
    MUST_HOLD(is_refusal);
    promise_refusal(why);
}

bool ground_try(struct call *call, const void *text, size_t length)
{
    struct problem why = {0};
    if (!call_begin(call, text, length))
        return false;
    bool is_taken = call_admit(call, ground_service(), &why);
    bool is_due = is_taken && call->request.route->flow != FLOW_BODY;
    if (is_due && call->request.answer.status == 0 && !ground_answer(call, &why))
        is_taken = false;
    if (!is_taken) {
        promise_told(call, &why);
        request_refuse(&call->request, &why);
    }
    promise_answer(&call->request.answer);
    return true;
}
