/* RFC 3339 to the letter, by plain arithmetic: the C library's time functions know time zones
 * that must play no part here. */
#include "json/decode.h"

#include <string.h>

enum { FIRST_YEAR = 1900, LAST_YEAR = 2199, FRACTION_DIGITS = 9 };

/* Takes exactly `count` digits, a number from `low` to `high`. */
static bool take_number(const char **at, int count, int low, int high, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++) {
        char digit = (*at)[i];
        if (digit < '0' || digit > '9')
            return false;
        *number = *number * 10 + (digit - '0');
    }
    *at += count;
    return *number >= low && *number <= high;
}

/* Takes one character of `set`. */
static bool take_any(const char **at, const char *set)
{
    if (**at == '\0' || !strchr(set, **at))
        return false;
    (*at)++;
    return true;
}

static int days_of_month(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : DAYS[month - 1];
}

/* Days since 2000-01-01. Years are counted from March, which puts the leap day at their end;
 * 730425 is 2000-01-01 counted from 0000-03-01. */
static int64_t days_of(int year, int month, int day)
{
    int from_march = (month + 9) % 12;
    int64_t years = month < 3 ? year - 1 : year;
    return years * 365 + years / 4 - years / 100 + years / 400 + (153 * from_march + 2) / 5 +
           day - 1 - 730425;
}

static bool take_date(const char **at, int64_t *days)
{
    int year, month, day;
    if (!take_number(at, 4, FIRST_YEAR, LAST_YEAR, &year) || !take_any(at, "-") ||
        !take_number(at, 2, 1, 12, &month) || !take_any(at, "-") ||
        !take_number(at, 2, 1, days_of_month(year, month), &day))
        return false;
    *days = days_of(year, month, day);
    return true;
}

/* A point and one to nine digits, or nothing. What is finer than a microsecond is cut off. */
static bool take_fraction(const char **at, int64_t *microseconds)
{
    *microseconds = 0;
    if (!take_any(at, "."))
        return true;
    size_t digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > FRACTION_DIGITS)
        return false;
    for (size_t i = 0; i < 6; i++)
        *microseconds = *microseconds * 10 + (i < digits ? (*at)[i] - '0' : 0);
    *at += digits;
    return true;
}

static bool take_time(const char **at, int64_t *microseconds)
{
    int hour, minute, second;
    if (!take_number(at, 2, 0, 23, &hour) || !take_any(at, ":") ||
        !take_number(at, 2, 0, 59, &minute) || !take_any(at, ":") ||
        !take_number(at, 2, 0, 60, &second) || !take_fraction(at, microseconds))
        return false;
    *microseconds += INT64_C(1000000) * (hour * 3600 + minute * 60 + second);
    return true;
}

/* "Z" or "+01:00", in minutes. */
static bool take_offset(const char **at, int *minutes)
{
    int hour, minute, sign = **at == '-' ? -1 : 1;
    *minutes = 0;
    if (take_any(at, "Zz"))
        return true;
    if (!take_any(at, "+-") || !take_number(at, 2, 0, 23, &hour) || !take_any(at, ":") ||
        !take_number(at, 2, 0, 59, &minute))
        return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

bool timestamp_parse(const char *text, int64_t *microseconds)
{
    int64_t days, of_day;
    int offset;
    if (!take_date(&text, &days) || !take_any(&text, "Tt") || !take_time(&text, &of_day) ||
        !take_offset(&text, &offset) || *text != '\0')
        return false;
    *microseconds = INT64_C(1000000) * (days * 86400 - offset * 60) + of_day;
    return true;
}

bool is_date(const char *text)
{
    int64_t days;
    return take_date(&text, &days) && *text == '\0';
}
