/* Settings and exchange rates. What they may be is told by tables of the database, which checks
 * them and changes them under the caller's conditions, in one transaction. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/parameters.h"

bool show_settings(struct request *request, struct problem *why)
{
    return answer_document(request, STATEMENT_SHOW_SETTINGS, NULL, "there are no settings",
                           why);
}

bool change_settings(struct request *request, struct problem *why)
{
    return answer_change(request, STATEMENT_CHANGE_SETTINGS, why);
}

bool admit_rate_list(struct request *request, struct problem *why)
{
    const char *currency = request_parameter(request, "currency");
    if (currency != NULL && !is_currency(currency))
        fault_add(why, "?currency", "must be a currency code of ISO 4217");
    return admit_page_query(request, currency, why);
}

bool list_rates(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_RATES, "there are no rates", why);
}

bool change_rates(struct request *request, struct problem *why)
{
    return answer_change(request, STATEMENT_CHANGE_RATES, why);
}
