#include "api/answer.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE_LIMIT = 1000,
    PAGE_LIMIT_DIGITS = 4,
    CURSOR_LIMIT = 1024, /* bytes */
    LINK_LIMIT = 8192
};

static const char PAGE_LIMIT_INITIAL[] = "100";
static const char LINK_END[] = ">; rel=\"next\"";

/* Runs a statement; its rows live as long as the request. */
static bool run(struct request *request, enum statement statement,
                const struct db_value *values, PGresult **rows, struct problem *why)
{
    if (!db_run(request->db, statement, values, rows, why))
        return false;
    if (!arena_defer(request->arena, release_rows, *rows))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (PQntuples(*rows) != 1)
        return fail(why, PROBLEM_INTERNAL, "the database answered otherwise than expected");
    return true;
}

static const char JSON_TYPE[] = "application/json", CSV_TYPE[] = "text/csv";

static bool is_csv(const struct request *request)
{
    return strcmp(request->answer_type, CSV_TYPE) == 0;
}

/* A column that is not there is no tag. It is that of the answer as JSON. */
static bool tag_answer(struct request *request, const PGresult *rows, int column,
                       struct problem *why)
{
    return is_csv(request) || PQnfields(rows) <= column || PQgetisnull(rows, 0, column) ||
           respond_field(request, "ETag", PQgetvalue(rows, 0, column)) ||
           fail(why, PROBLEM_INTERNAL, "the answer has too many fields");
}

/* Which form the answer has goes by the field Accept, where there is more than one. */
static bool respond_formed(struct request *request, const char *body, size_t length,
                           struct problem *why)
{
    if (request->route->answer_types != NULL && !respond_field(request, "Vary", "Accept"))
        return fail(why, PROBLEM_INTERNAL, "the answer has too many fields");
    return respond_text(request, 200, answer_content_type(request), body, length);
}

bool answer_list(struct request *request, enum statement statement, const char *json,
                 size_t length, struct problem *why)
{
    const struct db_value values[] = {{.data = statement_row(statement)->name}, {.data = json}};
    PGresult *table = NULL;
    if (!is_csv(request))
        return respond_formed(request, json, length, why);
    return run(request, STATEMENT_LIST_AS_CSV, values, &table, why) &&
           respond_formed(request, PQgetvalue(table, 0, 0), (size_t)PQgetlength(table, 0, 0),
                          why);
}

static bool respond_value(struct request *request, enum statement statement,
                          const PGresult *rows, const char *missing, struct problem *why)
{
    if (PQgetisnull(rows, 0, 0))
        return fail(why, PROBLEM_NOT_FOUND, "%s", missing);
    return answer_list(request, statement, PQgetvalue(rows, 0, 0),
                       (size_t)PQgetlength(rows, 0, 0), why);
}

bool answer_document(struct request *request, enum statement statement,
                     const struct db_value *values, const char *missing, struct problem *why)
{
    PGresult *rows = NULL;
    return run(request, statement, values, &rows, why) && tag_answer(request, rows, 1, why) &&
           respond_value(request, statement, rows, missing, why);
}

bool answer_change(struct request *request, enum statement statement, struct problem *why)
{
    const struct db_value values[] = {
        {.data = request->body}, {.data = request->if_match}, {.data = request->if_none_match}};
    return answer_document(request, statement, values, "there is nothing to change", why);
}

bool answer_made(struct request *request, enum statement statement,
                 const struct db_value *values, struct problem *why)
{
    PGresult *rows = NULL;
    if (!run(request, statement, values, &rows, why))
        return false;
    bool is_new = strcmp(PQgetvalue(rows, 0, 1), "t") == 0;
    return respond_json(request, is_new ? 201 : 200, PQgetvalue(rows, 0, 0),
                        (size_t)PQgetlength(rows, 0, 0));
}

bool admit_format(struct request *request, struct problem *why)
{
    const char *format = request_parameter(request, "format");
    if (format == NULL)
        return true;
    if (strcmp(format, "json") != 0 && strcmp(format, "csv") != 0)
        return fault_add(why, "?format", "must be json or csv");
    request->answer_type = *format == 'c' ? CSV_TYPE : JSON_TYPE;
    return true;
}

const char *answer_content_type(const struct request *request)
{
    return is_csv(request) ? "text/csv; charset=utf-8" : JSON_TYPE;
}

