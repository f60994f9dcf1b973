#include "db/migrate.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
    DIGEST_TEXT_SIZE = 2 * SHA256_SIZE + 1,
    SQL_SIZE = 512,
    PATIENCE_MICROSECONDS = 600 * 1000000, /* with those who hold locks */
    WAIT_FIRST = 20,                       /* milliseconds, for a lock */
    WAIT_LONGEST = 2000                    /* less than what a server waits */
};

/* The one row that stands for all repeatable files together. */
static const char REPEATABLE[] = "repeatable";

/* Everything that is to stand in the database, and what stands there now. */
struct schema {
    struct db *db;
    const struct migration *additions;
    size_t addition_count;
    char repeatable_digest[DIGEST_TEXT_SIZE];
    PGresult *recorded; /* name, digest; NULL: there is no record at all */
};

static bool is_numbered(const char *name)
{
    return isdigit((unsigned char)name[0]);
}

static void digest_text(const char *text, char digest[DIGEST_TEXT_SIZE])
{
    unsigned char hash[SHA256_SIZE];
    sha256(text, strlen(text), hash);
    hex_encode(hash, sizeof hash, digest);
}

/* chain = SHA-256(chain, SHA-256(name), SHA-256(text)): no file can pass for a part of
 * another. */
static void digest_chain(unsigned char chain[SHA256_SIZE], const struct migration *migration)
{
    unsigned char links[3][SHA256_SIZE];
    memcpy(links[0], chain, SHA256_SIZE);
    sha256(migration->name, strlen(migration->name), links[1]);
    sha256(migration->sql, strlen(migration->sql), links[2]);
    sha256(links, sizeof links, chain);
}

static struct schema schema_create(struct db *db, const struct migration *additions,
                                   size_t count)
{
    struct schema schema = {.db = db, .additions = additions, .addition_count = count};
    unsigned char chain[SHA256_SIZE] = {0};
    for (size_t i = 0; i < MIGRATION_COUNT; i++)
        if (!is_numbered(MIGRATIONS[i].name))
            digest_chain(chain, &MIGRATIONS[i]);
    for (size_t i = 0; i < count; i++)
        digest_chain(chain, &additions[i]);
    hex_encode(chain, sizeof chain, schema.repeatable_digest);
    return schema;
}

/* For what undoes: if it fails, there is nothing left to undo. */
static void execute_anyway(struct db *db, const char *sql)
{
    struct problem ignored = {0};
    bool is_done = db_execute(db, sql, NULL, &ignored);
    (void)is_done;
}

/* What is recorded ------------------------------------------------------------------------- */

static bool load_recorded(struct schema *schema, struct problem *why)
{
    PGresult *rows;
    if (!db_execute(schema->db, "select to_regclass('clmd.migration') is not null", &rows, why))
        return false;
    bool is_there = PQgetvalue(rows, 0, 0)[0] == 't';
    PQclear(rows);
    return !is_there ||
           db_execute(schema->db, "select name, digest from clmd.migration order by name",
                      &schema->recorded, why);
}

/* The digest that was recorded under a name, or NULL. */
static const char *recorded_digest(const struct schema *schema, const char *name)
{
    for (int row = 0; row < PQntuples(schema->recorded); row++)
        if (strcmp(PQgetvalue(schema->recorded, row, 0), name) == 0)
            return PQgetvalue(schema->recorded, row, 1);
    return NULL;
}

static bool is_known(const char *name)
{
    if (strcmp(name, REPEATABLE) == 0)
        return true;
    for (size_t i = 0; i < MIGRATION_COUNT; i++)
        if (strcmp(MIGRATIONS[i].name, name) == 0)
            return true;
    return false;
}

static bool refuse_ahead(const struct schema *schema, struct problem *why)
{
    for (int row = 0; row < PQntuples(schema->recorded); row++) {
        const char *name = PQgetvalue(schema->recorded, row, 0);
        if (!is_known(name))
            return fail(why, PROBLEM_CONFLICT,
                        "the database is ahead of this program, which does not know migration "
                        "%s: run the newer clmd that applied it",
                        name);
    }
    return true;
}

static bool refuse_edited(const struct schema *schema, struct problem *why)
{
    char digest[DIGEST_TEXT_SIZE];
    for (size_t i = 0; i < MIGRATION_COUNT; i++) {
        const char *name = MIGRATIONS[i].name;
        const char *recorded = recorded_digest(schema, name);
        digest_text(MIGRATIONS[i].sql, digest);
        if (is_numbered(name) && recorded && strcmp(recorded, digest) != 0)
            return fail(why, PROBLEM_CONFLICT,
                        "migration %s is not the text that was applied to the database: "
                        "restore it, and put the change into a migration of its own",
                        name);
    }
    return true;
}

/* Applying --------------------------------------------------------------------------------- */

/* Keeps the code and PostgreSQL's words for the log, and says which file it was. */
static bool blame(const char *name, struct problem *why)
{
    return fail(why, why->code, "migration %s failed, and nothing of it was kept", name);
}

static bool record(struct db *db, const char *name, const char *digest, struct problem *why)
{
    char sql[SQL_SIZE];
    snprintf(sql, sizeof sql,
             "insert into clmd.migration (name, digest) values ('%s', '%s') "
             "on conflict (name) do update set digest = excluded.digest, applied_at = now()",
             name, digest);
    return db_execute(db, sql, NULL, why);
}

/* Ends the transaction that `done` is the success of; a failure stays the one that is told. */
static bool conclude(struct db *db, bool done, struct problem *why)
{
    if (done)
        return db_execute(db, "commit", NULL, why);
    execute_anyway(db, "rollback");
    return false;
}

