/* The lanes: what waits, for how long, and for whom. */
#include "api/scrape.h"
#include "api/service.h"
#include "base/compiler.h"
#include "http/server.h"

static const char *const NAMES[LANES] = {[LANE_READ] = "read",
                                         [LANE_WRITE] = "write",
                                         [LANE_CHANGE] = "change",
                                         [LANE_BULK] = "bulk"};

struct labelled {
    struct label labels[2];
};

static struct labelled label(enum lane_name lane)
{
    return (struct labelled){{{"lane", NAMES[lane]}, {NULL, NULL}}};
}

#define STANDING_OF(name, member)                                                              \
    static void write_##name(struct scrape *scrape)                                            \
    {                                                                                          \
        for (enum lane_name lane = LANE_READ; lane < LANES; lane++)                            \
            exposition_count(&scrape->exposition, label(lane).labels,                          \
                             server_lane_standing(scrape->server, lane).member);               \
    }

#define HISTOGRAM_OF(name, member)                                                             \
    static void write_##name(struct scrape *scrape)                                            \
    {                                                                                          \
        for (enum lane_name lane = LANE_READ; lane < LANES; lane++)                            \
            exposition_histogram(&scrape->exposition, label(lane).labels,                      \
                                 &server_lane_counts(scrape->server, lane)->member,            \
                                 &SCALE_SECONDS);                                              \
    }

STANDING_OF(queued, queued)
STANDING_OF(busy, busy)
STANDING_OF(workers, workers)
STANDING_OF(room, room)
HISTOGRAM_OF(waits, waits)
HISTOGRAM_OF(works, works)

static void write_refused(struct scrape *scrape)
{
    for (enum lane_name lane = LANE_READ; lane < LANES; lane++)
        exposition_count(&scrape->exposition, label(lane).labels,
                         counter_read(&server_lane_counts(scrape->server, lane)->refused));
}

static const struct scraped ROWS[] = {
    {{"clmd_lane_queued_requests", FAMILY_GAUGE, "Requests that wait for a worker, by lane"},
     write_queued},
    {{"clmd_lane_queue_limit_requests", FAMILY_GAUGE, "Requests that may wait, by lane"},
     write_room},
    {{"clmd_lane_workers", FAMILY_GAUGE, "Workers, each with a database connection, by lane"},
     write_workers},
    {{"clmd_lane_busy_workers", FAMILY_GAUGE, "Workers that are at work, by lane"}, write_busy},
    {{"clmd_lane_wait_seconds", FAMILY_HISTOGRAM,
      "How long requests waited for a worker, by lane"},
     write_waits},
    {{"clmd_lane_work_seconds", FAMILY_HISTOGRAM,
      "How long a worker took for a request, or for a batch of them, by lane"},
     write_works},
    {{"clmd_lane_refused_total", FAMILY_COUNTER,
      "Requests that were answered 503 because the queue was full, by lane"},
     write_refused},
};

const struct scraped_table SCRAPED_LANES = {ROWS, COUNT_OF(ROWS)};
