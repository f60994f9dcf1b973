/* Times as the service uses them. */
#ifndef CLMD_BASE_CLOCK_H
#define CLMD_BASE_CLOCK_H

#include <stdint.h>

/* Microseconds on a clock that never goes back: for durations and deadlines. */
int64_t clock_monotonic(void);

/* Microseconds since 2000-01-01T00:00:00Z, as PostgreSQL counts a timestamptz. */
int64_t clock_utc(void);

/* The thread sleeps; a signal does not cut it short. */
void clock_pause(int milliseconds);

/* "2026-03-01T09:30:00.250Z", terminated: what clock_utc() gives, cut to milliseconds.
 * Times outside the years 1 to 9999 are printed as the nearest one inside. */
enum { CLOCK_TEXT_SIZE = 25 };
void clock_print(int64_t microseconds, char text[CLOCK_TEXT_SIZE]);

#endif