static bool apply_numbered(struct db *db, const struct migration *migration,
                           struct problem *why)
{
    char digest[DIGEST_TEXT_SIZE];
    digest_text(migration->sql, digest);
    return (db_execute(db, migration->sql, NULL, why) || blame(migration->name, why)) &&
           record(db, migration->name, digest, why);
}

static bool apply_files(struct db *db, const struct migration *files, size_t count,
                        struct problem *why)
{
    for (size_t i = 0; i < count; i++)
        if (!db_execute(db, files[i].sql, NULL, why))
            return blame(files[i].name, why);
    return true;
}

/* reset.sql, the program's additions, then the functions, views and metrics. */
static bool apply_repeatable(const struct schema *schema, struct problem *why)
{
    size_t first = 0;
    while (first < MIGRATION_COUNT && is_numbered(MIGRATIONS[first].name))
        first++;
    const struct migration *reset = &MIGRATIONS[first];
    struct db *db = schema->db;
    return apply_files(db, reset, 1, why) &&
           apply_files(db, schema->additions, schema->addition_count, why) &&
           apply_files(db, reset + 1, MIGRATION_COUNT - first - 1, why) &&
           record(db, REPEATABLE, schema->repeatable_digest, why);
}

/* A numbered migration, or (NULL) all that is repeatable, in a transaction of its own, which
 * waits so long for a lock at the most. */
static bool apply_once(const struct schema *schema, const struct migration *numbered,
                       int milliseconds, bool *has_collided, struct problem *why)
{
    struct db *db = schema->db;
    char begin[64];
    *has_collided = false;
    snprintf(begin, sizeof begin, "begin; set local lock_timeout = '%dms'", milliseconds);
    if (!db_execute(db, begin, NULL, why))
        return false;
    bool done = numbered ? apply_numbered(db, numbered, why) : apply_repeatable(schema, why);
    *has_collided = !done && db_last_fault(db) == DB_FAULT_TRANSIENT && db_has_collided(db);
    return conclude(db, done, why);
}

/* Servers work meanwhile: who holds a lock that the migration waits for may wait for one of its
 * own, and all who come later stand behind it. So it makes way, waiting a little longer each
 * time until whoever comes has let it through. */
static bool apply(const struct schema *schema, const struct migration *numbered,
                  struct problem *why)
{
    int64_t give_up_at = clock_monotonic() + PATIENCE_MICROSECONDS;
    int milliseconds = WAIT_FIRST;
    bool has_collided;
    while (!apply_once(schema, numbered, milliseconds, &has_collided, why)) {
        if (!has_collided || clock_monotonic() > give_up_at)
            return false;
        log_line(LOG_LEVEL_INFO, "the migration makes way for those who use the database",
                 "reason", why->log_detail, NULL);
        clock_pause(milliseconds);
        milliseconds = 2 * milliseconds < WAIT_LONGEST ? 2 * milliseconds : WAIT_LONGEST;
        *why = (struct problem){.code = PROBLEM_NONE};
    }
    log_line(LOG_LEVEL_INFO,
             numbered ? "migration applied" : "functions, views and metrics made anew",
             numbered ? "name" : NULL, numbered ? numbered->name : NULL, NULL);
    return true;
}

static bool is_repeatable_current(const struct schema *schema)
{
    const char *recorded = recorded_digest(schema, REPEATABLE);
    return recorded && strcmp(recorded, schema->repeatable_digest) == 0;
}

static bool apply_missing(struct schema *schema, struct problem *why)
{
    bool is_current = true;
    if (!load_recorded(schema, why) || !refuse_ahead(schema, why) ||
        !refuse_edited(schema, why))
        return false;
    for (size_t i = 0; i < MIGRATION_COUNT && is_numbered(MIGRATIONS[i].name); i++) {
        if (recorded_digest(schema, MIGRATIONS[i].name))
            continue;
        if (!apply(schema, &MIGRATIONS[i], why))
            return false;
        is_current = false;
    }
    return (is_current && is_repeatable_current(schema)) || apply(schema, NULL, why);
}

bool migrate_apply(struct db *db, const struct migration *additions, size_t count,
                   struct problem *why)
{
    struct schema schema = schema_create(db, additions, count);
    if (!db_execute(db, "select pg_advisory_lock(1668050276)", NULL, why)) /* "clmd" in ASCII */
        return false;
    bool done = db_execute(db,
                           "create schema if not exists clmd; "
                           "create table if not exists clmd.migration ("
                           "name text primary key, digest text not null, "
                           "applied_at timestamptz not null default now())",
                           NULL, why) &&
                apply_missing(&schema, why);
    PQclear(schema.recorded);
    execute_anyway(db, "select pg_advisory_unlock(1668050276)");
    return done;
}

/* Checking --------------------------------------------------------------------------------- */

static bool refuse_behind(const struct schema *schema, struct problem *why)
{
    for (size_t i = 0; i < MIGRATION_COUNT && is_numbered(MIGRATIONS[i].name); i++)
        if (!recorded_digest(schema, MIGRATIONS[i].name))
            return fail(why, PROBLEM_CONFLICT,
                        "the database is behind this program, migration %s is not applied: "
                        "run clmd migrate",
                        MIGRATIONS[i].name);
    if (!is_repeatable_current(schema))
        return fail(why, PROBLEM_CONFLICT,
                    "the database's functions are not those of this program: run clmd migrate");
    return true;
}

bool migrate_check(struct db *db, const struct migration *additions, size_t count,
                   struct problem *why)
{
    struct schema schema = schema_create(db, additions, count);
    bool is_current = load_recorded(&schema, why) && refuse_ahead(&schema, why) &&
                      refuse_edited(&schema, why) && refuse_behind(&schema, why);
    PQclear(schema.recorded);
    return is_current;
}
