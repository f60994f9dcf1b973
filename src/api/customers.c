#include "api/answer.h"
#include "api/handlers.h"
#include "api/object.h"
#include "api/parameters.h"
#include "base/compiler.h"
#include "ingest/event.h"
#include "ingest/identity.h"
#include "ingest/vocabulary.h"

#include <string.h>

static const char NO_CUSTOMER[] = "no customer is known by this reference";

/* What no event could have named is not looked for. */
bool admit_customer(struct request *request, struct problem *why)
{
    return is_name(request->variables[0]) || fail(why, PROBLEM_NOT_FOUND, NO_CUSTOMER);
}

bool admit_customer_page(struct request *request, struct problem *why)
{
    return admit_customer(request, why) &&
           admit_page_query(request, request->variables[0], why);
}

/* In the order of the parameters of STATEMENT_LIST_CUSTOMERS. */
enum customer_filter {
    FILTER_STAGE,
    FILTER_NAME,
    FILTER_SEGMENT,
    FILTER_STATUS,
    FILTER_CHANNEL,
    FILTER_UPDATED,
    FILTERS
};

static bool is_status(const char *text)
{
    static const char *const STATUSES[] = {"prospect", "active",  "at_risk",
                                           "lapsed",   "churned", "ended"};
    for (size_t i = 0; i < COUNT_OF(STATUSES); i++)
        if (strcmp(text, STATUSES[i]) == 0)
            return true;
    return false;
}

static const struct parameter CUSTOMER_FILTERS[FILTERS] = {
    [FILTER_STAGE] = {"?stage", is_name, "must be the name of a stage"},
    [FILTER_NAME] = {"?q", is_name, "must be the beginning of an identifier, 1 to 256 bytes"},
    [FILTER_SEGMENT] = {"?segment", is_name, "must be the name of a segment"},
    [FILTER_STATUS] = {"?status", is_status,
                       "must be prospect, active, at_risk, lapsed, churned or ended"},
    [FILTER_CHANNEL] = {"?channel", is_name, "must be a channel, 1 to 256 bytes"},
    [FILTER_UPDATED] = {"?updated_after", is_moment, "must be a date, or a time by RFC 3339"},
};

bool admit_customer_list(struct request *request, struct problem *why)
{
    const char *filters[FILTERS];
    return parameters_read(request, CUSTOMER_FILTERS, FILTERS, filters, why) &&
           admit_page_filters(request, filters, FILTERS, why);
}

bool list_customers(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_CUSTOMERS, "there are no customers", why);
}

bool show_customer(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]}};
    return answer_document(request, STATEMENT_SHOW_CUSTOMER, values, NO_CUSTOMER, why);
}

static const struct json_field CUSTOMER[] = {
    {.name = "identifiers",
     .kind = JSON_KIND_LIST,
     .limit = IDENTITY_NAMES,
     .offset = JSON_NOT_STORED},
    {.name = "attributes", .kind = JSON_KIND_OBJECT, .offset = JSON_NOT_STORED},
    {.name = NULL}};

/* A merge patch would take away what is null; identifiers stay. */
static bool check_identifiers(const json_t *object, struct problem *why)
{
    return !json_is_null(json_object_get(object, "identifiers")) ||
           fault_add(why, "/identifiers", "cannot be taken away: an identifier stays");
}

bool admit_customer_change(struct request *request, struct problem *why)
{
    bool is_put = strcmp(request->method, "PUT") == 0;
    const char *reference = request->variables[0];
    if (!is_put && !admit_customer(request, why))
        return false;
    if (!is_name(reference))
        return fail(why, PROBLEM_UNPROCESSABLE, "a reference is 1 to %d bytes long",
                    EVENT_NAME_LIMIT);
    if (is_put && !name_check(reference, "", why))
        return fail(why, PROBLEM_UNPROCESSABLE,
                    "a reference has no control characters, and no space at either end");
    const json_t *object = object_read(request, CUSTOMER, NULL, why);
    bool is_right = object != NULL && identity_check(object, "", why);
    return is_right && check_identifiers(object, why) && why->code == PROBLEM_NONE;
}

bool change_customer(struct request *request, struct problem *why)
{
    char id[UUID_TEXT_SIZE], event_id[UUID_TEXT_SIZE];
    bool is_patch = strcmp(request->method, "PATCH") == 0;
    if (!event_name_own(id, event_id))
        return fail(why, PROBLEM_INTERNAL, "the system has no randomness to give");
    const struct db_value values[] = {
        {.data = request->variables[0]},
        {.data = is_patch ? "true" : "false"},
        {.data = request->body},
        {.data = request->if_match},
        {.data = request->if_none_match},
        {.data = event_id},
        {.data = id},
    };
    return answer_made(request, STATEMENT_CHANGE_CUSTOMER, values, why);
}

static bool is_peers(const char *text)
{
    static const char SEGMENT[] = "segment:";
    size_t length = strlen(SEGMENT);
    return strcmp(text, "all") == 0 || strcmp(text, "cohort") == 0 ||
           (strncmp(text, SEGMENT, length) == 0 && is_name(text + length));
}

bool admit_customer_metrics(struct request *request, struct problem *why)
{
    static const struct parameter PEERS = {
        .pointer = "?peers",
        .is_valid = is_peers,
        .expected = "must be all, cohort or segment: and the name of a segment"};
    const char *peers;
    if (!admit_customer(request, why) || !parameters_read(request, &PEERS, 1, &peers, why))
        return false;
    /* A segment may be of one other customer, whose values its mean would tell. */
    if (request->rights.customer != NULL && peers != NULL && strchr(peers, ':') != NULL)
        return fail(why, PROBLEM_FORBIDDEN,
                    "a token for one customer is compared with all, or with its cohort");
    return admit_format(request, why);
}

bool show_customer_metrics(struct request *request, struct problem *why)
{
    const char *peers = request_parameter(request, "peers");
    const struct db_value values[] = {{.data = request->variables[0]},
                                      {.data = peers != NULL ? peers : "all"}};
    return answer_document(request, STATEMENT_SHOW_CUSTOMER_METRICS, values, NO_CUSTOMER, why);
}

bool list_timeline(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_TIMELINE, NO_CUSTOMER, why);
}

bool list_visits(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_VISITS, NO_CUSTOMER, why);
}

bool list_transitions(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_TRANSITIONS, NO_CUSTOMER, why);
}

bool list_stages(struct request *request, struct problem *why)
{
    return answer_document(request, STATEMENT_LIST_STAGES, NULL, "there are no stages", why);
}
