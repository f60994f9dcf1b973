/* Exports: data sets of any size, row by row from one snapshot of the database to the client. A
 * client that is slow holds up its own worker and connection, and nothing else. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/sheet.h"
#include "db/db.h"

#include <assert.h>
#include <string.h>

static const char NDJSON[] = "application/x-ndjson";

/* By the last segment of the path. */
static const struct dataset {
    const char *name;
    enum statement lines, table; /* as NDJSON, as CSV */
} DATASETS[] = {
    {"events", STATEMENT_EXPORT_EVENTS_LINES, STATEMENT_EXPORT_EVENTS},
    {"customers", STATEMENT_EXPORT_CUSTOMERS_LINES, STATEMENT_EXPORT_CUSTOMERS},
    {"visits", STATEMENT_EXPORT_VISITS_LINES, STATEMENT_EXPORT_VISITS},
    {"transitions", STATEMENT_EXPORT_TRANSITIONS_LINES, STATEMENT_EXPORT_TRANSITIONS},
    {"purchases", STATEMENT_EXPORT_PURCHASES_LINES, STATEMENT_EXPORT_PURCHASES},
};

static const struct dataset *dataset_of(const struct request *request)
{
    const char *name = strrchr(request->route->path, '/') + 1;
    size_t i = 0;
    while (i + 1 < COUNT_OF(DATASETS) && strcmp(DATASETS[i].name, name) != 0)
        i++;
    assert(strcmp(DATASETS[i].name, name) == 0);
    return &DATASETS[i];
}

bool admit_export(struct request *request, struct problem *why)
{
    const char *format = request_parameter(request, "format");
    if (format == NULL)
        return true;
    if (strcmp(format, "csv") == 0)
        request->answer_type = "text/csv";
    else if (strcmp(format, "ndjson") == 0)
        request->answer_type = NDJSON;
    else
        fault_add(why, "?format", "must be ndjson or csv");
    return why->code == PROBLEM_NONE;
}

static const char *content_type_of(const struct request *request)
{
    const char *type = request->answer_type;
    return strcmp(type, "text/csv") == 0 ? "text/csv; charset=utf-8" : type;
}

static bool add_fields(struct request *request, const struct sheet *sheet, struct problem *why)
{
    bool has_room =
        respond_field(request, "Cache-Control", "no-store") &&
        respond_field(request, "Vary", "Accept, Accept-Encoding") &&
        (sheet->packer == NULL || respond_field(request, "Content-Encoding", "gzip"));
    return has_room || fail(why, PROBLEM_INTERNAL, "too many header fields");
}

/* Up to the last row; false when the database fails before. */
static bool write_rows(struct db *db, struct sheet *sheet, PGresult *row, struct problem *why)
{
    bool goes_on = true;
    sheet_head(sheet, row);
    while (goes_on && PQntuples(row) > 0 && !sheet->is_broken) {
        sheet_rows(sheet, row);
        PQclear(row);
        goes_on = db_next_row(db, &row, why);
    }
    if (goes_on)
        PQclear(row);
    return goes_on;
}

/* The first row is waited for before the answer begins: what fails up to there is told as ever,
 * by a status. */
static bool answer_rows(struct request *request, enum statement statement,
                        const struct db_value *values, struct problem *why)
{
    struct db *db = request->db;
    struct sheet *sheet;
    PGresult *first = NULL;
    struct problem fault = {.code = PROBLEM_NONE};
    if (!sheet_create(request, &sheet, why) || !add_fields(request, sheet, why) ||
        !db_begin_rows(db, statement, values, why))
        return false;
    bool has_begun = db_next_row(db, &first, why);
    if (has_begun && !respond_stream(request, content_type_of(request)))
        PQclear(first);
    else if (has_begun && write_rows(db, sheet, first, &fault))
        sheet_end(sheet);
    else if (has_begun)
        request_break(request, &fault);
    db_end_rows(db);
    return has_begun;
}

bool export_dataset(struct request *request, struct problem *why)
{
    const struct dataset *dataset = dataset_of(request);
    bool is_lines = strcmp(request->answer_type, NDJSON) == 0;
    return answer_rows(request, is_lines ? dataset->lines : dataset->table, NULL, why);
}

bool export_rejects(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]},
                                      {.data = request_own_key(request)}};
    PGresult *rows = NULL;
    if (!db_run(request->db, STATEMENT_SHOW_IMPORT, values, &rows, why))
        return false;
    bool is_there = PQntuples(rows) == 1 && !PQgetisnull(rows, 0, 0);
    PQclear(rows);
    if (!is_there)
        return fail(why, PROBLEM_NOT_FOUND, "there is no import of this id");
    return answer_rows(request, STATEMENT_EXPORT_REJECTS, values, why);
}

/* The lines make one JSON object together. */
bool export_person(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]}};
    return answer_rows(request, STATEMENT_EXPORT_PERSON, values, why);
}
