/* The catalogue of statements: all SQL that the program sends while it serves. Each is a
 * one-liner over a function of the database; the logic is there. */
#ifndef CLMD_DB_STATEMENT_H
#define CLMD_DB_STATEMENT_H

enum statement {
    STATEMENT_RECORD_EVENTS,
    STATEMENT_SHOW_EVENT,
    STATEMENT_FIND_TO_VOID,
    STATEMENT_LIST_STAGES,
    STATEMENT_LIST_CUSTOMERS,
    STATEMENT_SHOW_CUSTOMER,
    STATEMENT_LIST_TIMELINE,
    STATEMENT_LIST_VISITS,
    STATEMENT_LIST_TRANSITIONS,
    STATEMENT_SHOW_CUSTOMER_METRICS,
    STATEMENT_LIST_METRICS,
    STATEMENT_ANSWER_METRIC,
    STATEMENT_LOAD_KEYS,
    STATEMENT_CREATE_KEY,
    STATEMENT_LIST_KEYS,
    STATEMENT_REVOKE_KEY,
    STATEMENT_CAN_WRITE,
    STATEMENT_RECALL_ANSWER,
    STATEMENT_KEEP_ANSWER,
    STATEMENT_SHOW_SETTINGS,
    STATEMENT_CHANGE_SETTINGS,
    STATEMENT_CHANGE_TIMEZONE,
    STATEMENT_LIST_RATES,
    STATEMENT_CHANGE_RATES,
    STATEMENT_SEARCH_CUSTOMERS,
    STATEMENT_LIST_EVENTS,
    STATEMENT_LIST_CHANGES,
    STATEMENT_RECONCILE,
    STATEMENTS
};

struct statement_row {
    const char *name; /* of the prepared statement */
    const char *sql;
    int parameters;
};

const struct statement_row *statement_row(enum statement statement);

#endif
