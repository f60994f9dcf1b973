/* Requests and connections. What no request was answered with has no sample: a product of
 * all routes and statuses would be thousands of zeros. */
#include "api/routes.h"
#include "api/scrape.h"
#include "api/service.h"
#include "base/compiler.h"
#include "http/server.h"
#include "http/tls.h"

/* What all threads have counted of a route, or, past the last one, of none. */
static struct route_counts sum_route(const struct scrape *scrape, size_t route)
{
    struct route_counts sum = {0};
    for (size_t i = 0; i < server_thread_count(scrape->server); i++) {
        const struct route_counts *counts = &server_io_counts(scrape->server, i)->routes[route];
        for (size_t row = 0; row < STATUSES; row++)
            counter_add(&sum.answers[row], counter_read(&counts->answers[row]));
        histogram_add(&sum.seconds, &counts->seconds);
    }
    return sum;
}

static const char *method_of(size_t route)
{
    return route < ROUTE_COUNT ? ROUTES[route].method : "none";
}

static const char *path_of(size_t route)
{
    return route < ROUTE_COUNT ? ROUTES[route].path : "none";
}

static void write_answers(struct scrape *scrape, size_t route,
                          const struct route_counts *counts)
{
    for (size_t row = 0; row < STATUSES; row++) {
        uint64_t answers = counter_read(&counts->answers[row]);
        char status[12] = "other";
        if (ANSWER_STATUSES[row] != 0)
            snprintf(status, sizeof status, "%d", ANSWER_STATUSES[row]);
        const struct label labels[] = {{"method", method_of(route)},
                                       {"route", path_of(route)},
                                       {"status", status},
                                       {NULL, NULL}};
        if (answers > 0)
            exposition_count(&scrape->exposition, labels, answers);
    }
}

static void write_requests(struct scrape *scrape)
{
    for (size_t route = 0; route <= ROUTE_COUNT; route++) {
        struct route_counts counts = sum_route(scrape, route);
        write_answers(scrape, route, &counts);
    }
}

static void write_durations(struct scrape *scrape)
{
    for (size_t route = 0; route <= ROUTE_COUNT; route++) {
        struct route_counts counts = sum_route(scrape, route);
        const struct label labels[] = {
            {"method", method_of(route)}, {"route", path_of(route)}, {NULL, NULL}};
        if (histogram_count(&counts.seconds) > 0)
            exposition_histogram(&scrape->exposition, labels, &counts.seconds, &SCALE_SECONDS);
    }
}

/* The same number of all threads. */
#define SUM_OF(name, read, member)                                                             \
    static void write_##name(struct scrape *scrape)                                            \
    {                                                                                          \
        double sum = 0;                                                                        \
        for (size_t i = 0; i < server_thread_count(scrape->server); i++)                       \
            sum += (double)read(&server_io_counts(scrape->server, i)->member);                 \
        exposition_value(&scrape->exposition, NULL, sum);                                      \
    }

SUM_OF(in_flight, gauge_read, in_flight)
SUM_OF(abandoned, counter_read, abandoned)
SUM_OF(received, counter_read, received)
SUM_OF(sent, counter_read, sent)
SUM_OF(open, gauge_read, connections)
SUM_OF(accepted, counter_read, accepted)
SUM_OF(overdue, counter_read, overdue)
SUM_OF(refused, counter_read, refused)
SUM_OF(displaced, counter_read, displaced)

static void write_certificate(struct scrape *scrape)
{
    struct tls *tls = server_tls(scrape->server);
    if (tls)
        exposition_value(&scrape->exposition, NULL, (double)tls_expires(tls));
}

static const struct scraped ROWS[] = {
    {{"clmd_http_requests_total", FAMILY_COUNTER,
      "Requests that were answered, by method, route and status"},
     write_requests},
    {{"clmd_http_request_duration_seconds", FAMILY_HISTOGRAM,
      "From the first line of a request to its answer, by method and route"},
     write_durations},
    {{"clmd_http_requests_in_flight", FAMILY_GAUGE, "Requests that have begun and not ended"},
     write_in_flight},
    {{"clmd_http_requests_abandoned_total", FAMILY_COUNTER,
      "Requests whose clients went away before their answer"},
     write_abandoned},
    {{"clmd_http_received_bytes_total", FAMILY_COUNTER, "Bytes of bodies received"},
     write_received},
    {{"clmd_http_sent_bytes_total", FAMILY_COUNTER, "Bytes of bodies sent"}, write_sent},
    {{"clmd_connections_open", FAMILY_GAUGE, "Connections of clients"}, write_open},
    {{"clmd_connections_accepted_total", FAMILY_COUNTER, "Connections that were accepted"},
     write_accepted},
    {{"clmd_connections_overdue_total", FAMILY_COUNTER,
      "Connections that were cut because their request did not arrive in time"},
     write_overdue},
    {{"clmd_connections_refused_total", FAMILY_COUNTER,
      "Connections that were refused because their address had too many"},
     write_refused},
    {{"clmd_connections_displaced_total", FAMILY_COUNTER,
      "Idle connections that were closed to make room for new ones"},
     write_displaced},
    {{"clmd_tls_certificate_expires_seconds", FAMILY_GAUGE,
      "When the certificate of TLS ends, as a Unix time; no sample without TLS"},
     write_certificate},
};

const struct scraped_table SCRAPED_HTTP = {ROWS, COUNT_OF(ROWS)};
