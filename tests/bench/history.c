/* Writes the history of a business to standard output, as events for clmd import, in the order
 * in which they are recorded.
 *
 *     bench_history EVENTS SEED UNTIL
 *
 * About so many events (a twentieth more or fewer), ten a customer, over the three years before
 * the day UNTIL (2026-11-01), which is not in the future. Customers come at a growing pace, by
 * season and weekday, and each lives a life of their own (life.h). Equal arguments, equal
 * bytes. */
#include "life.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { DAYS = 1096, EVENTS_A_CUSTOMER = 10, LINE_BYTES = 4 << 20, SPEND_A_CUSTOMER = 900 };

/* What the months' advertising goes to, in hundredths of the whole, and how much of it keeps
 * customers. */
struct budget {
    const char *channel, *purpose;
    unsigned percent;
};
static const struct budget BUDGETS[] = {
    {"ad", "acquisition", 40},     {"web_campaign", "acquisition", 20},
    {"email", "acquisition", 8},   {"event", "acquisition", 12},
    {"partner", "acquisition", 5}, {"email", "retention", 15},
};

/* How many customers come by the end of a day, for a hundred on the first: they triple. */
static double pace(size_t day, int64_t begin)
{
    static const double OF_WEEKDAY[7] = {0.6,  0.5,  1.2, 1.2,
                                         1.15, 1.15, 1.2}; /* from Saturday */
    int64_t number = begin / DAY + (int64_t)day;
    double season = 1 + 0.25 * cos(2 * M_PI * (double)number / 365.25);
    return pow(3, (double)day / DAYS) * season * OF_WEEKDAY[number % 7];
}

static void tell_spend(struct schedule *schedule, int64_t day, double customers)
{
    for (size_t i = 0; i < sizeof BUDGETS / sizeof *BUDGETS; i++)
        (void)schedule_add(schedule, (struct planned){
                                         .kind = SPEND_RECORDED,
                                         .at = day + 20 * HOUR,
                                         .recorded = day + 20 * HOUR,
                                         .when = day - 29 * DAY,
                                         .amount = (int64_t)(customers * SPEND_A_CUSTOMER) *
                                                   (int64_t)BUDGETS[i].percent / 100,
                                         .currency = "EUR",
                                         .word = BUDGETS[i].purpose,
                                         .second = BUDGETS[i].channel,
                                     });
}

static bool write_day(struct schedule *schedule, size_t number)
{
    const struct day *day = schedule_day(schedule, number);
    bool is_written = true;
    for (size_t i = 0; is_written && i < day->count;) {
        struct arena *arena = arena_create(LINE_BYTES);
        if (arena == NULL)
            return false;
        struct buffer text = buffer_create(arena, LINE_BYTES / 2);
        for (size_t end = i + 1000; i < day->count && i < end; i++)
            planned_write(&day->events[i], &text);
        is_written = !text.failed && fwrite(text.data, 1, text.length, stdout) == text.length;
        arena_destroy(arena);
    }
    schedule_forget(schedule, number);
    return is_written;
}

static bool write_history(struct schedule *schedule, uint32_t customers, uint64_t seed)
{
    enum { MONTH = 30 };
    double whole = 0, passed = 0, at_month = 0;
    uint32_t known = 0;
    for (size_t day = 0; day < DAYS; day++)
        whole += pace(day, schedule->begin);
    for (size_t day = 0; day < DAYS; day++) {
        int64_t morning = schedule->begin + (int64_t)day * DAY;
        passed += pace(day, schedule->begin) / whole * customers;
        while (known < customers && known < passed) {
            known++;
            life_tell(schedule, seed, known, customers, morning);
        }
        if (day % MONTH == MONTH - 1) {
            tell_spend(schedule, morning, passed - at_month);
            at_month = passed;
        }
        if (schedule->is_full || !write_day(schedule, day))
            return false;
    }
    return fflush(stdout) == 0;
}

/* A day, as clock_utc() would tell its beginning. */
static bool read_day(const char *text, int64_t *day)
{
    enum { SECONDS_TO_2000 = 946684800 };
    struct tm parts = {.tm_mday = 0};
    const char *rest = strptime(text, "%Y-%m-%d", &parts);
    *day = (int64_t)(timegm(&parts) - SECONDS_TO_2000) * SECOND;
    return rest != NULL && *rest == '\0';
}

int main(int count, char **arguments)
{
    int64_t until;
    struct schedule schedule;
    if (count != 4 || !read_day(arguments[3], &until)) {
        fputs("usage: bench_history EVENTS SEED UNTIL\n", stderr);
        return 2;
    }
    uint32_t customers = (uint32_t)(strtoull(arguments[1], NULL, 10) / EVENTS_A_CUSTOMER);
    if (!schedule_create(&schedule, until - DAYS * DAY, until)) {
        fputs("bench_history: out of memory\n", stderr);
        return 1;
    }
    bool is_written = write_history(&schedule, customers, strtoull(arguments[2], NULL, 10));
    schedule_destroy(&schedule);
    if (!is_written)
        fputs("bench_history: the events could not be written\n", stderr);
    return is_written ? 0 : 1;
}
