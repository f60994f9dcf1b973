/* What the program gives server_start as `service`, for the handlers. */
#ifndef CLMD_API_SERVICE_H
#define CLMD_API_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct data_edition;
struct db_counts;
struct ingest_counts;
struct refusals;
struct registry;
struct server;
struct vitals;

struct service {
    _Atomic(struct server *) server; /* NULL until server_start has returned it */
    const char *type_prefix;         /* of event types; see struct event_context */
    struct registry *registry;       /* of the custom types */
    struct data_edition *edition;    /* of the data */
    struct refusals *refusals;       /* of rejected events */
    unsigned batch_events;           /* that one commit takes at the most */
    int64_t started_at;              /* Unix time */
    struct db_counts *db_counts;     /* what connections went through */
    struct ingest_counts *ingested;  /* what became of events */
    const char *data_directory;      /* of the embedded PostgreSQL; NULL: there is none */
    struct vitals *vitals;           /* of the database */
    int64_t stuck_after;             /* microseconds that a worker never takes for one thing */

    /* By clock_monotonic: when /healthz last looked at the workers, and what it found. */
    _Atomic int64_t looked_at, stuck_since;
};

/* Whether /readyz would say so (health.c). */
bool service_is_ready(const struct service *service, struct server *server);

#endif
