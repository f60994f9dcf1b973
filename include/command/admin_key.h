/* The first key of an embedded cluster, kept in the file admin.key of the data directory. */
#ifndef CLMD_COMMAND_ADMIN_KEY_H
#define CLMD_COMMAND_ADMIN_KEY_H

#include "base/config.h"
#include "base/problem.h"
#include "db/db.h"

#include <stdbool.h>

enum { ADMIN_KEY_PATH_SIZE = sizeof((struct config *)0)->data_dir + 16 };

void admin_key_path(const struct config *config, char path[ADMIN_KEY_PATH_SIZE]);

/* Makes the key if there is no key at all yet. The file is complete before the key is valid. */
bool admin_key_make(const struct config *config, struct db *db, struct problem *why) MUST_CHECK;

#endif
