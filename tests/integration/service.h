/* A clmd of the tests' own: `clmd serve` as a child process, on a free port of the loopback,
 * with an embedded PostgreSQL in a directory of its own that is removed in the end. */
#ifndef CLMD_TESTS_SERVICE_H
#define CLMD_TESTS_SERVICE_H

#include <stdbool.h>
#include <sys/types.h>

struct service {
    char directory[64];     /* CLMD_DATA_DIR */
    char key[128];          /* the admin key */
    char database_url[160]; /* of another service's PostgreSQL; empty: one of its own */
    int port;
    pid_t pid;
    char log_path[96];
};

/* Starts on a fresh directory; fails the test (ck_abort_msg) if it does not come up. */
void service_start(struct service *service);

/* Starts on a PostgreSQL that is not the service's own, which it migrates. */
void service_outside(struct service *service, const char *database_url);

/* Starts a second server on the database of another one. */
void service_beside(struct service *service, const struct service *first);

/* Starts again on the same directory (after service_stop or service_kill). */
void service_again(struct service *service);

/* The same where it may not come up, because its database is not there; false then. */
bool service_try_again(struct service *service);

/* Whether it runs, for all that was not done to it by the functions below. */
bool service_is_alive(const struct service *service);

/* SIGTERM, and waits: the exit status, −1 if it did not end in time. */
int service_stop(struct service *service);
void service_kill(struct service *service); /* SIGKILL, and waits */

/* Stops, and removes the directory. */
void service_remove(struct service *service);

/* Runs `clmd ARGUMENTS…` on the service's directory with its output in `output` (terminated);
 * the exit status. `arguments` ends with NULL. */
int service_command(const struct service *service, const char *const *arguments, char *output,
                    size_t size);

/* The process id of the embedded PostgreSQL. */
pid_t service_postmaster(const struct service *service);

#endif
