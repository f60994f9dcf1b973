/* The life of one customer, told from the first touch to the end: what happens in it goes into
 * a schedule. Each customer's chance is their own, so that lives do not depend on each other.
 */
#ifndef CLMD_BENCH_LIFE_H
#define CLMD_BENCH_LIFE_H

#include "chance.h"
#include "schedule.h"

struct life {
    struct schedule *schedule;
    struct chance chance;
    uint32_t customer, customers; /* who it is; how many there will be */
    int64_t at;                   /* how far it is told */
    bool is_member;               /* of the loyalty program */
    const char *channel, *campaign, *currency;
};

/* The whole of it, from the day on which the customer is first heard of. */
void life_tell(struct schedule *schedule, uint64_t seed, uint32_t customer, uint32_t customers,
               int64_t day);

/* The parts of it, each of which begins at life->at and moves it on. */
void life_finding(struct life *life);
void life_selling(struct life *life);
void life_buying(struct life *life);
void life_subscribing(struct life *life);
void life_loyalty(struct life *life);

/* What follows from something that went well or not: a case for support, a survey, an offer. */
void life_case(struct life *life, int64_t at, const char *category);
void life_survey(struct life *life, int64_t at, const char *kind);
bool life_offer(struct life *life, int64_t at, const char *kind, int64_t amount);

void life_order(struct life *life, int64_t at);

/* An event of this customer's, at event.at: who, the currency, and when the service hears of it
 * are filled in; a few are late. Its number; 0 when the history ends before. */
uint64_t life_event(struct life *life, struct planned event);

/* Takes an event back, some days later. */
void life_void(struct life *life, enum planned_kind kind, uint64_t number, int64_t at);

/* So much later on average, at a time of day at which people are awake, less often at weekends;
 * never before `at`. */
int64_t life_later(struct life *life, int64_t at, int64_t mean);

/* True as often as the season of the year is busy. */
bool life_is_busy(struct life *life, int64_t at);

#endif
