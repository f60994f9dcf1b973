#include "command/meter.h"

#include "base/clock.h"

#include <inttypes.h>

enum { SECOND = 1000000, INTERVAL = SECOND / 5 };

struct meter meter_create(FILE *out, uint64_t total)
{
    return (struct meter){.out = out, .total = total, .began_at = clock_monotonic()};
}

void meter_show(struct meter *meter, uint64_t bytes, uint64_t lines)
{
    int64_t now = clock_monotonic();
    double seconds = (double)(now - meter->began_at) / SECOND;
    if (meter->out == NULL || now - meter->shown_at < INTERVAL || seconds <= 0)
        return;
    meter->shown_at = now;
    fprintf(meter->out, "\r%" PRIu64 " lines  %.0f/s", lines, (double)lines / seconds);
    if (meter->total > 0 && bytes > 0 && bytes <= meter->total) {
        double share = (double)bytes / (double)meter->total;
        long left = (long)(seconds / share - seconds);
        fprintf(meter->out, "  %.0f %%  %ld:%02ld left", 100 * share, left / 60, left % 60);
    }
    fputs("\033[K", meter->out);
    fflush(meter->out);
}

void meter_clear(const struct meter *meter)
{
    if (meter->out == NULL)
        return;
    fputs("\r\033[K", meter->out);
    fflush(meter->out);
}
