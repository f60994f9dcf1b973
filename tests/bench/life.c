#include "life.h"

enum {
    LATE = 30, /* of a thousand */
    MERGED = 2,
    MERGED_WITHIN = 100,
    ENDED = 40,
    MORNING = 7,
    WAKING_HOURS = 14,
};

static const struct choice CURRENCIES[] = {{78, "EUR"}, {15, "USD"}, {7, "CHF"}, {0, NULL}};
static const struct choice ENDS[] = {
    {4, "moved"}, {3, "no_need"}, {2, "competitor"}, {1, "price"}, {0, NULL}};

/* Of each month, in a thousand of the busiest; the year is that of the clock's first day. */
static const unsigned SEASON[12] = {500, 530, 600, 650, 640, 600,
                                    520, 510, 650, 700, 900, 1000};

bool life_is_busy(struct life *life, int64_t at)
{
    int64_t day_of_year = at / DAY * 4 % 1461 / 4;
    return chance_in(&life->chance, SEASON[day_of_year * 12 / 366]);
}

int64_t life_later(struct life *life, int64_t at, int64_t mean)
{
    int64_t earliest = at + (int64_t)chance_wait(&life->chance, (double)mean);
    int64_t day = earliest / DAY;
    /* The clock began on a Saturday. */
    bool is_weekend = day % 7 < 2;
    day += is_weekend && chance_in(&life->chance, 500) ? 2 : 0;
    int64_t time = day * DAY + MORNING * HOUR +
                   (int64_t)chance_below(&life->chance, WAKING_HOURS * 3600) * SECOND;
    return time > earliest ? time : earliest;
}

uint64_t life_event(struct life *life, struct planned event)
{
    event.customer = life->customer;
    event.currency = life->currency;
    event.recorded = event.at;
    if (chance_in(&life->chance, LATE))
        event.recorded += (int64_t)chance_wait(&life->chance, 4.0 * (double)DAY);
    return schedule_add(life->schedule, event);
}

void life_void(struct life *life, enum planned_kind kind, uint64_t number, int64_t at)
{
    /* Long enough after it that it has arrived, even if it was late. */
    int64_t later = at + 40 * DAY;
    (void)schedule_add(life->schedule, (struct planned){.kind = EVENT_VOIDED,
                                                        .at = later,
                                                        .recorded = later,
                                                        .object = number,
                                                        .word = planned_source(kind)});
}

static void tell_end(struct life *life)
{
    if (chance_in(&life->chance, ENDED))
        (void)life_event(life, (struct planned){.kind = RELATIONSHIP_ENDED,
                                                .at = life_later(life, life->at, 40 * DAY),
                                                .word = chance_word(&life->chance, ENDS)});
    if (chance_in(&life->chance, MERGED) && life->customer > MERGED_WITHIN)
        (void)life_event(life, (struct planned){.kind = CUSTOMER_MERGED,
                                                .at = life_later(life, life->at, 30 * DAY),
                                                .count = life->customer - 1 -
                                                         (uint32_t)chance_below(
                                                             &life->chance, MERGED_WITHIN)});
}

void life_tell(struct schedule *schedule, uint64_t seed, uint32_t customer, uint32_t customers,
               int64_t day)
{
    enum { BUYERS = 225, SUBSCRIBERS = 95 };
    struct life life = {
        .schedule = schedule,
        .chance = chance_of(seed, customer),
        .customer = customer,
        .customers = customers,
    };
    life.at = life_later(&life, day, MINUTE);
    life.currency = chance_word(&life.chance, CURRENCIES);
    life_finding(&life);
    uint64_t fate = chance_below(&life.chance, 1000);
    if (fate < BUYERS)
        life_buying(&life);
    else if (fate < BUYERS + SUBSCRIBERS)
        life_subscribing(&life);
    tell_end(&life);
}
