#include "command/admin_key.h"

#include "base/log.h"
#include "command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void admin_key_path(const struct config *config, char path[ADMIN_KEY_PATH_SIZE])
{
    snprintf(path, ADMIN_KEY_PATH_SIZE, "%s/admin.key", config->data_dir);
}

static bool write_line(int file, const char *text)
{
    return dprintf(file, "%s\n", text) == (int)strlen(text) + 1 && fsync(file) == 0;
}

/* Under its name only when it is whole. */
static bool write_file(const char *path, const char *text, struct problem *why)
{
    char draft[ADMIN_KEY_PATH_SIZE + 8];
    snprintf(draft, sizeof draft, "%s.new", path);
    (void)unlink(draft);
    int file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool done = file >= 0 && write_line(file, text);
    if (file >= 0)
        done = close(file) == 0 && done;
    return (done && rename(draft, path) == 0) ||
           fail(why, PROBLEM_UNAVAILABLE, "%s cannot be written: %s", path, strerror(errno));
}

static bool has_keys(struct db *db, bool *result, struct problem *why)
{
    PGresult *rows;
    if (!db_run(db, STATEMENT_HAS_KEYS, NULL, &rows, why))
        return false;
    *result = PQgetvalue(rows, 0, 0)[0] == 't';
    PQclear(rows);
    return true;
}

bool admin_key_make(const struct config *config, struct db *db, struct problem *why)
{
    struct new_key key;
    char path[ADMIN_KEY_PATH_SIZE];
    bool is_settled;
    if (!has_keys(db, &is_settled, why))
        return false;
    if (is_settled)
        return true;
    admin_key_path(config, path);
    if (!key_make(&key))
        return fail(why, PROBLEM_INTERNAL, "no randomness to be had");
    if (!write_file(path, key.text, why) ||
        !key_store(db, &key, "{\"name\":\"admin\",\"scopes\":[\"admin\"]}", why))
        return false;
    log_line(LOG_LEVEL_INFO, "made the first key", "file", path, NULL);
    return true;
}
