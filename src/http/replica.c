#include "http/replica.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"
#include "http/thread.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    SECOND = 1000000,        /* in microseconds */
    LOOK_EVERY = SECOND / 5, /* at both, to see how far the replica is */
    LOOK_SECONDS = 1         /* that a look may take */
};

struct replica {
    const char *url;
    unsigned lag_seconds;
    struct db *primary, *db; /* the thread's, once it runs */
    uint64_t mark;           /* where the primary was at mark_at; the replica is to reach it */
    int64_t mark_at;         /* 0: there is no mark */
    bool is_told;            /* that it is not read from; the thread's */
    struct monitor monitor;  /* of what follows */
    bool is_there;           /* it has answered */
    bool has_primary;        /* that has answered */
    int64_t near_at;         /* what was written by then, it has; 0: nothing is known */
    int64_t heard_at;        /* of the primary, last */
    bool is_stopping;
    pthread_t thread;
    bool is_running;
};

bool replica_ask_position(struct db *db, uint64_t *position)
{
    struct problem unused = {.code = PROBLEM_NONE};
    PGresult *rows;
    if (!db_run(db, STATEMENT_LOAD_POSITION, NULL, &rows, &unused))
        return false;
    *position = strtoull(PQgetvalue(rows, 0, 0), NULL, 10);
    PQclear(rows);
    return *position > 0;
}

/* How far it is ---------------------------------------------------------------------------- */

/* Both with the monitor's lock. While the primary is away its last sign is what counts. */
static int64_t lag_of(const struct replica *replica, int64_t now)
{
    int64_t reference = replica->has_primary ? now : replica->heard_at;
    return replica->near_at > 0 ? reference - replica->near_at : -1;
}

static bool is_near(const struct replica *replica, int64_t now)
{
    int64_t lag = lag_of(replica, now);
    return replica->is_there && lag >= 0 && lag <= (int64_t)replica->lag_seconds * SECOND;
}

static void tell(struct replica *replica, bool is_read_from)
{
    if (is_read_from == replica->is_told)
        log_line(is_read_from ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
                 is_read_from
                     ? "reads go to the replica again"
                     : "the replica is away or too far behind: reads go to the primary",
                 NULL);
    replica->is_told = !is_read_from;
}

/* The primary first: what the replica has reached after that, it has reached since. */
static void look(struct replica *replica)
{
    int64_t began_at = clock_monotonic();
    uint64_t written, replayed;
    bool has_primary = replica_ask_position(replica->primary, &written);
    if (has_primary && replica->mark_at == 0) {
        replica->mark = written;
        replica->mark_at = began_at;
    }
    bool is_there = replica_ask_position(replica->db, &replayed);
    bool has_reached = is_there && replica->mark_at > 0 && replayed >= replica->mark;
    monitor_lock(&replica->monitor);
    replica->has_primary = has_primary;
    replica->is_there = is_there;
    if (has_primary)
        replica->heard_at = began_at;
    if (has_reached)
        replica->near_at = replica->mark_at;
    bool is_read_from = is_near(replica, clock_monotonic());
    monitor_unlock(&replica->monitor);
    if (has_reached)
        replica->mark_at = 0;
    tell(replica, is_read_from);
}

static bool await_look(struct replica *replica)
{
    int64_t deadline = clock_monotonic() + LOOK_EVERY;
    bool is_early = true;
    monitor_lock(&replica->monitor);
    while (!replica->is_stopping && is_early)
        is_early = monitor_wait_until(&replica->monitor, deadline);
    bool goes_on = !replica->is_stopping;
    monitor_unlock(&replica->monitor);
    return goes_on;
}

static void *watch(void *argument)
{
    struct replica *replica = argument;
    do
        look(replica);
    while (await_look(replica));
    return NULL;
}

/* Reading from it -------------------------------------------------------------------------- */

struct db *replica_connect(const struct replica *replica, unsigned statement_seconds)
{
    return db_create(replica->url, statement_seconds);
}

bool replica_may_answer(struct replica *replica, struct db *db, uint64_t position)
{
    uint64_t replayed;
    monitor_lock(&replica->monitor);
    bool is_near_enough = is_near(replica, clock_monotonic());
    monitor_unlock(&replica->monitor);
    return is_near_enough &&
           (position == 0 || (replica_ask_position(db, &replayed) && replayed >= position));
}

struct replica_state replica_state(struct replica *replica)
{
    int64_t now = clock_monotonic();
    monitor_lock(&replica->monitor);
    struct replica_state state = {is_near(replica, now), lag_of(replica, now)};
    monitor_unlock(&replica->monitor);
    return state;
}

void replica_lose(struct replica *replica)
{
    monitor_lock(&replica->monitor);
    replica->is_there = false;
    monitor_unlock(&replica->monitor);
}

static bool start(struct replica *replica, const struct config *config, const char *primary_url,
                  struct problem *why)
{
    monitor_create(&replica->monitor);
    replica->url = config->read_database_url;
    replica->lag_seconds = config->read_lag_seconds;
    replica->primary = db_create(primary_url, LOOK_SECONDS);
    replica->db = db_create(replica->url, LOOK_SECONDS);
    if (!replica->primary || !replica->db)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (config->pooler)
        db_behind_pooler(replica->primary);
    replica->is_running = thread_start(&replica->thread, "replica", watch, replica, why);
    return replica->is_running;
}

bool replica_start(const struct config *config, const char *primary_url,
                   struct replica **replica, struct problem *why)
{
    *replica = NULL;
    if (config->read_database_url[0] == '\0')
        return true;
    *replica = calloc(1, sizeof **replica);
    if (!*replica)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (start(*replica, config, primary_url, why))
        return true;
    replica_stop(*replica);
    *replica = NULL;
    return false;
}

void replica_stop(struct replica *replica)
{
    if (!replica)
        return;
    if (replica->is_running) {
        monitor_lock(&replica->monitor);
        replica->is_stopping = true;
        monitor_broadcast(&replica->monitor);
        monitor_unlock(&replica->monitor);
        pthread_join(replica->thread, NULL);
    }
    monitor_destroy(&replica->monitor);
    db_destroy(replica->primary);
    db_destroy(replica->db);
    free(replica);
}
