/* Times as the service uses them. */
#ifndef CLMD_BASE_CLOCK_H
#define CLMD_BASE_CLOCK_H

#include <stdint.h>

/* Microseconds on a clock that never goes back: for durations and deadlines. */
int64_t clock_monotonic(void);

/* Microseconds since 2000-01-01T00:00:00Z, as PostgreSQL counts a timestamptz. */
int64_t clock_utc(void);

#endif
