#include "db/cluster.h"

#include "base/log.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char LOG_NAME[] = "postgresql.log";

enum { LOG_LIMIT = 16 << 20 }; /* bytes, after which a start puts the log aside */

/* The server programs ---------------------------------------------------------------------- */

static bool has_programs(const char *directory)
{
    static const char *const PROGRAMS[] = {"postgres", "initdb"};
    char path[CLUSTER_PATH_SIZE];
    for (size_t i = 0; i < COUNT_OF(PROGRAMS); i++) {
        int length = snprintf(path, sizeof path, "%s/%s", directory, PROGRAMS[i]);
        if (length >= (int)sizeof path || access(path, X_OK) != 0)
            return false;
    }
    return true;
}

static bool find_on_path(char programs[CLUSTER_PATH_SIZE])
{
    const char *place = getenv("PATH");
    while (place && *place) {
        size_t length = strcspn(place, ":");
        if (*place == '/' && length < CLUSTER_PATH_SIZE) {
            snprintf(programs, CLUSTER_PATH_SIZE, "%.*s", (int)length, place);
            if (has_programs(programs))
                return true;
        }
        place += length + (place[length] == ':');
    }
    return false;
}

/* Where Debian puts them; the highest version of several. */
static bool find_installed(char programs[CLUSTER_PATH_SIZE])
{
    static const char PATTERN[] = "/usr/lib/postgresql/*/bin";
    glob_t found;
    long highest = -1;
    if (glob(PATTERN, 0, NULL, &found) != 0)
        return false;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        long version = strtol(found.gl_pathv[i] + strcspn(PATTERN, "*"), NULL, 10);
        if (version <= highest || !has_programs(found.gl_pathv[i]))
            continue;
        highest = version;
        snprintf(programs, CLUSTER_PATH_SIZE, "%s", found.gl_pathv[i]);
    }
    globfree(&found);
    return highest >= 0;
}

/* A cluster can only be served by the version that made it. */
static bool find_of_version(const struct cluster *cluster, char programs[CLUSTER_PATH_SIZE])
{
    char path[CLUSTER_PATH_SIZE + 16], version[16] = "";
    snprintf(path, sizeof path, "%s/PG_VERSION", cluster->data);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    if (fgets(version, sizeof version, file))
        version[strcspn(version, "\n")] = '\0';
    fclose(file);
    snprintf(programs, CLUSTER_PATH_SIZE, "/usr/lib/postgresql/%s/bin", version);
    return has_programs(programs);
}

static bool find_programs(struct cluster *cluster, struct problem *why)
{
    if (find_of_version(cluster, cluster->programs) || find_on_path(cluster->programs) ||
        find_installed(cluster->programs))
        return true;
    return fail(why, PROBLEM_UNAVAILABLE,
                "no PostgreSQL server was found: install one (on Debian: apt-get install "
                "postgresql), or set DATABASE_URL");
}

/* Making ----------------------------------------------------------------------------------- */

/* So that the cluster's new name outlives a failure of the power. */
static void sync_directory(const char *path)
{
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return;
    (void)fsync(directory);
    close(directory);
}

/* Made under another name first: what was interrupted is never taken for a cluster. */
static bool initialise(const struct cluster *cluster, struct problem *why)
{
    char draft[CLUSTER_PATH_SIZE + 8], initdb[CLUSTER_PATH_SIZE + 8];
    snprintf(draft, sizeof draft, "%s.new", cluster->data);
    snprintf(initdb, sizeof initdb, "%s/initdb", cluster->programs);
    const char *const remove[] = {"/bin/rm", "-rf", "--", draft, NULL};
    const char *const make[] = {initdb,
                                "--pgdata",
                                draft,
                                "--username",
                                "clmd",
                                "--encoding=UTF8",
                                "--locale=C",
                                "--auth-local",
                                "trust",
                                "--auth-host",
                                "reject",
                                "--data-checksums",
                                "--no-instructions",
                                NULL};
    log_line(LOG_LEVEL_INFO, "making the PostgreSQL cluster", "directory", cluster->data, NULL);
    if (process_run(&cluster->user, cluster->home, LOG_NAME, remove) &&
        process_run(&cluster->user, cluster->home, LOG_NAME, make) &&
        rename(draft, cluster->data) == 0) {
        sync_directory(cluster->home);
        return true;
    }
    return fail(why, PROBLEM_UNAVAILABLE, "initdb failed: %s/%s tells why", cluster->home,
                LOG_NAME);
}

