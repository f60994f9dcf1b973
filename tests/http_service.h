/* A small service inside of a test's process: routes of every lane, and no database. */
#ifndef CLMD_TESTS_HTTP_SERVICE_H
#define CLMD_TESTS_HTTP_SERVICE_H

#include "http/request.h"
#include "http/server.h"
#include "http/stream.h"
#include "http/thread.h"
#include "tap.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SERVICE_BODY_LIMIT = 65536 };

/* What handlers wait for at /gate, and how many answers they gave. */
struct service {
    struct monitor monitor;
    bool is_open;
    unsigned waiting;
    atomic_uint answered;
    atomic_uint broken; /* streams whose client went away */
    struct server *server;
    unsigned port;
};

static inline bool answer_ping(struct request *request, struct problem *why)
{
    (void)why;
    return respond_text(request, 200, "text/plain", "pong", 4);
}

static inline bool answer_address(struct request *request, struct problem *why)
{
    (void)why;
    return respond_text(request, 200, "text/plain", request->address, strlen(request->address));
}

static inline bool answer_echo(struct request *request, struct problem *why)
{
    (void)why;
    return respond_json(request, 200, request->body, request->body_length);
}

static inline bool answer_thing(struct request *request, struct problem *why)
{
    const char *limit = request_parameter(request, "limit");
    struct buffer body = buffer_create(request->arena, 4096);
    buffer_print(&body, "%s|%s", request->variables[0], limit ? limit : "");
    return respond_buffer(request, 200, &body, why);
}

static inline bool answer_failure(struct request *request, struct problem *why)
{
    (void)request;
    snprintf(why->log_detail, sizeof why->log_detail, "for the log");
    return fail(why, PROBLEM_INTERNAL, "on purpose");
}

static inline bool answer_gate(struct request *request, struct problem *why)
{
    struct service *service = request->service;
    monitor_lock(&service->monitor);
    service->waiting++;
    monitor_broadcast(&service->monitor);
    while (!service->is_open)
        monitor_wait(&service->monitor);
    monitor_unlock(&service->monitor);
    return answer_ping(request, why);
}

static inline void answer_writes(struct request *const *batch, size_t count, struct db *db)
{
    (void)db;
    for (size_t i = 0; i < count; i++) {
        struct service *service = batch[i]->service;
        (void)respond_json(batch[i], 201, batch[i]->body, batch[i]->body_length);
        atomic_fetch_add(&service->answered, 1);
    }
}

/* Reads a body of any length: to its end, or to the `limit` after which it is refused. */
static inline bool answer_upload(struct request *request, struct problem *why)
{
    static const size_t PIECE = 4096;
    struct service *service = request->service;
    const char *limit = request_parameter(request, "limit");
    char *piece = arena_alloc_raw(request->arena, PIECE);
    size_t total = 0, length;
    enum stream_state state;
    while ((state = stream_read(request->stream, piece, PIECE, &length, 1000)) ==
               STREAM_FLOWS ||
           state == STREAM_QUIET) {
        total += length;
        if (limit && total >= strtoul(limit, NULL, 10))
            return fail(why, PROBLEM_UNPROCESSABLE, "no more than %s, please", limit);
    }
    if (state == STREAM_BROKEN) {
        atomic_fetch_add(&service->broken, 1);
        return fail(why, PROBLEM_UNAVAILABLE, "cut off");
    }
    struct buffer body = buffer_create(request->arena, 64);
    buffer_print(&body, "%zu", total);
    return respond_buffer(request, 202, &body, why);
}

static inline bool answer_slow_upload(struct request *request, struct problem *why)
{
    struct problem unused;
    return answer_gate(request, &unused) && answer_upload(request, why);
}

static inline bool admit_upload(struct request *request, struct problem *why)
{
    const char *cursor = request_parameter(request, "cursor");
    return !cursor || fault_add(why, "?cursor", "is none");
}

static inline bool admit_download(struct request *request, struct problem *why)
{
    return request_parameter(request, "limit") || fault_add(why, "?limit", "is required");
}

