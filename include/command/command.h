/* The commands of clmd. Each is a function over the settings and its own arguments
 * (arguments[0] is its name, the settings' flags are taken out), and returns the exit
 * status. */
#ifndef CLMD_COMMAND_COMMAND_H
#define CLMD_COMMAND_COMMAND_H

#include "base/config.h"
#include "base/problem.h"
#include "db/db.h"
#include "http/auth.h"

#include <stdbool.h>

enum status {
    STATUS_DONE = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,    /* the command was given wrongly */
    STATUS_REJECTED = 3, /* import: done, but for the lines that were rejected */
    STATUS_DIFFERS = 1   /* verify: something is not as it should be */
};

int command_serve(const struct config *config, int count, char **arguments);
int command_migrate(const struct config *config, int count, char **arguments);
int command_roles(const struct config *config, int count, char **arguments);
int command_key(const struct config *config, int count, char **arguments);
int command_import(const struct config *config, int count, char **arguments);
int command_verify(const struct config *config, int count, char **arguments);
int command_rebuild(const struct config *config, int count, char **arguments);
int command_health(const struct config *config, int count, char **arguments);

/* Says on standard error what went wrong, and returns STATUS_FAILED or STATUS_USAGE. */
int command_failed(const struct problem *why);
int command_misused(const char *command, const char *detail, ...) PRINTF_LIKE(2, 3);

/* Makes a key valid. wish: a JSON object, as POST /v1/keys takes it. */
bool key_store(struct db *db, const struct new_key *key, const char *wish,
               struct problem *why) MUST_CHECK;

#endif