bool cluster_make(struct cluster *cluster, struct problem *why)
{
    if (!find_programs(cluster, why))
        return false;
    return access(cluster->data, F_OK) == 0 || initialise(cluster, why);
}

/* Serving ---------------------------------------------------------------------------------- */

static unsigned long long megabytes_between(unsigned long long value, unsigned long long least,
                                            unsigned long long most)
{
    return value < least ? least : value > most ? most : value;
}

static unsigned long long memory_megabytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (unsigned long long)pages * (unsigned long long)size >> 20
                                 : 0;
}

static unsigned long long free_disk_megabytes(const char *path)
{
    struct statvfs disk;
    return statvfs(path, &disk) == 0 ? (unsigned long long)disk.f_bavail * disk.f_frsize >> 20
                                     : 0;
}

/* The server only appends; what it wrote before the last start but one is let go. */
static void put_log_aside(const struct cluster *cluster)
{
    char log[CLUSTER_PATH_SIZE + 16], old[CLUSTER_PATH_SIZE + 24];
    struct stat status;
    snprintf(log, sizeof log, "%s/%s", cluster->home, LOG_NAME);
    snprintf(old, sizeof old, "%s.old", log);
    if (stat(log, &status) == 0 && status.st_size > LOG_LIMIT)
        (void)rename(log, old);
}

/* What the server is told whatever the machine. Errors of statements are ours to log, and told
 * to us by the server: it keeps to its own. */
static const char *const FIXED_SETTINGS[] = {
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=100",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "logging_collector=off",
    "log_destination=stderr",
    "log_min_messages=log",
    "log_checkpoints=off",
    "jit=off",
};

enum { MACHINE_SETTINGS = 5, SETTING_SIZE = CLUSTER_PATH_SIZE + 32 };

static void choose_settings(const struct cluster *cluster,
                            char settings[MACHINE_SETTINGS][SETTING_SIZE])
{
    unsigned long long memory = memory_megabytes();
    unsigned long long disk = free_disk_megabytes(cluster->home);
    snprintf(settings[0], SETTING_SIZE, "unix_socket_directories=\"%s\"", cluster->socket);
    snprintf(settings[1], SETTING_SIZE, "port=%d", CLUSTER_PORT);
    snprintf(settings[2], SETTING_SIZE, "shared_buffers=%lluMB",
             megabytes_between(memory / 8, 64, 1024));
    snprintf(settings[3], SETTING_SIZE, "effective_cache_size=%lluMB",
             megabytes_between(memory / 2, 128, 1 << 20));
    snprintf(settings[4], SETTING_SIZE, "max_wal_size=%lluMB",
             megabytes_between(disk / 8, 256, 4096));
}

pid_t cluster_start(const struct cluster *cluster)
{
    char postgres[CLUSTER_PATH_SIZE + 16], settings[MACHINE_SETTINGS][SETTING_SIZE];
    const char *program[3 + 2 * (COUNT_OF(FIXED_SETTINGS) + MACHINE_SETTINGS) + 1];
    size_t count = 0;
    snprintf(postgres, sizeof postgres, "%s/postgres", cluster->programs);
    choose_settings(cluster, settings);
    program[count++] = postgres;
    program[count++] = "-D";
    program[count++] = cluster->data;
    for (size_t i = 0; i < COUNT_OF(FIXED_SETTINGS) + MACHINE_SETTINGS; i++) {
        bool is_fixed = i < COUNT_OF(FIXED_SETTINGS);
        program[count++] = "-c";
        program[count++] =
            is_fixed ? FIXED_SETTINGS[i] : settings[i - COUNT_OF(FIXED_SETTINGS)];
    }
    program[count] = NULL;
    put_log_aside(cluster);
    return process_start(&cluster->user, cluster->home, LOG_NAME, program);
}

bool cluster_read_postmaster(const struct cluster *cluster, struct postmaster *postmaster)
{
    enum { STATUS_LINE = 7 };
    char path[CLUSTER_PATH_SIZE + 16], line[1024];
    *postmaster = (struct postmaster){0};
    snprintf(path, sizeof path, "%s/postmaster.pid", cluster->data);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    for (int i = 0; fgets(line, sizeof line, file); i++) {
        if (i == 0)
            postmaster->process = (pid_t)strtol(line, NULL, 10);
        else if (i == STATUS_LINE)
            postmaster->is_ready = strncmp(line, "ready", 5) == 0;
    }
    fclose(file);
    return postmaster->process > 0;
}
