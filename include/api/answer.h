/* What most handlers do: run one statement whose function gives JSON, and hand that on
 * unread. */
#ifndef CLMD_API_ANSWER_H
#define CLMD_API_ANSWER_H

#include "base/problem.h"
#include "db/db.h"
#include "http/request.h"

#include <stdbool.h>
#include <stddef.h>

/* One row of one JSON value, which may be a list. Where it is null, `missing` is the detail of
 * a 404. A second column is the ETag, where that is not of the value's own bytes. */
bool answer_document(struct request *request, enum statement statement,
                     const struct db_value *values, const char *missing,
                     struct problem *why) MUST_CHECK;

/* A list, {"data": […]}, that a statement's rows became: as it is, or as a table, where the
 * request asks for that, with the columns that the database knows for the statement. */
bool answer_list(struct request *request, enum statement statement, const char *json,
                 size_t length, struct problem *why) MUST_CHECK;

/* Runs a statement that changes something under the conditions of the request: its values are
 * the body, If-Match and If-None-Match. */
bool answer_change(struct request *request, enum statement statement,
                   struct problem *why) MUST_CHECK;

/* A row of a JSON value, and whether it tells of something new: 201, or 200. */
bool answer_made(struct request *request, enum statement statement,
                 const struct db_value *values, struct problem *why) MUST_CHECK;

/* ?format=json or csv instead of what Accept says: into request->answer_type. Whatever takes a
 * page's parameters takes it. */
bool admit_format(struct request *request, struct problem *why) MUST_CHECK;

/* The field Content-Type for the type that the request asks for. */
const char *answer_content_type(const struct request *request);

/* What admit makes of the parameters of a list. */
struct page_query {
    const char *const *filters; /* what the list is of, or narrowed to; each may be NULL */
    size_t filter_count;
    const char *limit;  /* a number from 1 to 1000, as text */
    const char *cursor; /* NULL for the first page */
};

enum { PAGE_FILTERS = 8 };

/* Reads limit and cursor into request->input, a struct page_query. */
bool admit_page_query(struct request *request, const char *of, struct problem *why) MUST_CHECK;

/* The same with up to PAGE_FILTERS filters, or none; they are copied. */
bool admit_page_filters(struct request *request, const char *const *filters, size_t count,
                        struct problem *why) MUST_CHECK;

/* Runs a statement of the filters, limit and cursor, which gives one row of a page (a JSON
 * object, or null for a 404), the cursor of the next one, which becomes a Link field, and
 * perhaps an ETag. */
bool answer_page(struct request *request, enum statement statement, const char *missing,
                 struct problem *why) MUST_CHECK;

#endif
