#include "ingest/sweeper.h"

#include "base/log.h"
#include "db/db.h"

#include <stdio.h>

struct sweeper sweeper_create(unsigned pause_seconds)
{
    struct sweeper sweeper = {.is_failing = false};
    snprintf(sweeper.pause, sizeof sweeper.pause, "%us", pause_seconds);
    return sweeper;
}

/* What fails as long as the database is there is left out, so that the rest is measured. */
static void tell_failure(struct sweeper *sweeper, struct db *db, const struct problem *why)
{
    PGresult *rows = NULL;
    struct problem ignored = {0};
    if (!sweeper->is_failing)
        log_line(LOG_LEVEL_WARN, "a step of the sweep fails; the next sweep tries it again",
                 "reason", why->log_detail[0] ? why->log_detail : why->detail, NULL);
    sweeper->is_failing = true;
    if (db_last_fault(db) != DB_FAULT_CONNECTION &&
        db_run(db, STATEMENT_SKIP_SWEEP_STEP, NULL, &rows, &ignored))
        PQclear(rows);
}

bool sweeper_work(struct db *db, void *state)
{
    struct sweeper *sweeper = state;
    const struct db_value values[] = {{.data = sweeper->pause}};
    struct problem why = {0};
    PGresult *rows;
    if (!db_run(db, STATEMENT_SWEEP_STEP, values, &rows, &why)) {
        tell_failure(sweeper, db, &why);
        return false;
    }
    bool has_more = PQgetvalue(rows, 0, 0)[0] == 't';
    if (has_more)
        sweeper->is_failing = false;
    PQclear(rows);
    return has_more;
}
