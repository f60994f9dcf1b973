#include "command/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { WIDTH = 32, SECOND = 1000000 };

struct progress progress_start(const char *what, unsigned total)
{
    struct progress progress = {what, total, clock_monotonic(), isatty(STDERR_FILENO) == 1};
    progress_show(&progress, 0);
    return progress;
}

void progress_show(const struct progress *progress, unsigned done)
{
    static const char FULL[] = "################################";
    static const char EMPTY[] = "................................";
    unsigned width = WIDTH * done / progress->total;
    if (!progress->is_shown)
        return;
    fprintf(stderr, "\r%s [%.*s%.*s] %3u %%", progress->what, (int)width, FULL,
            (int)(WIDTH - width), EMPTY, 100 * done / progress->total);
    if (done > 0) {
        int64_t spent = clock_monotonic() - progress->started_at;
        int64_t left = spent * (progress->total - done) / done / SECOND;
        fprintf(stderr, "  %lld:%02lld left ", (long long)(left / 60), (long long)(left % 60));
    }
    fflush(stderr);
}

void progress_end(const struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
}
