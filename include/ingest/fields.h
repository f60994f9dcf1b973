/* The words that the table of the vocabulary is written in (src/ingest/vocabulary.c, which
 * alone includes this): a macro for each kind of field, and for a type's row.
 *
 * A field MUST or MAY be given. OBJECT_ID, AMOUNT and UNITS are the fields that the ledger has
 * columns for; all others are checked and stay in the event's body. */
#ifndef CLMD_INGEST_FIELDS_H
#define CLMD_INGEST_FIELDS_H

#include "ingest/event.h"
#include "ingest/vocabulary.h"

enum {
    MAY = false,
    MUST = true,
    TEXT_LIMIT = 1000, /* bytes */
    NOTE_LIMIT = 4000,
    LIST_LIMIT = 1000 /* items */
};

#define BILLION 1e9 /* what no score, quantity or number of minutes exceeds */

#define UNREAD .offset = JSON_NOT_STORED
#define INTO(member) .offset = offsetof(struct event_values, member)
#define ROW(need, name_, kind_, ...)                                                           \
    {                                                                                          \
        .name = name_, .kind = JSON_KIND_##kind_, .required = need, __VA_ARGS__                \
    }

#define TEXT(need, name) ROW(need, name, TEXT, UNREAD, .limit = TEXT_LIMIT)
#define NOTE(need, name) ROW(need, name, TEXT, UNREAD, .limit = NOTE_LIMIT)
#define NAME(need, name) ROW(need, name, TEXT, UNREAD, .limit = EVENT_NAME_LIMIT)
#define MONEY(need, name) ROW(need, name, MONEY, UNREAD)
#define COUNT(need, name) ROW(need, name, COUNT, UNREAD)
#define FLAG(need, name) ROW(need, name, BOOL, UNREAD)
#define DATE(need, name) ROW(need, name, DATE, UNREAD)
#define CURRENCY(need, name) ROW(need, name, CURRENCY, UNREAD)
#define NUMBER(need, name, from, to)                                                           \
    ROW(need, name, NUMBER, UNREAD, .minimum = from, .maximum = to)
#define CHOICE(need, name, ...) ROW(need, name, CHOICE, UNREAD, .choices = CHOICES(__VA_ARGS__))
#define TEXTS(need, name) ROW(need, name, LIST, UNREAD, .limit = LIST_LIMIT)
#define LIST(need, name, table) ROW(need, name, LIST, UNREAD, .limit = LIST_LIMIT, FORM(table))
#define OBJECT(need, name) ROW(need, name, OBJECT, UNREAD)
#define FORM(table) .fields = table

#define AMOUNT(need)                                                                           \
    ROW(need, "amount", MONEY, INTO(amount)), ROW(need, "currency", CURRENCY, INTO(currency))
#define UNITS(need) ROW(need, "units", COUNT, INTO(units))
#define OBJECT_ID(need, name) ROW(need, name, TEXT, INTO(object), .limit = EVENT_NAME_LIMIT)
#define SCORE(need) NUMBER(need, "score", -BILLION, BILLION)
#define MINUTES(need) NUMBER(need, "minutes", 0, BILLION)
#define COST(need) ROW(need, "cost", OBJECT, UNREAD, FORM(COST_FIELDS))

#define LAST_ROW                                                                               \
    {                                                                                          \
        .name = NULL                                                                           \
    }
#define CHOICES(...)                                                                           \
    (const char *const[])                                                                      \
    {                                                                                          \
        __VA_ARGS__, NULL                                                                      \
    }
#define FIELDS(...)                                                                            \
    (const struct json_field[])                                                                \
    {                                                                                          \
        __VA_ARGS__, LAST_ROW                                                                  \
    }

/* After the fields may follow what else is to be said of the type (.is_spend = true). */
#define TYPE(code_, entry_, stage_, name_, ...)                                                \
    {                                                                                          \
        .code = code_, .name = name_, .stage = STAGE_##stage_, .entry = ENTRY_##entry_,        \
        .fields = __VA_ARGS__                                                                  \
    }
#define SCHEDULED(code_, entry_, stage_, name_, ...)                                           \
    TYPE(code_, entry_, stage_, name_, __VA_ARGS__, .is_scheduled = true)
#define SUBJECTLESS(code_, entry_, stage_, name_, ...)                                         \
    TYPE(code_, entry_, stage_, name_, __VA_ARGS__, .needs_no_subject = true)

#endif
