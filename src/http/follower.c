#include "http/follower.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"
#include "http/thread.h"

#include <assert.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STATEMENT_SECONDS = 10,
    REFRESH_MICROSECONDS = 10 * 1000000, /* of what is not to be read more often */
    POLL_MICROSECONDS = 1000000,         /* the same where no change is announced to us */
    PAUSE_MICROSECONDS = 1000000         /* between two tries of what cannot be read */
};

/* What is followed, and how it stands. */
struct watch {
    struct followed followed;
    int64_t due_at; /* when it is to be read again, whatever is announced */
    bool is_stale;  /* to be read again */
    bool is_away;   /* could not be read: told once an outage, not at every try */
    _Atomic int64_t read_at, away_since; /* as in struct followed_state */
};

struct follower {
    struct db *db;     /* the thread's, once it runs */
    bool is_pooled;    /* nothing can be listened to */
    int listening_pid; /* the server process that listens for us; another one does not */
    struct watch watches[FOLLOWED_LIMIT];
    size_t count;
    int stop;
    pthread_t thread;
    bool is_running;
};

static void mark_all(struct follower *follower)
{
    for (size_t i = 0; i < follower->count; i++)
        follower->watches[i].is_stale = true;
}

static void mark_due(struct follower *follower, int64_t now)
{
    for (size_t i = 0; i < follower->count; i++)
        if (follower->watches[i].due_at <= now)
            follower->watches[i].is_stale = true;
}

static int64_t next_due(const struct follower *follower)
{
    int64_t due_at = INT64_MAX;
    for (size_t i = 0; i < follower->count; i++)
        if (follower->watches[i].due_at < due_at)
            due_at = follower->watches[i].due_at;
    return due_at;
}

/* Marks what was announced to have changed; false if nothing was. */
static bool mark_announced(struct follower *follower, PGconn *connection)
{
    bool is_announced = false;
    PGnotify *notification;
    while ((notification = PQnotifies(connection))) {
        for (size_t i = 0; i < follower->count; i++) {
            struct watch *watch = &follower->watches[i];
            const char *channel = watch->followed.channel;
            if (channel && strcmp(channel, notification->relname) == 0)
                watch->is_stale = is_announced = true;
        }
        PQfreemem(notification);
    }
    return is_announced;
}

static bool is_behind(const struct follower *follower)
{
    for (size_t i = 0; i < follower->count; i++)
        if (follower->watches[i].is_stale)
            return true;
    return false;
}

/* On a new connection everything is read again: what was announced before it listened went by
 * unheard. It listens before anything is read, so that no change falls between. */
static bool listen_once(struct follower *follower, struct problem *why)
{
    PGconn *connection = db_connection(follower->db, why);
    if (!connection)
        return false;
    int pid = PQbackendPID(connection);
    if (follower->is_pooled)
        follower->listening_pid = pid; /* it listens to nothing, and misses nothing */
    for (size_t i = 0; pid != follower->listening_pid && i < follower->count; i++) {
        char command[64];
        const char *channel = follower->watches[i].followed.channel;
        snprintf(command, sizeof command, "listen %s", channel ? channel : "");
        if (channel && !db_execute(follower->db, command, NULL, why))
            return false;
    }
    if (pid != follower->listening_pid)
        mark_all(follower);
    follower->listening_pid = pid;
    (void)mark_announced(follower, connection);
    return true;
}

static void tell(struct watch *watch, bool is_read, const struct problem *why)
{
    if (!is_read && !watch->is_away)
        log_line(LOG_LEVEL_WARN,
                 "something held in memory cannot be read; what is known goes on", "what",
                 watch->followed.what, "reason",
                 why->log_detail[0] ? why->log_detail : why->detail, NULL);
    if (is_read && watch->is_away)
        log_line(LOG_LEVEL_INFO, "it can be read again", "what", watch->followed.what, NULL);
    watch->is_away = !is_read;
}

static void note(struct watch *watch, bool is_read)
{
    int64_t now = clock_monotonic();
    if (is_read)
        atomic_store(&watch->read_at, now);
    if (is_read || atomic_load(&watch->away_since) == 0)
        atomic_store(&watch->away_since, is_read ? 0 : now);
}

