/* Random histories, and what the stages must be by a fold of the test's own: a plain loop over
 * the sorted events, that shares nothing with the SQL it checks. */
#ifndef CLMD_TESTS_HISTORY_H
#define CLMD_TESTS_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

enum { HISTORY_EVENTS = 600, HISTORY_CUSTOMERS = 12 };

struct past_event {
    int customer;
    int kind;   /* a row of the table in history.c */
    int minute; /* since the beginning; many are equal */
    int stage;  /* that it enters: of its type, or named by a stage.overridden */
    int order;  /* the order placed or cancelled */
    int amount; /* of an order or payment, in cents */
    int target; /* event.voided: the position of the event taken back; else −1 */
    char id[16];
    bool is_voided;
    char body[512]; /* as it is posted */
};

struct history {
    struct past_event events[HISTORY_EVENTS];
};

/* The same seed makes the same history. */
struct history *history_create(unsigned seed);

/* What GET /v1/customers/{ref}/visits must tell, a line a visit:
 * "stage cycle kind entered_at left_at|-". To be freed. */
char *history_visits(const struct history *history, int customer);

/* The number and the amount of orders placed and neither voided nor cancelled. */
void history_purchases(const struct history *history, long *count, long *amount);

/* Shuffles positions in place. */
void history_shuffle(unsigned *seed, size_t *positions, size_t count);

#endif
