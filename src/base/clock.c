#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)
#define UNIX_TO_2000 (946684800 * SECOND)

static int64_t clock_read(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

int64_t clock_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

int64_t clock_utc(void)
{
    return clock_read(CLOCK_REALTIME) - UNIX_TO_2000;
}

void clock_pause(int milliseconds)
{
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

struct date {
    int year, month, day;
};

/* The Gregorian date that is `days` after 2000-03-01. Counting the years from March puts the
 * leap day at a year's end, so that months and years are plain divisions; 400 years have
 * 146097 days. For days from 0000-03-01 on. */
static struct date date_of(int64_t days)
{
    days += 5 * 146097;
    int era = (int)(days / 146097);
    int of_era = (int)(days % 146097);
    int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * year + year / 4 - year / 100);
    int month = (5 * of_year + 2) / 153; /* from March */
    return (struct date){
        .year = era * 400 + year + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - (153 * month + 2) / 5 + 1,
    };
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

void clock_print(int64_t microseconds, char text[CLOCK_TEXT_SIZE])
{
    microseconds = clamp(microseconds, -730119 * DAY, 2921940 * DAY - 1);
    int64_t days = microseconds / DAY;
    int64_t rest = microseconds % DAY;
    if (rest < 0) {
        rest += DAY;
        days--;
    }
    struct date date = date_of(days - 60);
    unsigned milliseconds = (unsigned)(rest / 1000);
    snprintf(text, CLOCK_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
             (unsigned)date.year % 10000, (unsigned)date.month % 100, (unsigned)date.day % 100,
             milliseconds / 3600000, milliseconds / 60000 % 60, milliseconds / 1000 % 60,
             milliseconds % 1000);
}
