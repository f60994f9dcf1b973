/* Who may do what with a data directory is decided by one lock: the process that holds it owns
 * the cluster, starts it and stops it; all others are guests. The lock goes with its holder,
 * however that ends, and so does the postmaster: the kernel tells it of our death, and as that
 * takes a moment, an owner first stops whatever it finds still running. */
#include "db/embedded.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/cluster.h"
#include "db/home.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SECOND = 1000000,       /* in microseconds */
    SHARE_SECONDS = 60,     /* that a guest waits for the owner's start */
    RECOVERY_SECONDS = 600, /* that a start may take after a crash */
    START_ATTEMPTS = 10,    /* while the processes of a killed postmaster die away */
    POLL_MILLISECONDS = 10,
    PAUSE_FIRST = 100, /* milliseconds before a restart; doubled each time up to the longest */
    PAUSE_LONGEST = 5000,
    URL_SIZE = 512
};

struct embedded {
    struct cluster cluster;
    enum embedded_use use;
    int lock;         /* −1: not open */
    bool is_owner;    /* the lock is ours */
    pid_t postmaster; /* our child; 0: none */
    int64_t started_at;
    int64_t restart_at;
    int pause;
    char urls[EMBEDDED_ROLES][URL_SIZE];
};

static const char *const ROLE_NAMES[EMBEDDED_ROLES] = {
    [EMBEDDED_ADMIN] = "clmd",
    [EMBEDDED_OWNER] = "clmd_owner",
    [EMBEDDED_SERVER] = "clmd_server",
};

const char *embedded_url(const struct embedded *embedded)
{
    return embedded->urls[EMBEDDED_ADMIN];
}

const char *embedded_url_as(const struct embedded *embedded, enum embedded_role role)
{
    return embedded->urls[role];
}

bool embedded_is_owner(const struct embedded *embedded)
{
    return embedded->is_owner;
}