static bool is_page_limit(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (text[digits] != '\0' || digits == 0 || digits > PAGE_LIMIT_DIGITS)
        return false;
    long limit = strtol(text, NULL, 10);
    return limit >= 1 && limit <= PAGE_LIMIT;
}

bool admit_page_query(struct request *request, const char *of, struct problem *why)
{
    return admit_page_filters(request, &of, 1, why);
}

bool admit_page_filters(struct request *request, const char *const *filters, size_t count,
                        struct problem *why)
{
    struct page_query *query = arena_alloc(request->arena, sizeof *query);
    const char **copies = arena_alloc(request->arena, PAGE_FILTERS * sizeof *copies);
    assert(count <= PAGE_FILTERS);
    if (query == NULL || copies == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    for (size_t i = 0; i < count; i++)
        copies[i] = filters[i];
    query->filters = copies;
    query->filter_count = count;
    query->limit = request_parameter(request, "limit");
    query->cursor = request_parameter(request, "cursor");
    if (query->limit == NULL)
        query->limit = PAGE_LIMIT_INITIAL;
    else if (!is_page_limit(query->limit))
        fault_add(why, "?limit", "must be a number from 1 to %d", PAGE_LIMIT);
    if (query->cursor != NULL &&
        (query->cursor[0] == '\0' || strlen(query->cursor) > CURSOR_LIMIT))
        fault_add(why, "?cursor", "must be the next_cursor of an earlier page");
    request->input = query;
    return admit_format(request, why) && why->code == PROBLEM_NONE;
}

/* plain: what is not percent-encoded, beside letters and digits. */
static void write_encoded(struct buffer *out, const char *text, const char *plain)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool is_plain = byte < 0x80 && (isalnum(byte) || strchr(plain, byte) != NULL);
        buffer_print(out, is_plain ? "%c" : "%%%02X", byte);
    }
}

static void write_parameter(struct buffer *out, char before, const char *name,
                            const char *value)
{
    buffer_print(out, "%c%s=", before, name);
    write_encoded(out, value, "-._~");
}

/* The same question with another cursor. The path is encoded already, but for what would end
 * the link. */
static bool link_next(struct request *request, const char *cursor, struct problem *why)
{
    struct buffer link = buffer_create(request->arena, LINK_LIMIT);
    char before = '?';
    buffer_text(&link, "<");
    write_encoded(&link, request->path, "%/-._~!$&'()*+,;=:@");
    for (size_t i = 0; i < request->parameter_count; i++) {
        const struct query_parameter *parameter = &request->parameters[i];
        if (strcmp(parameter->name, "cursor") == 0)
            continue;
        write_parameter(&link, before, parameter->name, parameter->value);
        before = '&';
    }
    write_parameter(&link, before, "cursor", cursor);
    buffer_append(&link, LINK_END, sizeof LINK_END); /* with the NUL that ends the field */
    return (!link.failed && respond_field(request, "Link", link.data)) ||
           fail(why, PROBLEM_INTERNAL, "the link to the next page does not fit");
}

/* Behind a digest that is right a cursor that was made by hand may hold what its list cannot
 * read. */
static bool blame_cursor(const struct request *request, struct problem *why)
{
    const struct page_query *query = request->input;
    if (query->cursor != NULL && db_last_fault(request->db) == DB_FAULT_DATA) {
        *why = (struct problem){.code = PROBLEM_NONE};
        fault_add(why, "?cursor", "not a cursor of this list");
    }
    return false;
}

bool answer_page(struct request *request, enum statement statement, const char *missing,
                 struct problem *why)
{
    const struct page_query *query = request->input;
    struct db_value values[PAGE_FILTERS + 2] = {{.data = NULL}};
    size_t count = query->filter_count;
    for (size_t i = 0; i < count; i++)
        values[i].data = query->filters[i];
    values[count].data = query->limit;
    values[count + 1].data = query->cursor;
    PGresult *rows = NULL;
    if (!run(request, statement, values, &rows, why))
        return blame_cursor(request, why);
    if (!PQgetisnull(rows, 0, 1) && !link_next(request, PQgetvalue(rows, 0, 1), why))
        return false;
    return tag_answer(request, rows, 2, why) &&
           respond_value(request, statement, rows, missing, why);
}
