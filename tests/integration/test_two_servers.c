/* Claim: two servers on one database are as good as one. Everything is sent to both at once, by
 * several writers each, in any order, with voids and merges among it: nobody is told of a
 * deadlock, each event is new once, and every metric is what one server alone makes of it. */
#include "base/compiler.h"
#include "db/db.h"
#include "integration/answers.h"
#include "integration/cluster.h"
#include "integration/history.h"
#include "integration/service.h"
#include "tap.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SERVERS = 2,
    WRITERS = 6, /* by turns at one server and at the other */
    MERGES = 60,
    EVENTS = HISTORY_EVENTS + MERGES,
    BATCH = 20
};

static const char *const WINDOWS[] = {
    "from=2025-01-01&to=2026-01-01", "from=2025-01-01&to=2026-01-01&interval=month",
    "from=2025-02-03&to=2025-06-30&interval=week&timezone=America/New_York", NULL};

/* What happened: a random history, in the midst of which customers were joined and parted. */
struct story {
    struct history *history;
    char merges[MERGES][256];
    const char *bodies[EVENTS];
};

struct writer {
    pthread_t thread;
    const struct service *service;
    const struct story *story;
    size_t positions[EVENTS];
    unsigned seed;
    int created;
    char fault[512]; /* an answer that must not be; empty: none */
};

static void tell_story(struct story *story, unsigned seed)
{
    story->history = history_create(seed);
    for (int i = 0; i < HISTORY_EVENTS; i++)
        story->bodies[i] = story->history->events[i].body;
    for (int i = 0; i < MERGES; i++) {
        int from = rand_r(&seed) % HISTORY_CUSTOMERS;
        int into = (from + 1 + rand_r(&seed) % (HISTORY_CUSTOMERS - 1)) % HISTORY_CUSTOMERS;
        snprintf(story->merges[i], sizeof story->merges[i],
                 "{\"source\":\"m\",\"id\":\"%d\",\"type\":\"customer.%s\",\"subject\":\"c%d\","
                 "\"time\":\"2025-%02d-%02dT%02d:00:00Z\",\"data\":{\"into\":\"c%d\"}}",
                 i, rand_r(&seed) % 2 == 0 ? "merged" : "unmerged", from, 1 + rand_r(&seed) % 7,
                 1 + rand_r(&seed) % 28, i % 24, into);
        story->bodies[HISTORY_EVENTS + i] = story->merges[i];
    }
}

/* An array of events; how many of them were new, −1 if not all of them were taken. */
static int send_events(struct client *client, struct writer *writer, const size_t *positions,
                       size_t count)
{
    char *body = NULL;
    size_t size;
    FILE *out = open_memstream(&body, &size);
    ck_assert_ptr_nonnull(out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i == 0 ? "[" : ",", writer->story->bodies[positions[i]]);
    fputs("]", out);
    fclose(out);
    struct reply reply = client_post(client, "/v1/events", body);
    const char *totals = reply.status == 200 ? strstr(reply.body, "],\"created\":") : NULL;
    int created = -1;
    if (totals != NULL && strstr(totals, "\"conflict\":0,\"rejected\":0") != NULL)
        created = (int)strtol(totals + strlen("],\"created\":"), NULL, 10);
    else
        snprintf(writer->fault, sizeof writer->fault, "%d %s", reply.status,
                 reply.status != 0 ? reply.body : "");
    reply_clear(&reply);
    free(body);
    return created;
}

static void *write_events(void *context)
{
    struct writer *writer = context;
    struct client *client = client_create(writer->service->port, writer->service->key);
    for (size_t done = 0, count; done < EVENTS && writer->fault[0] == '\0'; done += count) {
        count = rand_r(&writer->seed) % 3 == 0 ? BATCH : 1;
        count = count > EVENTS - done ? EVENTS - done : count;
        int created = send_events(client, writer, writer->positions + done, count);
        writer->created += created > 0 ? created : 0;
    }
    client_destroy(client);
    return NULL;
}

/* Every writer sends everything, in an order of its own. */
static void write_at_once(struct writer *writers, size_t count)
{
    int created = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < EVENTS; j++)
            writers[i].positions[j] = j;
        history_shuffle(&writers[i].seed, writers[i].positions, EVENTS);
        pthread_create(&writers[i].thread, NULL, write_events, &writers[i]);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(writers[i].thread, NULL);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(writers[i].fault[0] == '\0', "%s", writers[i].fault);
        created += writers[i].created;
    }
    ck_assert_int_eq(created, EVENTS);
}

static char *metrics_of(const struct service *service)
{
    struct client *client = client_create(service->port, service->key);
    char *metrics = answer_all_metrics(client, WINDOWS);
    client_destroy(client);
    return metrics;
}

static char *metrics_by_one(const struct story *story, unsigned seed)
{
    struct service service;
    struct writer writer = {.service = &service, .story = story, .seed = seed};
    service_start(&service);
    write_at_once(&writer, 1);
    answer_verified(&service);
    char *metrics = metrics_of(&service);
    service_remove(&service);
    return metrics;
}

/* Those that PostgreSQL has found, and one of the two was tried again; all connections must be
 * closed, which is when they are counted at the latest. */
static void print_deadlocks(const struct test_cluster *cluster)
{
    struct db *db = db_create(embedded_url(cluster->embedded), 0);
    struct problem why;
    PGresult *rows = NULL;
    ck_assert(db_execute(db, "select sum(deadlocks) from pg_stat_database", &rows, &why));
    fprintf(stderr, "# %s deadlocks\n", PQgetvalue(rows, 0, 0));
    PQclear(rows);
    db_destroy(db);
}

START_TEST(two_servers_are_as_good_as_one)
{
    unsigned seed = (unsigned)time(NULL) + (unsigned)_i;
    fprintf(stderr, "# seed %u\n", seed);
    struct story story;
    struct test_cluster cluster;
    struct service servers[SERVERS];
    tell_story(&story, seed);
    char *expected = metrics_by_one(&story, seed);
    test_cluster_start(&cluster);
    service_outside(&servers[0], embedded_url(cluster.embedded));
    service_beside(&servers[1], &servers[0]);
    struct writer *writers = calloc(WRITERS, sizeof *writers);
    ck_assert_ptr_nonnull(writers);
    for (size_t i = 0; i < WRITERS; i++)
        writers[i] = (struct writer){
            .service = &servers[i % SERVERS], .story = &story, .seed = seed + 1 + (unsigned)i};
    write_at_once(writers, WRITERS);
    answer_verified(&servers[0]);
    for (size_t i = 0; i < SERVERS; i++) {
        char *metrics = metrics_of(&servers[i]);
        ck_assert_msg(strcmp(metrics, expected) == 0, "seed %u: server %zu differs", seed, i);
        free(metrics);
        service_remove(&servers[i]);
    }
    print_deadlocks(&cluster);
    test_cluster_remove(&cluster);
    free(writers);
    free(expected);
    free(story.history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("two_servers");
    TCase *servers = tcase_create("two_servers");
    tcase_set_timeout(servers, 180);
    tcase_add_loop_test(servers, two_servers_are_as_good_as_one, 0, 2);
    suite_add_tcase(suite, servers);
    return tap_run(suite);
}
