#include "api/parameters.h"

#include "ingest/event.h"
#include "json/decode.h"

#include <string.h>

bool parameters_read(const struct request *request, const struct parameter *table, size_t count,
                     const char **values, struct problem *why)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = request_parameter(request, table[i].pointer + 1);
        if (values[i] == NULL ? table[i].is_required : !table[i].is_valid(values[i]))
            fault_add(why, table[i].pointer, "%s", table[i].expected);
    }
    return why->code == PROBLEM_NONE;
}

bool is_made_of(const char *text, const char *characters, size_t limit)
{
    size_t length = strspn(text, characters);
    return length > 0 && length <= limit && text[length] == '\0';
}

bool is_currency(const char *text)
{
    return currency_digits(text) >= 0;
}

bool is_moment(const char *text)
{
    int64_t microseconds;
    return is_date(text) || timestamp_parse(text, &microseconds);
}

bool is_name(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= EVENT_NAME_LIMIT;
}

bool is_window(const char *from, const char *to)
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
