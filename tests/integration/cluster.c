#include "integration/cluster.h"

#include "base/clock.h"

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AGAIN_MICROSECONDS = 60 * 1000000, POLL_MILLISECONDS = 5, CHILDREN_LIMIT = 256 };

void test_cluster_start(struct test_cluster *cluster)
{
    struct problem why = {0};
    snprintf(cluster->directory, sizeof cluster->directory, "/tmp/clmd-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(cluster->directory));
    cluster->embedded = embedded_open(cluster->directory, EMBEDDED_OWN, &why);
    ck_assert_msg(cluster->embedded != NULL, "%s", why.detail);
}

void test_cluster_remove(struct test_cluster *cluster)
{
    embedded_close(cluster->embedded);
    cluster->embedded = NULL;
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/rm", "rm", "-rf", "--", cluster->directory, (char *)NULL);
        _exit(127);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

pid_t test_cluster_postmaster(const struct test_cluster *cluster)
{
    char path[128], line[32] = "";
    snprintf(path, sizeof path, "%s/cluster/postmaster.pid", cluster->directory);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    bool is_read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    return is_read ? (pid_t)strtol(line, NULL, 10) : -1;
}

void test_cluster_again(struct test_cluster *cluster)
{
    int64_t deadline = clock_monotonic() + AGAIN_MICROSECONDS;
    while (embedded_supervise(cluster->embedded) >= 0 ||
           PQping(embedded_url(cluster->embedded)) != PQPING_OK) {
        ck_assert_msg(clock_monotonic() < deadline, "PostgreSQL does not come up again");
        clock_pause(POLL_MILLISECONDS);
    }
}

/* The processes that one started, whose command line begins so. */
static size_t children(pid_t parent, const char *title, pid_t *found, size_t limit)
{
    size_t count = 0;
    DIR *processes = opendir("/proc");
    ck_assert_ptr_nonnull(processes);
    for (struct dirent *entry; count < limit && (entry = readdir(processes)) != NULL;) {
        char path[64], line[256] = "", status[512];
        pid_t process = (pid_t)strtol(entry->d_name, NULL, 10), from = 0;
        snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
        FILE *file = process > 0 ? fopen(path, "re") : NULL;
        if (file == NULL)
            continue;
        if (fgets(status, sizeof status, file) != NULL && strrchr(status, ')') != NULL)
            from = (pid_t)strtol(strrchr(status, ')') + 4, NULL, 10);
        fclose(file);
        snprintf(path, sizeof path, "/proc/%d/cmdline", (int)process);
        if (from != parent || (file = fopen(path, "re")) == NULL)
            continue;
        if (fgets(line, sizeof line, file) != NULL && strncmp(line, title, strlen(title)) == 0)
            found[count++] = process;
        fclose(file);
    }
    closedir(processes);
    return count;
}

size_t test_cluster_backends(const struct test_cluster *cluster, pid_t *backends, size_t limit)
{
    pid_t postmaster = test_cluster_postmaster(cluster);
    return postmaster > 1 ? children(postmaster, "postgres: clmd ", backends, limit) : 0;
}

void test_cluster_signal(const struct test_cluster *cluster, int signal)
{
    pid_t found[CHILDREN_LIMIT], postmaster = test_cluster_postmaster(cluster);
    ck_assert_int_gt(postmaster, 1);
    ck_assert_int_eq(kill(postmaster, signal), 0);
    size_t count = children(postmaster, "", found, CHILDREN_LIMIT);
    for (size_t i = 0; i < count; i++)
        (void)kill(found[i], signal);
}

/* A transaction sees the same activity all the time, unless told to look again. */
pid_t test_cluster_await(struct db *db, const char *event)
{
    int64_t deadline = clock_monotonic() + AGAIN_MICROSECONDS;
    pid_t process = 0;
    char sql[192];
    snprintf(sql, sizeof sql,
             "select pg_stat_clear_snapshot(); "
             "select coalesce(min(pid), 0) from pg_stat_activity where wait_event = '%s'",
             event);
    while (process == 0) {
        struct problem why = {0};
        PGresult *rows = NULL;
        ck_assert_msg(clock_monotonic() < deadline, "nobody waits for %s", event);
        ck_assert_msg(db_execute(db, sql, &rows, &why), "%s", why.log_detail);
        process = (pid_t)strtol(PQgetvalue(rows, 0, 0), NULL, 10);
        PQclear(rows);
        clock_pause(1);
    }
    return process;
}
