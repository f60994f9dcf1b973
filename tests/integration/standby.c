#include "integration/standby.h"

#include "base/clock.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MICROSECONDS = 60 * 1000000, POLL_MILLISECONDS = 10 };

static void run(const char *url, const char *sql)
{
    struct problem why = {0};
    struct db *db = db_create(url, 0);
    ck_assert_msg(db_execute(db, sql, NULL, &why), "%s: %s", sql, why.log_detail);
    db_destroy(db);
}

/* The paths and the user, as an embedded cluster of this directory would have them. */
static void describe(struct standby *standby)
{
    struct cluster *cluster = &standby->cluster;
    struct problem why = {0};
    ck_assert_msg(user_choose(&cluster->user, &why), "%s", why.detail);
    snprintf(cluster->home, sizeof cluster->home, "%s", standby->directory);
    snprintf(cluster->data, sizeof cluster->data, "%s/cluster", standby->directory);
    snprintf(cluster->socket, sizeof cluster->socket, "%s/socket", standby->directory);
    snprintf(standby->url, sizeof standby->url, "host=%s port=%d user=clmd dbname=postgres",
             cluster->socket, CLUSTER_PORT);
}

static void copy_primary(struct standby *standby, const struct test_cluster *primary)
{
    const struct cluster *cluster = &standby->cluster;
    const struct user *user = &cluster->user;
    char source[160];
    snprintf(source, sizeof source, "host=%s/socket port=%d user=clmd application_name=standby",
             primary->directory, CLUSTER_PORT);
    const char *const make[] = {"/bin/mkdir", "-m", "0700", cluster->socket, NULL};
    const char *const copy[] = {"/usr/bin/pg_basebackup",
                                "-D",
                                cluster->data,
                                "-d",
                                source,
                                "-R",
                                "-X",
                                "stream",
                                "--checkpoint=fast",
                                "--no-sync",
                                NULL};
    if (user->is_other)
        ck_assert_int_eq(chown(standby->directory, user->id, user->group), 0);
    ck_assert(process_run(user, standby->directory, "backup.log", make));
    ck_assert(process_run(user, standby->directory, "backup.log", copy));
}

void standby_start(struct standby *standby, const struct test_cluster *primary)
{
    struct problem why = {0};
    int64_t deadline = clock_monotonic() + PATIENCE_MICROSECONDS;
    *standby = (struct standby){.directory = "/tmp/clmd-test-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(standby->directory));
    describe(standby);
    copy_primary(standby, primary);
    ck_assert_msg(cluster_make(&standby->cluster, &why), "%s", why.detail);
    standby->postmaster = cluster_start(&standby->cluster);
    while (PQping(standby->url) != PQPING_OK) {
        ck_assert_msg(clock_monotonic() < deadline, "the standby does not come up");
        clock_pause(POLL_MILLISECONDS);
    }
    run(embedded_url(primary->embedded),
        "alter system set synchronous_standby_names = standby");
    run(embedded_url(primary->embedded), "select pg_reload_conf()");
}

void standby_promote(const struct standby *standby)
{
    run(standby->url, "alter system reset synchronous_standby_names");
    run(standby->url, "select pg_reload_conf(), pg_promote(true)");
}

static bool is_held(struct db *db)
{
    struct problem why = {0};
    PGresult *rows;
    ck_assert_msg(db_execute(db, "select pg_get_wal_replay_pause_state()", &rows, &why), "%s",
                  why.log_detail);
    bool is_held = strcmp(PQgetvalue(rows, 0, 0), "paused") == 0;
    PQclear(rows);
    return is_held;
}

void standby_hold(const struct standby *standby)
{
    int64_t deadline = clock_monotonic() + PATIENCE_MICROSECONDS;
    struct db *db = db_create(standby->url, 0);
    run(standby->url, "select pg_wal_replay_pause()");
    while (!is_held(db)) {
        ck_assert_msg(clock_monotonic() < deadline, "the standby goes on replaying");
        clock_pause(POLL_MILLISECONDS);
    }
    db_destroy(db);
}

void standby_go_on(const struct standby *standby)
{
    run(standby->url, "select pg_wal_replay_resume()");
}

void standby_remove(struct standby *standby)
{
    ck_assert_int_eq(kill(standby->postmaster, SIGQUIT), 0);
    ck_assert_int_eq(waitpid(standby->postmaster, NULL, 0), standby->postmaster);
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/rm", "rm", "-rf", "--", standby->directory, (char *)NULL);
        _exit(127);
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
