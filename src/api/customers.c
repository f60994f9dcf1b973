#include "api/answer.h"
#include "api/handlers.h"
#include "api/parameters.h"
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

/* In the order of the parameters of STATEMENT_SEARCH_CUSTOMERS; without a beginning of a name
 * it is STATEMENT_LIST_CUSTOMERS, which has the first one only. */
enum customer_filter { FILTER_STAGE, FILTER_NAME, FILTERS };

static bool is_stage(const char *text)
{
    for (int i = STAGE_FIND; i < STAGE_POSITIONS; i++)
        if (strcmp(text, STAGE_NAMES[i]) == 0)
            return true;
    return false;
}

static const struct parameter CUSTOMER_FILTERS[FILTERS] = {
    [FILTER_STAGE] = {"?stage", is_stage,
                      "must be find, sell, deliver, bill, support or loyalty"},
    [FILTER_NAME] = {"?q", is_name, "must be the beginning of an identifier, 1 to 256 bytes"},
};

bool admit_customer_list(struct request *request, struct problem *why)
{
    const char *filters[FILTERS];
    return parameters_read(request, CUSTOMER_FILTERS, FILTERS, filters, why) &&
           admit_page_filters(request, filters, filters[FILTER_NAME] != NULL ? FILTERS : 1,
                              why);
}

bool list_customers(struct request *request, struct problem *why)
{
    bool is_search = request_parameter(request, "q") != NULL;
    return answer_page(request,
                       is_search ? STATEMENT_SEARCH_CUSTOMERS : STATEMENT_LIST_CUSTOMERS,
                       "there are no customers", why);
}

bool show_customer(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]}};
    return answer_document(request, STATEMENT_SHOW_CUSTOMER, values, NO_CUSTOMER, why);
}

bool show_customer_metrics(struct request *request, struct problem *why)
{
    const struct db_value values[] = {{.data = request->variables[0]}};
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
