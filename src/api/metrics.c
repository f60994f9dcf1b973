#include "api/answer.h"
#include "api/handlers.h"
#include "api/parameters.h"

#include <string.h>

enum { ZONE_LIMIT = 64, METRIC_NAME_LIMIT = 64 };

/* In the order of the parameters of STATEMENT_ANSWER_METRIC. */
enum metric_value {
    METRIC_NAME,
    METRIC_FROM,
    METRIC_TO,
    METRIC_INTERVAL,
    METRIC_ZONE,
    METRIC_CURRENCY,
    METRIC_VALUES
};

static const char NO_METRIC[] = "there is no metric of this name; /v1/metrics lists them";

static bool is_metric_name(const char *text)
{
    return is_made_of(text, "abcdefghijklmnopqrstuvwxyz0123456789_", METRIC_NAME_LIMIT);
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

static const struct parameter PARAMETERS[METRIC_VALUES] = {
    [METRIC_FROM] = {"?from", is_moment, "must be a date, or a time by RFC 3339"},
    [METRIC_TO] = {"?to", is_moment, "must be a date, or a time by RFC 3339"},
    [METRIC_INTERVAL] = {"?interval", is_interval, "must be day, week, month, quarter or year"},
    [METRIC_ZONE] = {"?timezone", is_zone, "must be the name of an IANA time zone"},
    [METRIC_CURRENCY] = {"?currency", is_currency, "must be a currency code of ISO 4217"},
};

bool admit_metric(struct request *request, struct problem *why)
{
    struct db_value *values = arena_alloc(request->arena, METRIC_VALUES * sizeof *values);
    const char *texts[METRIC_VALUES] = {request->variables[0]};
    if (values == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (!is_metric_name(texts[METRIC_NAME]))
        return fail(why, PROBLEM_NOT_FOUND, NO_METRIC);
    if (!parameters_read(request, PARAMETERS + METRIC_FROM, METRIC_VALUES - METRIC_FROM,
                         texts + METRIC_FROM, why))
        return false;
    if (!is_window(texts[METRIC_FROM], texts[METRIC_TO]))
        return fault_add(why, "?to", "must be later than from");
    for (size_t i = 0; i < METRIC_VALUES; i++)
        values[i].data = texts[i];
    request->input = values;
    return true;
}

bool list_metrics(struct request *request, struct problem *why)
{
    return answer_document(request, STATEMENT_LIST_METRICS, NULL, "there are no metrics", why);
}

bool show_metric(struct request *request, struct problem *why)
{
    return answer_document(request, STATEMENT_ANSWER_METRIC, request->input, NO_METRIC, why);
}
