/* A line on a terminal that says how far an import is: events, their rate, and where the size
 * of the input is known, its share and the time left. */
#ifndef CLMD_COMMAND_METER_H
#define CLMD_COMMAND_METER_H

#include <stdint.h>
#include <stdio.h>

struct meter {
    FILE *out;      /* NULL: nothing is shown */
    uint64_t total; /* bytes of the input; 0: not known */
    int64_t began_at, shown_at;
};

/* total: bytes of the input, 0 if that is not known */
struct meter meter_create(FILE *out, uint64_t total);

/* Shows it, but not more than five times a second. */
void meter_show(struct meter *meter, uint64_t bytes, uint64_t lines);

/* Takes the line away. */
void meter_clear(const struct meter *meter);

#endif
