/* Metrics: what may be asked is told by the catalogue, which is the database's; here it is only
 * seen to that each parameter looks like what it is. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/lasting.h"
#include "api/parameters.h"
#include "json/decode.h"

#include <string.h>

enum {
    ZONE_LIMIT = 64,
    METRIC_NAME_LIMIT = 64,
    WORD_LIMIT = 256,     /* bytes of a parameter that only the database knows to read */
    METRICS_AT_ONCE = 32, /* that one request may name */
    GROUP_LIMIT = 2048    /* bytes */
};

static const char NAME_CHARACTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
static const char NO_METRIC[] = "there is no metric of this name; /v1/metrics lists them";

static bool is_metric_name(const char *text)
{
    return is_made_of(text, NAME_CHARACTERS, METRIC_NAME_LIMIT);
}

/* Names with commas between them. */
static bool is_name_list(const char *text)
{
    size_t names = 1;
    for (;; names++) {
        size_t length = strspn(text, NAME_CHARACTERS);
        if (length == 0 || length > METRIC_NAME_LIMIT)
            return false;
        text += length;
        if (*text != ',')
            return *text == '\0' && names <= METRICS_AT_ONCE;
        text++;
    }
}

static bool is_zone(const char *text)
{
    return is_made_of(
        text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/", ZONE_LIMIT);
}

static bool is_interval(const char *text)
{
    static const char *const INTERVALS[] = {"day", "week", "month", "quarter", "year"};
    for (size_t i = 0; i < COUNT_OF(INTERVALS); i++)
        if (strcmp(text, INTERVALS[i]) == 0)
            return true;
    return false;
}

static bool is_word(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= WORD_LIMIT;
}

/* What metrics are asked by, beside their names. */
static const struct parameter ASKED[] = {
    {"?from", is_moment, "must be a date, or a time by RFC 3339", false},
    {"?to", is_moment, "must be a date, or a time by RFC 3339", false},
    {"?interval", is_interval, "must be day, week, month, quarter or year", false},
    {"?timezone", is_zone, "must be the name of an IANA time zone", false},
    {"?currency", is_currency, "must be a currency code of ISO 4217", false},
    {"?segment", is_word, "must be the name of a segment", false},
    {"?group_by", is_word, "must be one of the groupings of the metric", false},
    {"?compare_to", is_word, "must be previous", false},
    {"?lag_days", is_word, "must be a number of days", false},
    {"?steps", is_word, "must be names with commas between them", false},
    {"?window_days", is_word, "must be a number of days", false},
    {"?refund_basis", is_word, "must be refund or invoice", false},
};

/* What is asked, as a JSON object of texts; NULL with a problem if it cannot be. */
static const char *read_asked(struct request *request, struct problem *why)
{
    const char *values[COUNT_OF(ASKED)];
    struct buffer asked = buffer_create(request->arena, SIZE_MAX);
    if (!parameters_read(request, ASKED, COUNT_OF(ASKED), values, why))
        return NULL;
    if (!is_window(values[0], values[1])) {
        fault_add(why, "?to", "must be later than from");
        return NULL;
    }
    const char *before = "{";
    for (size_t i = 0; i < COUNT_OF(ASKED); i++) {
        if (values[i] == NULL)
            continue;
        buffer_text(&asked, before);
        buffer_json_text(&asked, ASKED[i].pointer + 1);
        buffer_text(&asked, ":");
        buffer_json_text(&asked, values[i]);
        before = ",";
    }
    buffer_text(&asked, *before == '{' ? "{" : "");
    buffer_append(&asked, "}", sizeof "}");
    if (asked.failed)
        fail(why, PROBLEM_INTERNAL, "out of memory");
    return asked.failed ? NULL : asked.data;
}

/* The values of the statement, which are the names and what is asked. */
static bool admit_question(struct request *request, const char *names, struct problem *why)
{
    struct db_value *values = arena_alloc(request->arena, 2 * sizeof *values);
    if (values == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    values[0].data = names;
    values[1].data = read_asked(request, why);
    request->input = values;
    return values[1].data != NULL && admit_format(request, why) && lasting_admit(request, why);
}

bool admit_metric(struct request *request, struct problem *why)
{
    const char *name = request->variables[0];
    if (!is_metric_name(name))
        return fail(why, PROBLEM_NOT_FOUND, NO_METRIC);
    return admit_question(request, name, why);
}

/* Without names it is the catalogue that is asked for. */
bool admit_metrics(struct request *request, struct problem *why)
{
    const char *names = request_parameter(request, "names");
    if (names != NULL && !is_name_list(names))
        return fault_add(why, "?names", "must be 1 to %d names of metrics, with commas between",
                         METRICS_AT_ONCE);
    if (names != NULL)
        return admit_question(request, names, why);
    if (request->parameter_count > (request_parameter(request, "format") != NULL))
        return fault_add(why, "?names", "must say which metrics are asked");
    return admit_format(request, why);
}

bool list_metrics(struct request *request, struct problem *why)
{
    bool is_csv = strcmp(request->answer_type, "text/csv") == 0;
    if (request->input == NULL)
        return answer_document(request, STATEMENT_LIST_METRICS, NULL, "there are no metrics",
                               why);
    return lasting_answer(request,
                          is_csv ? STATEMENT_ANSWER_METRICS_CSV : STATEMENT_ANSWER_METRICS,
                          request->input, why);
}

bool show_metric(struct request *request, struct problem *why)
{
    bool is_csv = strcmp(request->answer_type, "text/csv") == 0;
    return lasting_answer(request,
                          is_csv ? STATEMENT_ANSWER_METRIC_CSV : STATEMENT_ANSWER_METRIC,
                          request->input, why);
}

/* Members ---------------------------------------------------------------------------------- */

static bool is_group(const char *text)
{
    struct problem unused = {.code = PROBLEM_NONE};
    size_t length = strlen(text), used = 0;
    json_t *group = length <= GROUP_LIMIT ? json_parse(text, length, &used, &unused) : NULL;
    bool is_right = json_is_object(group) && used == length;
    json_decref(group);
    return is_right;
}

bool admit_members(struct request *request, struct problem *why)
{
    static const struct parameter ROW[] = {
        {"?period", is_word, "must be the period of a row, as the answer has it", false},
        {"?group", is_group, "must be the group of a row, as JSON", false},
    };
    const char *filters[2 + COUNT_OF(ROW)] = {request->variables[0]};
    if (!is_metric_name(filters[0]))
        return fail(why, PROBLEM_NOT_FOUND, NO_METRIC);
    filters[1] = read_asked(request, why);
    return filters[1] != NULL &&
           parameters_read(request, ROW, COUNT_OF(ROW), filters + 2, why) &&
           admit_page_filters(request, filters, COUNT_OF(filters), why);
}

bool list_members(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_MEMBERS, NO_METRIC, why);
}
