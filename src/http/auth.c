#include "http/auth.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"
#include "http/key_ring.h"
#include "http/thread.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STATEMENT_SECONDS = 10,
    REFRESH_MICROSECONDS = 10 * 1000000,
    PAUSE_MICROSECONDS = 1000000 /* between two tries while the database is away */
};

struct auth {
    struct key_ring *ring;
    struct db *db;     /* the watching thread's, once it runs */
    int listening_pid; /* the server process that listens for us; another one does not */
    bool is_away;      /* told once an outage, not at every try */
    int stop;
    pthread_t thread;
    bool is_running;
};

static bool read_key(const PGresult *rows, int row, struct key *key)
{
    if (PQgetlength(rows, row, 0) != KEY_ID_SIZE - 1 ||
        PQgetlength(rows, row, 1) != 2 * SHA256_SIZE ||
        !hex_decode(PQgetvalue(rows, row, 1), SHA256_SIZE, key->digest))
        return false;
    memcpy(key->id, PQgetvalue(rows, row, 0), KEY_ID_SIZE);
    key->scopes = scopes_of_text(PQgetvalue(rows, row, 2));
    return true;
}

static bool load_keys(struct auth *auth, struct problem *why)
{
    PGresult *rows;
    if (!db_run(auth->db, STATEMENT_LOAD_KEYS, NULL, &rows, why))
        return false;
    int row_count = PQntuples(rows);
    size_t count = 0;
    struct key *keys = calloc((size_t)row_count + 1, sizeof *keys);
    for (int row = 0; keys && row < row_count; row++)
        if (read_key(rows, row, &keys[count]))
            count++;
    PQclear(rows);
    if (!keys)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    key_ring_replace(auth->ring, keys, count);
    return true;
}

/* Before the keys are read, so that no change falls between. */
static bool listen_once(struct auth *auth, struct problem *why)
{
    const PGconn *connection = db_connection(auth->db, why);
    if (!connection)
        return false;
    int pid = PQbackendPID(connection);
    if (pid == auth->listening_pid)
        return true;
    if (!db_execute(auth->db, "listen clmd_keys", NULL, why))
        return false;
    auth->listening_pid = pid;
    return true;
}

static bool refresh(struct auth *auth)
{
    struct problem why = {0};
    bool is_read = listen_once(auth, &why) && load_keys(auth, &why);
    if (!is_read && !auth->is_away)
        log_line(LOG_LEVEL_WARN, "the keys cannot be read; those known go on", "reason",
                 why.log_detail[0] ? why.log_detail : why.detail, NULL);
    if (is_read && auth->is_away)
        log_line(LOG_LEVEL_INFO, "the keys can be read again", NULL);
    auth->is_away = !is_read;
    return is_read;
}

enum event { EVENT_NOTHING, EVENT_INPUT, EVENT_STOP };

/* A socket of −1 is not watched. */
static enum event await_event(const struct auth *auth, int socket, int64_t deadline)
{
    struct pollfd watched[] = {{.fd = auth->stop, .events = POLLIN},
                               {.fd = socket, .events = POLLIN}};
    int64_t left = deadline - clock_monotonic();
    poll(watched, COUNT_OF(watched), left > 0 ? (int)(left / 1000) + 1 : 0);
    if (watched[0].revents)
        return EVENT_STOP;
    return watched[1].revents ? EVENT_INPUT : EVENT_NOTHING;
}

static bool has_notification(PGconn *connection)
{
    bool is_notified = false;
    PGnotify *notification;
    while ((notification = PQnotifies(connection))) {
        is_notified = true;
        PQfreemem(notification);
    }
    return is_notified;
}

/* Waits for a reason to read the keys again. False: the end. */
static bool await_change(struct auth *auth)
{
    int64_t deadline =
        clock_monotonic() + (auth->is_away ? PAUSE_MICROSECONDS : REFRESH_MICROSECONDS);
    struct problem unused = {0};
    PGconn *connection = auth->is_away ? NULL : db_connection(auth->db, &unused);
    if (!auth->is_away && (!connection || PQbackendPID(connection) != auth->listening_pid))
        return true;
    while (!connection || !has_notification(connection)) {
        switch (await_event(auth, connection ? PQsocket(connection) : -1, deadline)) {
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

static void *watch(void *argument)
{
    struct auth *auth = argument;
    while (await_change(auth))
        (void)refresh(auth);
    return NULL;
}

struct auth *auth_start(const char *database_url, struct problem *why)
{
    struct auth *auth = calloc(1, sizeof *auth);
    if (!auth) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    auth->ring = key_ring_create();
    auth->db = db_create(database_url, STATEMENT_SECONDS);
    auth->stop = wake_create();
    if (!auth->ring || !auth->db || auth->stop < 0) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory or files");
        auth_stop(auth);
        return NULL;
    }
    (void)refresh(auth);
    auth->is_running = thread_start(&auth->thread, "keys", watch, auth, why);
    if (!auth->is_running) {
        auth_stop(auth);
        return NULL;
    }
    return auth;
}

void auth_stop(struct auth *auth)
{
    if (!auth)
        return;
    if (auth->is_running) {
        wake_send(auth->stop);
        pthread_join(auth->thread, NULL);
    }
    if (auth->stop >= 0)
        close(auth->stop);
    db_destroy(auth->db);
    key_ring_destroy(auth->ring);
    free(auth);
}

bool auth_check(struct auth *auth, const char *authorization, enum scope scope,
                char key_id[KEY_ID_SIZE], struct problem *why)
{
    return key_ring_check(auth->ring, authorization, scope, key_id, why);
}
