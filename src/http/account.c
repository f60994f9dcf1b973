/* What is told of a request when it was answered: numbers for /metrics, and its line in the
 * log. The line has the pattern of the route and never the path, which may name a customer; no
 * query, no body, and of the caller's fields only the ids. */
#include "base/clock.h"
#include "base/log.h"
#include "http/exchange.h"

#include <inttypes.h>
#include <stdio.h>

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

static void log_answer(const struct request *request)
{
    int status = request->answer.status;
    char status_text[12], milliseconds[24];
    snprintf(status_text, sizeof status_text, "%d", status);
    snprintf(milliseconds, sizeof milliseconds, "%" PRId64,
             (clock_monotonic() - request->began_at) / 1000);
    log_line(status < 500    ? LOG_LEVEL_DEBUG
             : status == 503 ? LOG_LEVEL_WARN
                             : LOG_LEVEL_ERROR,
             "answered", "request", request->id, "route",
             request->route ? request->route->path : "", "method", request->method, "status",
             status_text, "key", request->key_id, "address", request->address, "milliseconds",
             milliseconds, "detail", request->log_detail ? request->log_detail : "", NULL);
}

void exchange_account(struct exchange *exchange)
{
    const struct answer *answer = &exchange->request.answer;
    if (exchange->is_accounted)
        return;
    exchange->is_accounted = true;
    count_answer(exchange, clock_monotonic(),
                 answer->is_streamed ? exchange->sent : answer->length);
    log_answer(&exchange->request);
}
