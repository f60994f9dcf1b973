#include "db/home.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HOME_LIMIT = 107 - (int)sizeof "/socket/.s.PGSQL.5432" + 1 /* of sun_path's 107 bytes */
};

/* The parents are for everyone to pass, the directory itself is for its owner alone. */
static bool make_directories(const char *path, struct problem *why)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    for (size_t end = 1; end <= length && length < sizeof part; end++) {
        if (path[end] != '/' && path[end] != '\0')
            continue;
        memcpy(part, path, end);
        part[end] = '\0';
        if (mkdir(part, end == length ? 0700 : 0755) != 0 && errno != EEXIST)
            return fail(why, PROBLEM_UNAVAILABLE, "the directory %s cannot be made: %s", part,
                        strerror(errno));
    }
    return true;
}

static bool is_empty(int directory)
{
    int entries = 0, own = fcntl(directory, F_DUPFD_CLOEXEC, 0);
    DIR *listing = own >= 0 ? fdopendir(own) : NULL;
    if (!listing) {
        if (own >= 0)
            close(own);
        return false;
    }
    while (readdir(listing))
        entries++; /* with . and .. */
    closedir(listing);
    return entries <= 2;
}

/* A directory of root's is handed over to the cluster's user only while there is nothing in it:
 * it may have been named by mistake. */
static bool take_directory(const struct cluster *cluster, struct problem *why)
{
    struct stat status;
    int directory = open(cluster->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return fail(why, PROBLEM_UNAVAILABLE, "the directory %s: %s", cluster->home,
                    strerror(errno));
    bool is_taken = fstat(directory, &status) == 0;
    if (is_taken && status.st_uid != cluster->user.id)
        is_taken = cluster->user.is_other && status.st_uid == 0 && is_empty(directory) &&
                   fchown(directory, cluster->user.id, cluster->user.group) == 0 &&
                   fchmod(directory, 0700) == 0;
    close(directory);
    return is_taken || fail(why, PROBLEM_UNAVAILABLE,
                            "the directory %s belongs to somebody else: give clmd one of its "
                            "own (CLMD_DATA_DIR)",
                            cluster->home);
}

static bool name_paths(struct cluster *cluster, const char *data_dir, struct problem *why)
{
    char home[PATH_MAX];
    if (!realpath(data_dir, home))
        return fail(why, PROBLEM_UNAVAILABLE, "the directory %s: %s", data_dir,
                    strerror(errno));
    if (strlen(home) > HOME_LIMIT)
        return fail(why, PROBLEM_UNAVAILABLE,
                    "the path of the data directory is longer than the %d bytes that a Unix "
                    "socket in it allows: choose a shorter one (CLMD_DATA_DIR)",
                    HOME_LIMIT);
    memcpy(cluster->home, home, strlen(home) + 1);
    snprintf(cluster->data, sizeof cluster->data, "%s/cluster", cluster->home);
    snprintf(cluster->socket, sizeof cluster->socket, "%s/socket", cluster->home);
    return true;
}

/* The socket's directory is made by the cluster's user, which shows whether it can get
 * there. */
bool home_open(struct cluster *cluster, const char *data_dir, struct problem *why)
{
    const char *const make[] = {"/bin/mkdir", "-p", "-m", "700", cluster->socket, NULL};
    if (!user_choose(&cluster->user, why) || !make_directories(data_dir, why) ||
        !name_paths(cluster, data_dir, why) || !take_directory(cluster, why))
        return false;
    if (!process_run(&cluster->user, cluster->home, "postgresql.log", make))
        return fail(why, PROBLEM_UNAVAILABLE,
                    "%s, whom PostgreSQL runs as, cannot reach %s: choose a directory that it "
                    "can, such as /var/lib/clmd (CLMD_DATA_DIR)",
                    cluster->user.name, cluster->home);
    return true;
}
