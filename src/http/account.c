/* What is told of a request when it was answered: numbers for /metrics, and its line in the
 * log. The line has the pattern of the route and never the path, which may name a customer; no
 * query, no body, and of the caller's fields only the ids. */
#include "base/clock.h"
#include "base/compiler.h"
#include "base/log.h"
#include "http/exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void count_answer(struct exchange *exchange, int64_t now, uint64_t sent)
{
    const struct request *request = &exchange->request;
    const struct io_service *service = exchange->io->service;
    struct io_counts *counts = &exchange->io->counts;
    size_t row =
        request->route ? (size_t)(request->route - service->routes) : service->route_count;
    counter_add(&counts->received, exchange->body.received);
    counter_add(&counts->sent, sent);
    if (request->answer.status == 0) {
        counter_add(&counts->abandoned, 1);
        return;
    }
    counter_add(&counts->routes[row].answers[status_row(request->answer.status)], 1);
    histogram_observe(&counts->routes[row].seconds, &SCALE_SECONDS, now - request->began_at);
}

/* Why a line is written, as its level. A stream that broke began with 200. */
static enum log_level level_of(const struct request *request, enum access_log access_log)
{
    int status = request->answer.status;
    if (status == 503)
        return LOG_LEVEL_WARN;
    if (status >= 500 || request->log_detail)
        return LOG_LEVEL_ERROR;
    bool is_wanted =
        access_log == ACCESS_LOG_ALL || (access_log == ACCESS_LOG_REFUSED && status >= 400);
    return is_wanted ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

/* A client may call anything a method. */
static const char *method_of(const struct request *request)
{
    static const char *const METHODS[] = {"GET",   "HEAD",   "POST",   "PUT",
                                          "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; request->method && i < COUNT_OF(METHODS); i++)
        if (strcmp(METHODS[i], request->method) == 0)
            return METHODS[i];
    return "other";
}

enum { NUMBER_SIZE = 24 };

static const char *number(uint64_t value, char text[NUMBER_SIZE])
{
    snprintf(text, NUMBER_SIZE, "%" PRIu64, value);
    return text;
}

/* Microseconds as milliseconds: what did not happen took none. */
static const char *milliseconds(int64_t from, int64_t to, char text[NUMBER_SIZE])
{
    int64_t time = from != 0 && to > from ? to - from : 0;
    snprintf(text, NUMBER_SIZE, "%" PRId64 ".%03d", time / 1000, (int)(time % 1000));
    return text;
}

static void log_answer(const struct exchange *exchange, int64_t now, uint64_t sent)
{
    const struct request *request = &exchange->request;
    enum log_level level = level_of(request, exchange->io->service->access_log);
    char status[NUMBER_SIZE], in[NUMBER_SIZE], out[NUMBER_SIZE], total[NUMBER_SIZE],
        queue[NUMBER_SIZE], database[NUMBER_SIZE];
    if (!log_takes(level))
        return;
    log_line(level, request->answer.status != 0 ? "answered" : "abandoned", "request",
             request->id, "trace", request->trace.id, "parent", request->trace.parent, "key",
             request->key_id, "address", request->address, "method", method_of(request),
             "route", request->route ? request->route->path : "", "status",
             number((uint64_t)request->answer.status, status), "received",
             number(exchange->body.received, in), "sent", number(sent, out), "queue_ms",
             milliseconds(request->queued_at, request->taken_at, queue), "database_ms",
             milliseconds(1, 1 + request->database_time, database), "total_ms",
             milliseconds(request->began_at, now, total), "detail",
             request->log_detail ? request->log_detail : "", NULL);
}

void exchange_account(struct exchange *exchange)
{
    const struct answer *answer = &exchange->request.answer;
    uint64_t sent = answer->is_streamed ? exchange->sent : answer->length;
    int64_t now = clock_monotonic();
    if (exchange->is_accounted)
        return;
    exchange->is_accounted = true;
    count_answer(exchange, now, sent);
    log_answer(exchange, now, sent);
}
