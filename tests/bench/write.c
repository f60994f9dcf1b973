/* Writes events to standard output for the load generator and for imports.
 *
 *     bench_write RUN COUNT EVENTS_A_LINE CUSTOMERS LATE_PERCENT DAYS
 *
 * A line holds one event, or an array of as many as EVENTS_A_LINE says. They are spread over
 * the DAYS until now; with 0 they happen from now on, fifty thousand a second. */
#include "events.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_BYTES = 16 << 20 };
static const int64_t DAY_MICROSECONDS = INT64_C(86400000000);

static bool write_line(struct events *events, uint64_t count)
{
    struct arena *arena = arena_create(2 * LINE_BYTES);
    if (arena == NULL)
        return false;
    struct buffer line = buffer_create(arena, LINE_BYTES);
    buffer_text(&line, count > 1 ? "[" : "");
    for (uint64_t i = 0; i < count; i++) {
        buffer_text(&line, i > 0 ? "," : "");
        events_write(events, &line);
    }
    buffer_text(&line, count > 1 ? "]\n" : "\n");
    bool is_written = !line.failed && fwrite(line.data, 1, line.length, stdout) == line.length;
    arena_destroy(arena);
    return is_written;
}

int main(int count, char **arguments)
{
    if (count != 7) {
        fputs("usage: bench_write RUN COUNT EVENTS_A_LINE CUSTOMERS LATE_PERCENT "
              "DAYS\n",
              stderr);
        return 2;
    }
    uint64_t total = strtoull(arguments[2], NULL, 10);
    uint64_t a_line = strtoull(arguments[3], NULL, 10);
    int64_t days = strtoll(arguments[6], NULL, 10);
    struct events events = {
        .run = arguments[1],
        .customers = strtoull(arguments[4], NULL, 10),
        .late = (uint32_t)strtoul(arguments[5], NULL, 10),
        .begin = clock_utc() - days * DAY_MICROSECONDS,
        .step = days > 0 ? days * DAY_MICROSECONDS / (int64_t)(total + 1) : 20,
        .random = (uint64_t)clock_utc() | 1,
    };
    if (a_line == 0 || events.customers == 0)
        return 2;
    while (events.number < total)
        if (!write_line(&events, a_line))
            return 1;
    return fflush(stdout) == 0 ? 0 : 1;
}
