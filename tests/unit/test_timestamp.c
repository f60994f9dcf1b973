/* Times, dates, and the clock's own text. The numbers are Python's:
 * (datetime.fromisoformat(…) − datetime(2000, 1, 1, tzinfo=UTC)) in microseconds. */
#include "base/clock.h"
#include "json/decode.h"

#include "tap.h"

#include <inttypes.h>

static const struct {
    const char *text;
    int64_t microseconds;
} TIMES[] = {
    {"2000-01-01T00:00:00Z", 0},
    {"2000-01-01t00:00:00z", 0},
    {"1999-12-31T23:59:59.999999Z", -1},
    {"2026-03-01T09:30:00.25+01:00", INT64_C(825669000250000)},
    {"2026-03-01T08:30:00.250000-00:00", INT64_C(825669000250000)},
    {"2026-03-01T08:30:00.2500009Z", INT64_C(825669000250000)},
    {"2026-03-01T08:30:00.250000999Z", INT64_C(825669000250000)},
    {"2024-02-29T23:59:60Z", INT64_C(762566400000000)},
    {"1900-01-01T00:00:00Z", INT64_C(-3155673600000000)},
    {"2199-12-31T23:59:59.999999Z", INT64_C(6311433599999999)},
    {"2000-02-29T00:00:00+23:59", INT64_C(5011260000000)},
    {"2100-03-01T00:00:00-12:00", INT64_C(3160900800000000)},
};

START_TEST(times_are_read)
{
    int64_t microseconds = 1;
    ck_assert_msg(timestamp_parse(TIMES[_i].text, &microseconds), "%s", TIMES[_i].text);
    ck_assert_msg(microseconds == TIMES[_i].microseconds, "%s: %" PRId64, TIMES[_i].text,
                  microseconds);
}
END_TEST

static const char *const NO_TIMES[] = {
    "",
    "2026",
    "2026-03-01",
    "2026-03-01T09:30:00",
    "2026-03-01 09:30:00Z",
    "2026-03-01T09:30Z",
    "2026-03-01T09:30:00.Z",
    "2026-03-01T09:30:00.1234567890Z",
    "2026-03-01T09:30:00,5Z",
    "2026-03-01T09:30:00Z ",
    " 2026-03-01T09:30:00Z",
    "2026-03-01T09:30:00ZZ",
    "2026-03-01T09:30:00+0100",
    "2026-03-01T09:30:00+01",
    "2026-03-01T09:30:00+1:00",
    "2026-03-01T09:30:00+24:00",
    "2026-03-01T09:30:00+01:60",
    "2026-03-01T24:00:00Z",
    "2026-03-01T23:60:00Z",
    "2026-03-01T23:59:61Z",
    "2026-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "1899-12-31T23:59:59Z",
    "2200-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "12026-03-01T09:30:00Z",
    "+2026-03-01T09:30:00Z",
    "2026-3-1T09:30:00Z",
    "2026-W10-1T09:30:00Z",
};

START_TEST(what_is_no_time_is_refused)
{
    int64_t microseconds;
    ck_assert_msg(!timestamp_parse(NO_TIMES[_i], &microseconds), "%s", NO_TIMES[_i]);
}
END_TEST

/* Day by day, against a calendar that only counts. */
START_TEST(every_day_of_three_centuries_follows_the_last)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t expected = INT64_C(-3155673600000000), microseconds;
    for (int year = 1900; year < 2200; year++) {
        bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            int days = DAYS[month - 1] + (month == 2 && is_leap);
            for (int day = 1; day <= days; day++) {
                char text[64], printed[CLOCK_TEXT_SIZE];
                snprintf(text, sizeof text, "%04d-%02d-%02dT12:34:56.789Z", year, month, day);
                ck_assert(timestamp_parse(text, &microseconds));
                ck_assert_int_eq(microseconds - INT64_C(45296789000), expected);
                clock_print(microseconds, printed);
                ck_assert_str_eq(printed, text);
                expected += INT64_C(86400000000);
            }
        }
    }
}
END_TEST

START_TEST(the_clock_prints_within_four_digit_years)
{
    char text[CLOCK_TEXT_SIZE];
    clock_print(-1, text);
    ck_assert_str_eq(text, "1999-12-31T23:59:59.999Z");
    clock_print(INT64_MIN, text);
    ck_assert_str_eq(text, "0001-01-01T00:00:00.000Z");
    clock_print(INT64_MAX, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(the_clocks_advance)
{
    int64_t before = clock_monotonic();
    ck_assert_int_ge(clock_monotonic(), before);
    ck_assert_int_gt(clock_utc(), INT64_C(820000000000000));
}
END_TEST

START_TEST(dates_are_days_of_the_calendar)
{
    ck_assert(is_date("2026-03-01"));
    ck_assert(is_date("2024-02-29"));
    ck_assert(!is_date("2023-02-29"));
    ck_assert(!is_date("2026-03-01T00:00:00Z"));
    ck_assert(!is_date("2026-03-1"));
    ck_assert(!is_date("1899-12-31"));
    ck_assert(!is_date("2200-01-01"));
    ck_assert(!is_date(""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timestamp");
    TCase *tests = tcase_create("timestamp");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, times_are_read, 0, COUNT_OF(TIMES));
    tcase_add_loop_test(tests, what_is_no_time_is_refused, 0, COUNT_OF(NO_TIMES));
    tcase_add_test(tests, every_day_of_three_centuries_follows_the_last);
    tcase_add_test(tests, the_clock_prints_within_four_digit_years);
    tcase_add_test(tests, the_clocks_advance);
    tcase_add_test(tests, dates_are_days_of_the_calendar);
    return tap_run(suite);
}