static int64_t period_of(const struct follower *follower, const struct followed *followed)
{
    if (followed->every > 0)
        return followed->every;
    return follower->is_pooled ? POLL_MICROSECONDS : REFRESH_MICROSECONDS;
}

static void refresh(struct follower *follower)
{
    struct problem deaf = {0};
    mark_due(follower, clock_monotonic());
    bool is_listening = listen_once(follower, &deaf);
    for (size_t i = 0; i < follower->count; i++) {
        struct watch *watch = &follower->watches[i];
        const struct followed *followed = &watch->followed;
        struct problem why = deaf;
        if (!watch->is_stale)
            continue;
        watch->is_stale =
            !is_listening || !followed->load(followed->context, follower->db, &why);
        watch->due_at = clock_monotonic() + period_of(follower, followed);
        note(watch, !watch->is_stale);
        tell(watch, !watch->is_stale, &why);
    }
}

enum event { EVENT_NOTHING, EVENT_INPUT, EVENT_STOP };

/* A socket of −1 is not watched. */
static enum event await_event(const struct follower *follower, int socket, int64_t deadline)
{
    struct pollfd watched[] = {{.fd = follower->stop, .events = POLLIN},
                               {.fd = socket, .events = POLLIN}};
    int64_t left = deadline - clock_monotonic();
    poll(watched, COUNT_OF(watched), left > 0 ? (int)(left / 1000) + 1 : 0);
    if (watched[0].revents)
        return EVENT_STOP;
    return watched[1].revents ? EVENT_INPUT : EVENT_NOTHING;
}

/* Waits for a reason to read something again. False: the end. */
static bool await_change(struct follower *follower)
{
    bool pauses = is_behind(follower);
    int64_t deadline = pauses ? clock_monotonic() + PAUSE_MICROSECONDS : next_due(follower);
    struct problem unused = {0};
    PGconn *connection = pauses ? NULL : db_connection(follower->db, &unused);
    if (!pauses && (!connection || PQbackendPID(connection) != follower->listening_pid))
        return true;
    while (!connection || !mark_announced(follower, connection)) {
        switch (await_event(follower, connection ? PQsocket(connection) : -1, deadline)) {
        case EVENT_STOP:
            return false;
        case EVENT_INPUT:
            if (!PQconsumeInput(connection))
                return true;
            break;
        case EVENT_NOTHING:
            if (clock_monotonic() >= deadline)
                return true;
            break;
        }
    }
    return true;
}

static void *follow(void *argument)
{
    struct follower *follower = argument;
    while (await_change(follower))
        refresh(follower);
    return NULL;
}

struct follower *follower_start(const char *database_url, bool is_pooled,
                                struct db_counts *counts, const struct followed *followed,
                                size_t count, struct problem *why)
{
    assert(count <= FOLLOWED_LIMIT);
    struct follower *follower = calloc(1, sizeof *follower);
    if (!follower) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    for (; follower->count < count; follower->count++)
        follower->watches[follower->count].followed = followed[follower->count];
    follower->db = db_create(database_url, STATEMENT_SECONDS);
    follower->is_pooled = is_pooled;
    if (follower->db)
        db_count(follower->db, counts);
    if (follower->db && is_pooled)
        db_behind_pooler(follower->db);
    follower->stop = wake_create();
    if (!follower->db || follower->stop < 0) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory or files");
    } else {
        refresh(follower);
        follower->is_running =
            thread_start(&follower->thread, "follower", follow, follower, why);
    }
    if (follower->is_running)
        return follower;
    follower_stop(follower);
    return NULL;
}

void follower_stop(struct follower *follower)
{
    if (!follower)
        return;
    if (follower->is_running) {
        wake_send(follower->stop);
        pthread_join(follower->thread, NULL);
    }
    if (follower->stop >= 0)
        close(follower->stop);
    db_destroy(follower->db);
    free(follower);
}

size_t follower_count(const struct follower *follower)
{
    return follower->count;
}

struct followed_state follower_state(const struct follower *follower, size_t which)
{
    const struct watch *watch = &follower->watches[which];
    return (struct followed_state){watch->followed.what, atomic_load(&watch->read_at),
                                   atomic_load(&watch->away_since)};
}
