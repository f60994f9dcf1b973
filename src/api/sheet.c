#include "api/sheet.h"

#include "http/stream.h"

#include <libpq-fe.h>
#include <string.h>

bool sheet_create(struct request *request, struct sheet **sheet, struct problem *why)
{
    *sheet = arena_alloc_raw(request->arena, sizeof **sheet);
    if (*sheet == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    (*sheet)->stream = request->stream;
    (*sheet)->packer = request->accepts_gzip ? packer_create(request->arena) : NULL;
    (*sheet)->is_csv = strcmp(request->answer_type, "text/csv") == 0;
    (*sheet)->is_broken = false;
    (*sheet)->length = 0;
    return !request->accepts_gzip || (*sheet)->packer != NULL ||
           fail(why, PROBLEM_INTERNAL, "out of memory");
}

/* Pieces ----------------------------------------------------------------------------------- */

static void send(struct sheet *sheet, const char *data, size_t length)
{
    if (!sheet->is_broken)
        sheet->is_broken = !stream_write(sheet->stream, data, length);
}

static void flush(struct sheet *sheet, bool is_last)
{
    size_t length = sheet->length;
    sheet->length = 0;
    if (sheet->packer == NULL) {
        send(sheet, sheet->piece, length);
        return;
    }
    packer_feed(sheet->packer, sheet->piece, length, is_last);
    while ((length = packer_read(sheet->packer, sheet->packed, sizeof sheet->packed)) > 0)
        send(sheet, sheet->packed, length);
}

static void put(struct sheet *sheet, const char *data, size_t length)
{
    while (length > 0) {
        size_t room = sizeof sheet->piece - sheet->length;
        size_t part = length < room ? length : room;
        memcpy(sheet->piece + sheet->length, data, part);
        sheet->length += part;
        data += part;
        length -= part;
        if (sheet->length == sizeof sheet->piece)
            flush(sheet, false);
    }
}

/* Lines ------------------------------------------------------------------------------------ */

/* A line's value has no line ends: within JSON, outside of its strings, they are space. */
static void put_json(struct sheet *sheet, const char *text, size_t length)
{
    while (length > 0) {
        size_t part = 0;
        while (part < length && text[part] != '\n' && text[part] != '\r')
            part++;
        put(sheet, text, part);
        if (part < length)
            put(sheet, " ", 1);
        part += part < length;
        text += part;
        length -= part;
    }
}

/* Whether a spreadsheet would take a text for a formula, or it looks like one that is guarded
 * against that. lifecycle.guarded does the same for lists. */
static bool is_formula(const char *text)
{
    static const char BEGINNINGS[] = "=+-@\t\r\n";
    char first = text[strspn(text, "'")];
    return first != '\0' && strchr(BEGINNINGS, first) != NULL;
}

static void put_cell(struct sheet *sheet, const char *text, bool is_text)
{
    const char *guard = is_text && is_formula(text) ? "'" : "";
    bool is_quoted = text[strcspn(text, ",\"\r\n")] != '\0' || *text == '\0';
    put(sheet, "\"", is_quoted);
    put(sheet, guard, strlen(guard));
    if (!is_quoted) {
        put(sheet, text, strlen(text));
        return;
    }
    while (*text != '\0') {
        size_t part = strcspn(text, "\"");
        put(sheet, text, part);
        text += part;
        if (*text == '"') {
            put(sheet, "\"\"", 2);
            text++;
        }
    }
    put(sheet, "\"", 1);
}

static void end_cell(struct sheet *sheet, int column, int columns)
{
    if (column + 1 < columns)
        put(sheet, ",", 1);
    else
        put(sheet, "\r\n", 2);
}

void sheet_head(struct sheet *sheet, const PGresult *rows)
{
    int columns = sheet->is_csv ? PQnfields(rows) : 0;
    for (int i = 0; i < columns; i++) {
        put_cell(sheet, PQfname(rows, i), true);
        end_cell(sheet, i, columns);
    }
}

/* PostgreSQL's types, as its catalogue numbers them for good. */
enum { BOOL_OID = 16, INT8_OID = 20, INT2_OID = 21, INT4_OID = 23, NUMERIC_OID = 1700 };

/* What is none of the numbers is guarded: their minus is a sign. */
static bool is_number(const PGresult *rows, int column)
{
    Oid type = PQftype(rows, column);
    return type == INT8_OID || type == INT2_OID || type == INT4_OID || type == NUMERIC_OID;
}

/* As in JSON, not as in PostgreSQL. */
static const char *cell_of(const PGresult *rows, int row, int column)
{
    const char *text = PQgetvalue(rows, row, column);
    if (PQftype(rows, column) != BOOL_OID)
        return text;
    return *text == 't' ? "true" : "false";
}

static void put_row(struct sheet *sheet, const PGresult *rows, int row)
{
    int columns = PQnfields(rows);
    for (int i = 0; i < columns; i++) {
        if (!PQgetisnull(rows, row, i))
            put_cell(sheet, cell_of(rows, row, i), !is_number(rows, i));
        end_cell(sheet, i, columns);
    }
}

void sheet_rows(struct sheet *sheet, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        if (sheet->is_csv) {
            put_row(sheet, rows, row);
        } else {
            put_json(sheet, PQgetvalue(rows, row, 0), (size_t)PQgetlength(rows, row, 0));
            put(sheet, "\n", 1);
        }
    }
}

void sheet_end(struct sheet *sheet)
{
    flush(sheet, true);
    if (!sheet->is_broken)
        stream_end(sheet->stream);
}