/* `limit` lines of 16 bytes; with a `cursor`, it is torn in their midst. */
static inline bool answer_download(struct request *request, struct problem *why)
{
    struct service *service = request->service;
    unsigned long limit = strtoul(request_parameter(request, "limit"), NULL, 10);
    bool is_torn = request_parameter(request, "cursor") != NULL;
    char line[32];
    if (limit == 0)
        return fail(why, PROBLEM_NOT_FOUND, "nothing to be had");
    if (!respond_stream(request, "text/plain"))
        return true;
    for (unsigned long i = 0; i < limit; i++) {
        snprintf(line, sizeof line, "%015lu\n", i);
        if (!stream_write(request->stream, line, 16)) {
            atomic_fetch_add(&service->broken, 1);
            return true;
        }
    }
    if (is_torn)
        request_break(request, &(struct problem){.log_detail = "on purpose"});
    else
        stream_end(request->stream);
    return true;
}

static const char *const SERVICE_PARAMETERS[] = {"limit", "cursor", NULL};
static const char *const SERVICE_MEDIA[] = {"application/json", "text/x-other", NULL};

static const char *const SERVICE_TEXT[] = {"text/plain", "text/x-other", NULL};

static const struct route SERVICE_ROUTES[] = {
    {.method = "GET", .path = "/ping", .answer_types = SERVICE_TEXT, .answer = answer_ping},
    {.method = "GET", .path = "/address", .answer = answer_address},
    {.method = "GET", .path = "/read", .lane = LANE_READ, .answer = answer_ping},
    {.method = "GET", .path = "/gate", .lane = LANE_READ, .answer = answer_gate},
    {.method = "GET", .path = "/failure", .lane = LANE_READ, .answer = answer_failure},
    {.method = "GET", .path = "/locked", .scope = SCOPE_ADMIN, .answer = answer_ping},
    {.method = "GET",
     .path = "/things/{thing}",
     .parameters = SERVICE_PARAMETERS,
     .answer = answer_thing},
    {.method = "POST", .path = "/echo", .media_types = SERVICE_MEDIA, .answer = answer_echo},
    {.method = "POST",
     .path = "/write",
     .lane = LANE_WRITE,
     .media_types = SERVICE_MEDIA,
     .answer_batch = answer_writes},
    {.method = "POST",
     .path = "/upload",
     .lane = LANE_BULK,
     .flow = FLOW_BODY,
     .parameters = SERVICE_PARAMETERS,
     .media_types = SERVICE_MEDIA,
     .admit = admit_upload,
     .answer = answer_upload},
    {.method = "POST",
     .path = "/slow-upload",
     .lane = LANE_BULK,
     .flow = FLOW_BODY,
     .media_types = SERVICE_MEDIA,
     .admit = admit_upload,
     .answer = answer_slow_upload},
    {.method = "GET",
     .path = "/download",
     .lane = LANE_BULK,
     .flow = FLOW_ANSWER,
     .parameters = SERVICE_PARAMETERS,
     .admit = admit_download,
     .answer = answer_download},
};

static const struct config SERVICE_CONFIG = {.listen = "127.0.0.1:0",
                                             .io_threads = 2,
                                             .read_workers = 2,
                                             .writers = 1,
                                             .change_workers = 1,
                                             .bulk_workers = 2,
                                             .queue_limit = 1024,
                                             .batch_events = 50,
                                             .body_limit = SERVICE_BODY_LIMIT,
                                             .connection_limit = 2048,
                                             .address_limit = 2048,
                                             .request_seconds = 10,
                                             .idle_seconds = 10,
                                             .statement_seconds = 1,
                                             .drain_seconds = 15};

static inline void service_start(struct service *service, const struct config *config)
{
    struct problem why = {0};
    *service = (struct service){0};
    monitor_create(&service->monitor);
    const struct application application = {
        .routes = SERVICE_ROUTES, .route_count = COUNT_OF(SERVICE_ROUTES), .service = service};
    service->server = server_start(config, "host=/nonexistent", &application, &why);
    ck_assert_msg(service->server != NULL, "%s", why.detail);
    const char *port = strrchr(server_address(service->server), ':') + 1;
    service->port = (unsigned)strtoul(port, NULL, 10);
}

static inline void service_stop(struct service *service)
{
    server_stop(service->server);
    monitor_destroy(&service->monitor);
}

static inline void service_open_gate(struct service *service)
{
    monitor_lock(&service->monitor);
    service->is_open = true;
    monitor_broadcast(&service->monitor);
    monitor_unlock(&service->monitor);
}

static inline void service_await_gate(struct service *service, unsigned waiting)
{
    monitor_lock(&service->monitor);
    while (service->waiting < waiting)
        monitor_wait(&service->monitor);
    monitor_unlock(&service->monitor);
}

#endif
