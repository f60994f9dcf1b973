#include "ingest/deriver.h"

#include "base/log.h"
#include "db/db.h"

#include <stdio.h>

enum { PIECE_LIMIT = 256 /* customers, whose events wait for so long */ };

struct deriver deriver_create(void)
{
    return (struct deriver){.size = PIECE_LIMIT};
}

static void tell_failure(struct deriver *deriver, struct db *db, const struct problem *why)
{
    PGresult *rows = NULL;
    struct problem ignored = {0};
    if (!deriver->is_failing)
        log_line(LOG_LEVEL_WARN, "deriving by a stage model fails; it is tried again", "reason",
                 why->log_detail[0] ? why->log_detail : why->detail, NULL);
    deriver->is_failing = true;
    if (db_last_fault(db) != DB_FAULT_CONNECTION &&
        db_run(db, STATEMENT_NOTE_FAILED_WORK, NULL, &rows, &ignored))
        PQclear(rows);
}

static void tell_success(struct deriver *deriver, const PGresult *rows)
{
    if (deriver->is_failing)
        log_line(LOG_LEVEL_INFO, "deriving by a stage model goes on", NULL);
    deriver->is_failing = false;
    if (!PQgetisnull(rows, 0, 1))
        log_line(LOG_LEVEL_INFO, "another stage model is active", "model",
                 PQgetvalue(rows, 0, 1), NULL);
}

bool deriver_work(struct db *db, void *state)
{
    struct deriver *deriver = state;
    char size[12];
    snprintf(size, sizeof size, "%u", deriver->size);
    const struct db_value values[] = {{.data = size}};
    struct problem why = {0};
    PGresult *rows;
    if (!db_run(db, STATEMENT_WORK_ON_MODELS, values, &rows, &why)) {
        deriver->size = (deriver->size + 1) / 2;
        tell_failure(deriver, db, &why);
        return false;
    }
    bool has_more = PQgetvalue(rows, 0, 0)[0] == 't';
    deriver->size = deriver->size > PIECE_LIMIT / 2 ? PIECE_LIMIT : 2 * deriver->size;
    tell_success(deriver, rows);
    PQclear(rows);
    return has_more;
}
