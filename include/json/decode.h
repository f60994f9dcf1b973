/* JSON objects by tables of fields. A table says for each field its name, kind, choices and
 * whether it is required; json_decode checks an object against it, gathers a fault with a JSON
 * Pointer for each thing wrong, and stores what the table gives a place for in a struct. Fields
 * that no row names are left alone. */
#ifndef CLMD_JSON_DECODE_H
#define CLMD_JSON_DECODE_H

#include "base/arena.h"
#include "base/problem.h"
#include "base/utf8.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
    JSON_KIND_TEXT,      /* non-empty string of at most `limit` bytes; stored as const char * */
    JSON_KIND_MONEY,     /* integer, |value| ≤ 2^53 − 1, minor units; stored as int64_t */
    JSON_KIND_CURRENCY,  /* ISO 4217 code, upper case; stored as const char * */
    JSON_KIND_COUNT,     /* integer from 0 to 2^53 − 1; stored as int64_t */
    JSON_KIND_NUMBER,    /* integer or real from `minimum` to `maximum`; checked, not stored */
    JSON_KIND_BOOL,      /* checked, not stored */
    JSON_KIND_TIMESTAMP, /* RFC 3339 with an offset; stored as int64_t, see timestamp_parse */
    JSON_KIND_DATE,      /* "YYYY-MM-DD", or an RFC 3339 timestamp; checked, not stored */
    JSON_KIND_CHOICE,    /* one of `choices`; stored as int16_t, the position from 0 */
    JSON_KIND_LIST,      /* array; each item against `fields` (objects) or a text; not stored */
    JSON_KIND_OBJECT     /* object, against `fields` where given; not stored */
};

enum { JSON_NOT_STORED = -1 };

struct json_field {
    const char *name;
    enum json_kind kind;
    bool required;
    size_t limit;                    /* bytes of a text, items of a list; 0: any number */
    double minimum, maximum;         /* of a number; both 0: any */
    const char *const *choices;      /* ends with NULL */
    const struct json_field *fields; /* of an object or a list's items; ends with a NULL name */
    ptrdiff_t offset;                /* into `target`, or JSON_NOT_STORED */
};

/* Checks `object` against `fields` (up to a row without a name) and stores into `target`, where
 * texts point into `object` and live no longer. `pointer` is where the object stands
 * ("/data"). False when a fault was added; a null member counts as absent. */
bool json_decode(const json_t *object, const struct json_field *fields, void *target,
                 const char *pointer, struct problem *why) MUST_CHECK;

enum { JSON_POINTER_SIZE = sizeof(((struct fault *)0)->pointer) };

/* Makes the pointer to a member of what `parent` points to, as RFC 6901 escapes it. What does
 * not fit is cut. */
void json_point_to(char pointer[JSON_POINTER_SIZE], const char *parent, const char *name);

/* Adds a fault for each member of `object` that no row of `fields` names. */
bool json_refuse_others(json_t *object, const struct json_field *fields, const char *pointer,
                        struct problem *why) MUST_CHECK;

/* Whether an object has a member of this name that is not null. */
bool json_is_given(const json_t *object, const char *name);

/* How deep arrays and objects may lie in each other, and how long a number may be written. */
enum { JSON_DEPTH_LIMIT = 64, JSON_NUMBER_LIMIT = 64 };

/* Parses one value from the front of `text`, duplicate keys refused. `used` tells how many
 * bytes it took. NULL with PROBLEM_MALFORMED otherwise (PROBLEM_INTERNAL when out of memory);
 * the caller releases by json_decref. */
json_t *json_parse(const char *text, size_t length, size_t *used,
                   struct problem *why) MUST_CHECK;

/* How many bytes that value takes, by its brackets and quotes alone: as many as json_parse
 * would use, if it took it. 0 for a value that it would not look at. */
size_t json_extent(const char *text, size_t length) MUST_CHECK;

/* "2026-03-01T09:30:00.25+01:00" → microseconds since 2000-01-01 UTC. Years 1900 to 2199; an
 * offset or Z is required; a leap second (:60) becomes the next second. */
bool timestamp_parse(const char *text, int64_t *microseconds) MUST_CHECK;

/* "2026-03-01": a date of the calendar, years 1900 to 2199. */
bool is_date(const char *text);

/* The digits of a currency's minor unit; −1 for what is not an active ISO 4217 code. */
int currency_digits(const char *code);

/* Every row of the table, for the database's copy; NULL past the end. */
const char *currency_at(size_t position, int *digits);

#endif
