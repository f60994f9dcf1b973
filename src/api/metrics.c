#include "api/answer.h"
#include "api/handlers.h"
#include "json/decode.h"

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

static bool is_made_of(const char *text, const char *characters, size_t limit)
{
    size_t length = strspn(text, characters);
    return length > 0 && length <= limit && text[length] == '\0';
}

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

static bool is_currency(const char *text)
{
    return currency_digits(text) >= 0;
}

static bool is_moment(const char *text)
{
    int64_t microseconds;
    return is_date(text) || timestamp_parse(text, &microseconds);
}

static const struct metric_parameter {
    const char *pointer; /* "?" and the name */
    bool (*is_valid)(const char *text);
    const char *expected;
} PARAMETERS[METRIC_VALUES] = {
    [METRIC_FROM] = {"?from", is_moment, "must be a date, or a time by RFC 3339"},
    [METRIC_TO] = {"?to", is_moment, "must be a date, or a time by RFC 3339"},
    [METRIC_INTERVAL] = {"?interval", is_interval, "must be day, week, month, quarter or year"},
    [METRIC_ZONE] = {"?timezone", is_zone, "must be the name of an IANA time zone"},
    [METRIC_CURRENCY] = {"?currency", is_currency, "must be a currency code of ISO 4217"},
};

/* Where one end is a date and the other a time, the database knows which comes first. */
static bool is_window(const char *from, const char *to)
{
    int64_t since, until;
    if (from == NULL || to == NULL)
        return true;
    if (is_date(from) && is_date(to))
        return strcmp(from, to) < 0;
    if (timestamp_parse(from, &since) && timestamp_parse(to, &until))
        return since < until;
    return true;
}

bool admit_metric(struct request *request, struct problem *why)
{
    struct db_value *values = arena_alloc(request->arena, METRIC_VALUES * sizeof *values);
    if (values == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (!is_metric_name(request->variables[0]))
        return fail(why, PROBLEM_NOT_FOUND, NO_METRIC);
    values[METRIC_NAME].data = request->variables[0];
    for (size_t i = METRIC_FROM; i < METRIC_VALUES; i++) {
        const struct metric_parameter *parameter = &PARAMETERS[i];
        const char *text = request_parameter(request, parameter->pointer + 1);
        if (text != NULL && !parameter->is_valid(text))
            fault_add(why, parameter->pointer, "%s", parameter->expected);
        values[i].data = text;
    }
    if (why->code == PROBLEM_NONE &&
        !is_window(values[METRIC_FROM].data, values[METRIC_TO].data))
        fault_add(why, "?to", "must be later than from");
    request->input = values;
    return why->code == PROBLEM_NONE;
}

bool list_metrics(struct request *request, struct problem *why)
{
    return answer_document(request, STATEMENT_LIST_METRICS, NULL, "there are no metrics", why);
}

bool show_metric(struct request *request, struct problem *why)
{
    return answer_document(request, STATEMENT_ANSWER_METRIC, request->input, NO_METRIC, why);
}
