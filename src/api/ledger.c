/* The ledger read from outside: events by filters, the feed of changes, and the totals to hold
 * against those of a sender. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/parameters.h"
#include "ingest/vocabulary.h"
#include "json/decode.h"

#include <stdio.h>
#include <string.h>

/* In the order of the parameters of STATEMENT_LIST_EVENTS, which knows stages by their numbers.
 */
enum event_filter {
    FILTER_CUSTOMER,
    FILTER_TYPE,
    FILTER_STAGE,
    FILTER_SOURCE,
    FILTER_FROM,
    FILTER_TO,
    FILTERS
};

static enum stage_position stage_of(const char *name)
{
    for (int i = STAGE_FIND; i < STAGE_POSITIONS; i++)
        if (strcmp(name, STAGE_NAMES[i]) == 0)
            return (enum stage_position)i;
    return STAGE_NONE;
}

static bool is_stage(const char *text)
{
    return stage_of(text) != STAGE_NONE;
}

static const struct parameter EVENT_FILTERS[FILTERS] = {
    [FILTER_CUSTOMER] = {"?customer", is_name, "must be a reference of 1 to 256 bytes"},
    [FILTER_TYPE] = {"?type", is_name, "must be the name of an event type"},
    [FILTER_STAGE] = {"?stage", is_stage,
                      "must be find, sell, deliver, bill, support or loyalty"},
    [FILTER_SOURCE] = {"?source", is_name, "must be a source of 1 to 256 bytes"},
    [FILTER_FROM] = {"?occurred_from", is_moment, "must be a date, or a time by RFC 3339"},
    [FILTER_TO] = {"?occurred_to", is_moment, "must be a date, or a time by RFC 3339"},
};

bool admit_event_list(struct request *request, struct problem *why)
{
    const char *filters[FILTERS];
    if (!parameters_read(request, EVENT_FILTERS, FILTERS, filters, why))
        return false;
    if (!is_window(filters[FILTER_FROM], filters[FILTER_TO]))
        return fault_add(why, "?occurred_to", "must be later than occurred_from");
    if (filters[FILTER_STAGE] != NULL)
        filters[FILTER_STAGE] =
            arena_print(request->arena, "%d", stage_of(filters[FILTER_STAGE]));
    return admit_page_filters(request, filters, FILTERS, why);
}

bool list_events(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_EVENTS, "there are no events", why);
}

bool admit_change_list(struct request *request, struct problem *why)
{
    return admit_page_filters(request, NULL, 0, why);
}

bool list_changes(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_CHANGES, "there are no events", why);
}

/* In the order of the parameters of STATEMENT_RECONCILE. */
enum reconciliation {
    RECONCILE_SOURCE,
    RECONCILE_FROM,
    RECONCILE_TO,
    RECONCILE_BY,
    RECONCILES
};

static bool is_day(const char *text)
{
    return strcmp(text, "day") == 0;
}

static const struct parameter RECONCILIATION[RECONCILES] = {
    [RECONCILE_SOURCE] = {"?source", is_name, "must be a source of 1 to 256 bytes"},
    [RECONCILE_FROM] = {"?from", is_date, "must be a date, and is required",
                        .is_required = true},
    [RECONCILE_TO] = {"?to", is_date, "must be a date, and is required", .is_required = true},
    [RECONCILE_BY] = {"?by", is_day, "must be day"},
};

bool admit_reconciliation(struct request *request, struct problem *why)
{
    struct db_value *values = arena_alloc(request->arena, RECONCILES * sizeof *values);
    const char *texts[RECONCILES];
    if (values == NULL)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (!parameters_read(request, RECONCILIATION, RECONCILES, texts, why))
        return false;
    if (!is_window(texts[RECONCILE_FROM], texts[RECONCILE_TO]))
        return fault_add(why, "?to", "must be later than from");
    for (size_t i = 0; i < RECONCILES; i++)
        values[i].data = texts[i];
    request->input = values;
    return admit_format(request, why);
}

bool show_reconciliation(struct request *request, struct problem *why)
{
    return answer_document(request, STATEMENT_RECONCILE, request->input, "there is nothing",
                           why);
}
