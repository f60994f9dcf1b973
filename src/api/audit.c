/* The audit log, which the changes themselves write (migrations/functions/audit.sql). */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/parameters.h"

enum { OPERATION_LIMIT = 64 };

static bool is_operation(const char *text)
{
    return is_made_of(text, "abcdefghijklmnopqrstuvwxyz_.", OPERATION_LIMIT);
}

static bool is_key_text(const char *text)
{
    return is_made_of(text, "0123456789abcdef", KEY_ID_SIZE - 1);
}

bool admit_audit_list(struct request *request, struct problem *why)
{
    static const struct parameter FILTERS[] = {
        {"?key_id", is_key_text, "must be the id of a key", false},
        {"?operation", is_operation, "must be an operation, as key.revoked", false},
        {"?target", is_name, "must be the name or the id of what was changed", false},
        {"?from", is_moment, "must be a date or a time by RFC 3339", false},
        {"?to", is_moment, "must be a date or a time by RFC 3339", false},
    };
    const char *values[COUNT_OF(FILTERS)];
    bool is_valid = parameters_read(request, FILTERS, COUNT_OF(FILTERS), values, why);
    if (is_valid && !is_window(values[3], values[4]))
        fault_add(why, "?to", "must be after from");
    return admit_page_filters(request, values, COUNT_OF(values), why);
}

bool list_audit(struct request *request, struct problem *why)
{
    return answer_page(request, STATEMENT_LIST_AUDIT, "there is no audit log", why);
}
