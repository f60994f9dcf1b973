/* Events and their batches, and how the database was when the follower last looked. */
#include "api/scrape.h"
#include "api/service.h"
#include "api/vitals.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "http/server.h"
#include "ingest/ingest_counts.h"

static const char *const WAYS[INGEST_WAYS] = {
    [INGEST_POST] = "post", [INGEST_IMPORT] = "import"};

static const char *const ENDS[IMPORT_ENDS] = {
    [IMPORT_DONE] = "done", [IMPORT_FAILED] = "failed", [IMPORT_INTERRUPTED] = "interrupted"};

/* Types that never came have no sample. */
static void write_outcome(struct scrape *scrape, enum ingest_way way, enum outcome outcome)
{
    const struct counter *events = scrape->service->ingested->events[way][outcome];
    for (size_t row = 0; row < type_rows(); row++) {
        const struct label labels[] = {{"way", WAYS[way]},
                                       {"outcome", OUTCOME_NAMES[outcome]},
                                       {"type", type_row_name(row)},
                                       {NULL, NULL}};
        uint64_t count = counter_read(&events[row]);
        if (count > 0)
            exposition_count(&scrape->exposition, labels, count);
    }
}

static void write_events(struct scrape *scrape)
{
    for (enum ingest_way way = 0; way < INGEST_WAYS; way++)
        for (enum outcome outcome = 0; outcome <= OUTCOME_REJECTED; outcome++)
            write_outcome(scrape, way, outcome);
}

static void write_ways(struct scrape *scrape, const struct histogram histograms[INGEST_WAYS],
                       const struct scale *scale)
{
    for (enum ingest_way way = 0; way < INGEST_WAYS; way++) {
        const struct label labels[] = {{"way", WAYS[way]}, {NULL, NULL}};
        exposition_histogram(&scrape->exposition, labels, &histograms[way], scale);
    }
}

static void write_batch_events(struct scrape *scrape)
{
    write_ways(scrape, scrape->service->ingested->batch_events, &SCALE_EVENTS);
}

static void write_batch_seconds(struct scrape *scrape)
{
    write_ways(scrape, scrape->service->ingested->batch_seconds, &SCALE_SECONDS);
}

static void write_delays(struct scrape *scrape)
{
    exposition_histogram(&scrape->exposition, NULL, &scrape->service->ingested->delays,
                         &SCALE_DELAY);
}

static void write_imports(struct scrape *scrape)
{
    for (size_t end = 0; end < IMPORT_ENDS; end++) {
        const struct label labels[] = {{"end", ENDS[end]}, {NULL, NULL}};
        exposition_count(&scrape->exposition, labels,
                         counter_read(&scrape->service->ingested->imports[end]));
    }
}

/* Without a sample while it is not known. */
static void write_vital(struct scrape *scrape, enum vital vital, double unit)
{
    int64_t sign = gauge_read(&scrape->service->vitals->signs[vital]);
    if (sign != VITAL_UNKNOWN)
        exposition_value(&scrape->exposition, NULL, (double)sign / unit);
}

#define VITAL(name, vital, unit)                                                               \
    static void write_##name(struct scrape *scrape)                                            \
    {                                                                                          \
        write_vital(scrape, vital, unit);                                                      \
    }

VITAL(can_write, VITAL_CAN_WRITE, 1)
VITAL(is_migrated, VITAL_IS_MIGRATED, 1)
VITAL(size, VITAL_SIZE, 1)
VITAL(recorded, VITAL_RECORDED_AT, 1e6)
VITAL(swept, VITAL_SWEPT_AT, 1e6)
VITAL(sweep_time, VITAL_SWEEP_TIME, 1e6)
VITAL(replay_lag, VITAL_REPLAY_LAG, 1e6)
VITAL(replica_lag, VITAL_REPLICA_LAG, 1e6)

/* What is held in memory of the database, and for how long already. */
static void write_ages(struct scrape *scrape)
{
    const struct follower *follower = server_follower(scrape->server);
    int64_t now = clock_monotonic();
    for (size_t i = 0; i < follower_count(follower); i++) {
        struct followed_state state = follower_state(follower, i);
        const struct label labels[] = {{"what", state.what}, {NULL, NULL}};
        if (state.read_at != 0)
            exposition_value(&scrape->exposition, labels, (double)(now - state.read_at) / 1e6);
    }
}

static void write_is_up(struct scrape *scrape)
{
    const struct follower *follower = server_follower(scrape->server);
    bool is_up = true;
    for (size_t i = 0; i < follower_count(follower); i++)
        is_up = is_up && follower_state(follower, i).away_since == 0;
    exposition_count(&scrape->exposition, NULL, is_up);
}

static const struct scraped ROWS[] = {
    {{"clmd_events_total", FAMILY_COUNTER,
      "Events by way, outcome and type; custom types are one, unknown ones another"},
     write_events},
    {{"clmd_batch_events", FAMILY_HISTOGRAM, "Events of a batch, which is one commit, by way"},
     write_batch_events},
    {{"clmd_batch_commit_seconds", FAMILY_HISTOGRAM,
      "How long a batch took to its commit, repeated attempts included, by way"},
     write_batch_seconds},
    {{"clmd_event_delay_seconds", FAMILY_HISTOGRAM,
      "From when posted events occurred until they were stored"},
     write_delays},
    {{"clmd_imports_total", FAMILY_COUNTER, "Imports over HTTP, by how they ended"},
     write_imports},
    {{"clmd_last_event_stored_timestamp_seconds", FAMILY_GAUGE,
      "When the latest event was stored, by any server, in Unix time"},
     write_recorded},
    {{"clmd_last_sweep_timestamp_seconds", FAMILY_GAUGE,
      "When all customers were last measured, in Unix time"},
     write_swept},
    {{"clmd_last_sweep_duration_seconds", FAMILY_GAUGE,
      "How long the measuring of all customers took"},
     write_sweep_time},
    {{"clmd_followed_age_seconds", FAMILY_GAUGE,
      "Since when what is held in memory of the database was read last, by what it is"},
     write_ages},
    {{"clmd_database_up", FAMILY_GAUGE,
      "Whether all that is held in memory could be read from the database, 1 or 0"},
     write_is_up},
    {{"clmd_database_writable", FAMILY_GAUGE, "Whether the database takes writes, 1 or 0"},
     write_can_write},
    {{"clmd_database_migrated", FAMILY_GAUGE,
      "Whether the database has the latest migration of this program, 1 or 0"},
     write_is_migrated},
    {{"clmd_database_size_bytes", FAMILY_GAUGE, "What the database takes on its disk"},
     write_size},
    {{"clmd_database_replay_lag_seconds", FAMILY_GAUGE,
      "On a replica, the age of what it has replayed"},
     write_replay_lag},
    {{"clmd_database_replica_lag_seconds", FAMILY_GAUGE,
      "How far the slowest replica is behind, where the role may know"},
     write_replica_lag},
};

const struct scraped_table SCRAPED_DATA = {ROWS, COUNT_OF(ROWS)};
