/* The connections to PostgreSQL, and how its statements fare. */
#include "api/scrape.h"
#include "api/service.h"
#include "base/compiler.h"
#include "db/db_counts.h"
#include "http/replica.h"
#include "http/server.h"

static const char *const FAULTS[DB_FAULTS] = {
    [DB_FAULT_CONNECTION] = "connection",
    [DB_FAULT_TRANSIENT] = "transient",
    [DB_FAULT_DATA] = "data",
    [DB_FAULT_TOLD] = "refused",
    [DB_FAULT_BUG] = "bug",
};

static void write_open(struct scrape *scrape)
{
    exposition_value(&scrape->exposition, NULL,
                     (double)gauge_read(&scrape->service->db_counts->open));
}

#define COUNTER(name, member)                                                                  \
    static void write_##name(struct scrape *scrape)                                            \
    {                                                                                          \
        exposition_count(&scrape->exposition, NULL,                                            \
                         counter_read(&scrape->service->db_counts->member));                   \
    }

COUNTER(opened, opened)
COUNTER(unopened, unopened)
COUNTER(lost, lost)
COUNTER(retries, retries)

static void write_faults(struct scrape *scrape)
{
    for (size_t fault = DB_FAULT_CONNECTION; fault < DB_FAULTS; fault++) {
        const struct label labels[] = {{"kind", FAULTS[fault]}, {NULL, NULL}};
        exposition_count(&scrape->exposition, labels,
                         counter_read(&scrape->service->db_counts->faults[fault]));
    }
}

/* Those that were never sent have no sample. */
static void write_statements(struct scrape *scrape)
{
    const struct db_counts *counts = scrape->service->db_counts;
    for (enum statement statement = 0; statement < STATEMENTS; statement++) {
        const struct label labels[] = {{"statement", statement_row(statement)->name},
                                       {NULL, NULL}};
        uint64_t count = counter_read(&counts->statements[statement]);
        if (count > 0)
            exposition_summary(&scrape->exposition, labels, count,
                               (double)counter_read(&counts->times[statement]) / 1e6);
    }
}

/* Without a sample where none is set. */
static void write_replica_use(struct scrape *scrape)
{
    struct replica_state state;
    if (server_replica(scrape->server, &state))
        exposition_count(&scrape->exposition, NULL, state.is_read_from);
}

static void write_replica_lag(struct scrape *scrape)
{
    struct replica_state state;
    if (server_replica(scrape->server, &state) && state.lag >= 0)
        exposition_value(&scrape->exposition, NULL, (double)state.lag / 1e6);
}

static const struct scraped ROWS[] = {
    {{"clmd_database_connections", FAMILY_GAUGE, "Connections to PostgreSQL that are open"},
     write_open},
    {{"clmd_database_connections_opened_total", FAMILY_COUNTER,
      "Connections to PostgreSQL that were made"},
     write_opened},
    {{"clmd_database_connect_failures_total", FAMILY_COUNTER,
      "Tries to connect to PostgreSQL that failed"},
     write_unopened},
    {{"clmd_database_connections_lost_total", FAMILY_COUNTER,
      "Connections to PostgreSQL that were lost, or given up because it did not answer"},
     write_lost},
    {{"clmd_database_faults_total", FAMILY_COUNTER,
      "Statements that failed, by kind; refused ones were answered to their callers"},
     write_faults},
    {{"clmd_database_retries_total", FAMILY_COUNTER,
      "Statements and batches that were sent again after a fault that may pass"},
     write_retries},
    {{"clmd_database_statement_seconds", FAMILY_SUMMARY,
      "Statements that were sent, and the time until their answers, by statement"},
     write_statements},
    {{"clmd_read_replica_used", FAMILY_GAUGE,
      "Whether reads go to the replica that is set, 1 or 0"},
     write_replica_use},
    {{"clmd_read_replica_lag_seconds", FAMILY_GAUGE,
      "How far that replica is behind, as this server measures it"},
     write_replica_lag},
};

const struct scraped_table SCRAPED_DATABASE = {ROWS, COUNT_OF(ROWS)};