static void write_url(struct embedded *embedded, enum embedded_role role)
{
    static const char PLAIN[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    char *url = embedded->urls[role];
    int length =
        snprintf(url, URL_SIZE, "postgresql://%s@/postgres?port=%d&host=", ROLE_NAMES[role],
                 CLUSTER_PORT);
    for (const char *at = embedded->cluster.socket; *at; at++)
        length += snprintf(url + length, (size_t)(URL_SIZE - length),
                           strchr(PLAIN, *at) ? "%c" : "%%%02X", (unsigned char)*at);
}

/* The lock --------------------------------------------------------------------------------- */

/* False for a failure; otherwise is_owner tells. */
static bool try_lock(struct embedded *embedded, struct problem *why)
{
    char path[CLUSTER_PATH_SIZE + 8];
    const struct user *user = &embedded->cluster.user;
    snprintf(path, sizeof path, "%s/lock", embedded->cluster.home);
    if (embedded->lock < 0) {
        embedded->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (embedded->lock >= 0 && user->is_other)
            (void)fchown(embedded->lock, user->id, user->group);
    }
    embedded->is_owner = embedded->lock >= 0 && flock(embedded->lock, LOCK_EX | LOCK_NB) == 0;
    return embedded->is_owner || (embedded->lock >= 0 && errno == EWOULDBLOCK) ||
           fail(why, PROBLEM_UNAVAILABLE, "%s: %s", path, strerror(errno));
}

/* The postmaster --------------------------------------------------------------------------- */

/* Also reaps it, if it is our child and has ended. */
static bool is_running(const struct embedded *embedded, pid_t postmaster)
{
    pid_t ended = waitpid(postmaster, NULL, WNOHANG);
    return ended == 0 || (ended < 0 && process_is_in(postmaster, embedded->cluster.data));
}

/* Ever less politely, until it has gone. Smart (waits for other commands that use the cluster),
 * fast, immediate, and not at all. */
static void stop_postmaster(const struct embedded *embedded, pid_t postmaster, bool is_patient)
{
    static const struct {
        int signal, seconds;
    } STEPS[] = {{SIGTERM, 600}, {SIGINT, 30}, {SIGQUIT, 10}, {SIGKILL, 10}};
    for (size_t i = is_patient ? 0 : 1; i < COUNT_OF(STEPS); i++) {
        int64_t deadline = clock_monotonic() + (int64_t)STEPS[i].seconds * SECOND;
        (void)kill(postmaster, STEPS[i].signal);
        while (clock_monotonic() < deadline) {
            if (!is_running(embedded, postmaster))
                return;
            clock_pause(POLL_MILLISECONDS);
        }
    }
}

static void stop_leftover(const struct embedded *embedded)
{
    struct postmaster postmaster;
    if (!cluster_read_postmaster(&embedded->cluster, &postmaster) ||
        !process_is_in(postmaster.process, embedded->cluster.data))
        return;
    log_line(LOG_LEVEL_WARN, "stopping the PostgreSQL that a killed clmd left", NULL);
    stop_postmaster(embedded, postmaster.process, false);
}

static bool start_postmaster(struct embedded *embedded)
{
    embedded->postmaster = cluster_start(&embedded->cluster);
    embedded->started_at = clock_monotonic();
    if (embedded->postmaster > 0)
        return true;
    embedded->postmaster = 0;
    return false;
}

static bool is_ready(const struct embedded *embedded)
{
    struct postmaster postmaster;
    if (!cluster_read_postmaster(&embedded->cluster, &postmaster) || !postmaster.is_ready)
        return false;
    return embedded->is_owner ? postmaster.process == embedded->postmaster
                              : process_is_in(postmaster.process, embedded->cluster.data);
}

/* Whether it came to answer; if not, it has ended. */
static bool await_ready(struct embedded *embedded)
{
    int64_t deadline = embedded->started_at + (int64_t)RECOVERY_SECONDS * SECOND;
    while (clock_monotonic() < deadline) {
        if (is_ready(embedded))
            return true;
        if (!is_running(embedded, embedded->postmaster)) {
            embedded->postmaster = 0;
            return false;
        }
        clock_pause(POLL_MILLISECONDS);
    }
    stop_postmaster(embedded, embedded->postmaster, false);
    embedded->postmaster = 0;
    return false;
}

static bool start_cluster(struct embedded *embedded, struct problem *why)
{
    if (!cluster_make(&embedded->cluster, why))
        return false;
    stop_leftover(embedded);
    for (int i = 0; i < START_ATTEMPTS; i++) {
        if (start_postmaster(embedded) && await_ready(embedded))
            return true;
        clock_pause(PAUSE_FIRST * (i + 1));
    }
    return fail(why, PROBLEM_UNAVAILABLE,
                "PostgreSQL does not start: %s/postgresql.log tells why",
                embedded->cluster.home);
}

/* Opening and closing ---------------------------------------------------------------------- */

static bool own_or_share(struct embedded *embedded, struct problem *why)
{
    int64_t deadline = clock_monotonic() + (int64_t)SHARE_SECONDS * SECOND;
    while (clock_monotonic() < deadline) {
        if (!try_lock(embedded, why))
            return false;
        if (embedded->is_owner)
            return start_cluster(embedded, why);
        if (embedded->use == EMBEDDED_OWN)
            return fail(why, PROBLEM_CONFLICT, "another clmd runs on %s",
                        embedded->cluster.home);
        if (is_ready(embedded))
            return true;
        clock_pause(PAUSE_FIRST);
    }
    return fail(why, PROBLEM_UNAVAILABLE,
                "another clmd runs on %s, but its PostgreSQL does not answer",
                embedded->cluster.home);
}

struct embedded *embedded_open(const char *data_dir, enum embedded_use use, struct problem *why)
{
    struct embedded *embedded = calloc(1, sizeof *embedded);
    if (!embedded) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    embedded->use = use;
    embedded->lock = -1;
    embedded->pause = PAUSE_FIRST;
    if (home_open(&embedded->cluster, data_dir, why)) {
        for (enum embedded_role role = EMBEDDED_ADMIN; role < EMBEDDED_ROLES; role++)
            write_url(embedded, role);
        if (own_or_share(embedded, why))
            return embedded;
    }
    embedded_close(embedded);
    return NULL;
}

void embedded_close(struct embedded *embedded)
{
    if (!embedded)
        return;
    if (embedded->postmaster > 0)
        stop_postmaster(embedded, embedded->postmaster, embedded->use == EMBEDDED_SHARE);
    if (embedded->lock >= 0)
        close(embedded->lock);
    free(embedded);
}

/* Without the flag, which a change of user takes away, nobody could look into a crash of
 * ours. */
bool embedded_drop_root(const struct embedded *embedded, struct problem *why)
{
    const struct user *user = &embedded->cluster.user;
    if (!user->is_other)
        return true;
    if (user_become(user) && prctl(PR_SET_DUMPABLE, 1) == 0)
        return true;
    return fail(why, PROBLEM_INTERNAL, "root could not be given up for %s: %s", user->name,
                strerror(errno));
}

/* Plans the next start: at once after one that came to answer, ever later after one that did
 * not, such as while processes of a killed postmaster are still dying away. */
static void note_end(struct embedded *embedded)
{
    int doubled = embedded->pause * 2;
    if (is_ready(embedded))
        embedded->pause = PAUSE_FIRST;
    else
        embedded->pause = doubled < PAUSE_LONGEST ? doubled : PAUSE_LONGEST;
    embedded->postmaster = 0;
    embedded->restart_at = clock_monotonic() + (int64_t)embedded->pause * 1000;
    log_line(LOG_LEVEL_ERROR, "PostgreSQL has ended, and will be started again", NULL);
}

int embedded_supervise(struct embedded *embedded)
{
    if (!embedded->is_owner)
        return -1;
    if (embedded->postmaster > 0 && !is_running(embedded, embedded->postmaster))
        note_end(embedded);
    if (embedded->postmaster > 0)
        return -1;
    int64_t left = embedded->restart_at - clock_monotonic();
    if (left > 0)
        return (int)(left / 1000) + 1;
    return start_postmaster(embedded) ? -1 : PAUSE_LONGEST;
}
