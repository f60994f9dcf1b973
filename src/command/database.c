#include "command/database.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/migrate.h"
#include "db/session.h"
#include "ingest/vocabulary.h"

#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum {
    VOCABULARY_LIMIT = 1 << 20, /* bytes of SQL */
    REFUSED_MICROSECONDS = 10 * 1000000,
    PAUSE_MILLISECONDS = 200 /* between two tries to connect */
};

/* At every start: an older program may have made the cluster. */
static bool make_roles(const struct embedded *embedded, struct problem *why)
{
    struct db *db = db_create(embedded_url(embedded), 0);
    bool done = db ? db_execute(db, MIGRATION_ROLES, NULL, why)
                   : fail(why, PROBLEM_INTERNAL, "out of memory");
    db_destroy(db);
    return done;
}

bool database_open(struct database *database, const struct config *config,
                   enum embedded_use use, struct problem *why)
{
    const char *owner = config->database_url;
    *database = (struct database){.url = config->database_url};
    if (config->database_url[0] == '\0') {
        database->embedded = embedded_open(config->data_dir, use, why);
        if (!database->embedded || !make_roles(database->embedded, why))
            return false;
        database->url = embedded_url_as(database->embedded, EMBEDDED_SERVER);
        owner = embedded_url_as(database->embedded, EMBEDDED_OWNER);
    }
    database->db = db_create(owner, 0);
    if (database->db && config->pooler && !database->embedded)
        db_behind_pooler(database->db);
    return database->db || fail(why, PROBLEM_INTERNAL, "out of memory");
}

static void tell_waiting(const struct problem *why)
{
    log_line(LOG_LEVEL_WARN, "waiting for the database", "reason", why->log_detail, NULL);
}

bool database_await(const struct database *database, struct problem *why)
{
    int64_t refused_at = 0; /* when it first ran without taking us; 0: it did not */
    bool is_told = false;
    while (!db_connection(database->db, why)) {
        enum session_outlook outlook = session_look(database->url);
        int64_t now = clock_monotonic();
        if (outlook != SESSION_REFUSED)
            refused_at = 0;
        else if (refused_at == 0)
            refused_at = now;
        if (outlook == SESSION_HOPELESS ||
            (refused_at > 0 && now - refused_at > REFUSED_MICROSECONDS))
            return false;
        if (!is_told)
            tell_waiting(why);
        is_told = true;
        clock_pause(PAUSE_MILLISECONDS);
    }
    *why = (struct problem){.code = PROBLEM_NONE};
    return true;
}

void database_close(struct database *database)
{
    db_destroy(database->db);
    embedded_close(database->embedded);
    *database = (struct database){0};
}

/* The vocabulary is the program's, and goes with the schema into the database. */
static bool with_vocabulary(struct db *db,
                            bool (*act)(struct db *db, const struct migration *additions,
                                        size_t count, struct problem *why),
                            struct problem *why)
{
    struct arena *arena = arena_create(4 * VOCABULARY_LIMIT);
    if (!arena)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    struct buffer sql = buffer_create(arena, VOCABULARY_LIMIT);
    vocabulary_write_sql(&sql);
    buffer_append(&sql, "", 1);
    const struct migration vocabulary = {"vocabulary.sql", sql.data};
    bool done = sql.failed ? fail(why, PROBLEM_INTERNAL, "out of memory")
                           : act(db, &vocabulary, 1, why);
    arena_destroy(arena);
    return done;
}

bool database_migrate(const struct database *database, const struct config *config,
                      struct problem *why)
{
    if (config->pooler && !database->embedded)
        return fail(why, PROBLEM_UNPROCESSABLE,
                    "a migration holds a lock for a session: give it a DATABASE_URL that leads "
                    "to PostgreSQL itself, and no CLMD_POOLER");
    return with_vocabulary(database->db, migrate_apply, why);
}

bool database_prepare(const struct database *database, const struct config *config,
                      struct problem *why)
{
    bool is_ours = database->embedded && embedded_is_owner(database->embedded);
    return is_ours || config->migrate ? database_migrate(database, config, why)
                                      : with_vocabulary(database->db, migrate_check, why);
}

bool database_open_prepared(struct database *database, const struct config *config,
                            struct problem *why)
{
    return database_open(database, config, EMBEDDED_SHARE, why) &&
           database_prepare(database, config, why);
}

static bool act_as_user(struct db *db, struct problem *why)
{
    char machine[HOST_NAME_MAX + 1] = "", user[24];
    const struct passwd *entry = getpwuid(geteuid());
    snprintf(user, sizeof user, "%ju", (uintmax_t)geteuid());
    (void)gethostname(machine, sizeof machine - 1);
    const struct db_value values[] = {{.data = "command"},
                                      {.data = NULL},
                                      {.data = entry ? entry->pw_name : user},
                                      {.data = machine},
                                      {.data = NULL}};
    PGresult *rows;
    if (!db_run(db, STATEMENT_ACT_AS, values, &rows, why))
        return false;
    PQclear(rows);
    return true;
}

bool database_change(struct db *db, enum statement statement, const struct db_value *values,
                     PGresult **rows, struct problem *why)
{
    *rows = NULL;
    if (db_execute(db, "begin", NULL, why) && act_as_user(db, why) &&
        db_run(db, statement, values, rows, why) && db_execute(db, "commit", NULL, why))
        return true;
    PQclear(*rows); /* what was begun ends with the connection */
    *rows = NULL;
    return false;
}
