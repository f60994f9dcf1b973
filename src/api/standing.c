#include "api/answer.h"
#include "api/handlers.h"
#include "api/parameters.h"

/* Where customers stand: the signals that something is wrong, and what they subscribed to. */

/* In the order of the parameters of STATEMENT_LIST_SIGNALS. */
enum signal_filter { FILTER_KIND, FILTER_CUSTOMER, FILTERS };

static const struct parameter SIGNAL_FILTERS[FILTERS] = {
    [FILTER_KIND] = {"?kind", is_name, "must be a kind of signal"},
    [FILTER_CUSTOMER] = {"?customer", is_name, "must be an identifier, 1 to 256 bytes"},
};

bool admit_signal_list(struct request *request, struct problem *why)
{
    const char *filters[FILTERS];
    return parameters_read(request, SIGNAL_FILTERS, FILTERS, filters, why) &&
           admit_page_filters(request, filters, FILTERS, why);
}

bool list_signals(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_SIGNALS, "there are no signals", why);
}

bool list_subscriptions(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_SUBSCRIPTIONS,
                       "no customer is known by this reference", why);
}
