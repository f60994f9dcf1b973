/* Programs run as children, by a user without privileges. */
#ifndef CLMD_DB_PROCESS_H
#define CLMD_DB_PROCESS_H

#include "base/problem.h"

#include <stdbool.h>
#include <sys/types.h>

struct user {
    uid_t id;
    gid_t group;
    char name[33];
    bool is_other; /* we are root, and have to become it */
};

/* The user whom PostgreSQL runs as: ourselves, or for root `postgres`, or else `nobody`. */
bool user_choose(struct user *user, struct problem *why) MUST_CHECK;

/* Gives up root for good. Does nothing where it need not. */
bool user_become(const struct user *user) MUST_CHECK;

/* Starts a program in `directory`, as `user`, in a session of its own, so that a terminal's
 * Ctrl-C does not reach it; what it prints is appended to the file `log`, relative to
 * `directory`. It gets SIGINT when we die. `program` is arguments[0] and ends with NULL.
 * −1 when there can be no further process. */
pid_t process_start(const struct user *user, const char *directory, const char *log,
                    const char *const *program);

/* Starts a program and waits for it: whether it ended with status 0. */
bool process_run(const struct user *user, const char *directory, const char *log,
                 const char *const *program) MUST_CHECK;

/* Whether a process works in `directory`: how a server is told from a stranger that was given
 * its old number. False for one that has ended. */
bool process_is_in(pid_t process, const char *directory);

#endif
