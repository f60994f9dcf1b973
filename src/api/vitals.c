#include "api/vitals.h"

#include "db/db.h"
#include "db/migrate.h"

#include <stdlib.h>

const char VITALS_NAME[] = "the database";

void vitals_reset(struct vitals *vitals)
{
    for (enum vital vital = 0; vital < VITALS; vital++)
        gauge_set(&vitals->signs[vital], VITAL_UNKNOWN);
}

/* Numbered ones come first. */
static const char *latest_migration(void)
{
    const char *latest = "";
    for (size_t i = 0; i < MIGRATION_COUNT; i++)
        if (MIGRATIONS[i].name[0] >= '0' && MIGRATIONS[i].name[0] <= '9')
            latest = MIGRATIONS[i].name;
    return latest;
}

/* A number, t or f, or null. */
static int64_t read_sign(const PGresult *rows, int column)
{
    const char *text = PQgetvalue(rows, 0, column);
    if (PQgetisnull(rows, 0, column))
        return VITAL_UNKNOWN;
    return *text == 't' || *text == 'f' ? *text == 't' : strtoll(text, NULL, 10);
}

bool vitals_load(void *context, struct db *db, struct problem *why)
{
    struct vitals *vitals = context;
    const struct db_value values[] = {{.data = latest_migration()}};
    PGresult *rows;
    if (!db_run(db, STATEMENT_LOAD_VITALS, values, &rows, why))
        return false;
    bool is_right = PQntuples(rows) == 1 && PQnfields(rows) == VITAL_SIZE;
    for (enum vital vital = 0; is_right && vital < VITAL_SIZE; vital++)
        gauge_set(&vitals->signs[vital], read_sign(rows, (int)vital));
    PQclear(rows);
    return is_right || fail(why, PROBLEM_INTERNAL, "the database's signs are not as expected");
}

bool vitals_weigh(void *context, struct db *db, struct problem *why)
{
    struct vitals *vitals = context;
    PGresult *rows;
    if (!db_run(db, STATEMENT_WEIGH_DATABASE, NULL, &rows, why))
        return false;
    gauge_set(&vitals->signs[VITAL_SIZE], read_sign(rows, 0));
    PQclear(rows);
    return true;
}
