/* Support and loyalty: what customers ask, answer, are offered, and do for us. */
#include "life.h"

enum { AGAIN = 80, DOUBTED = 400, SURVEYED = 300, ANSWERED = 450, TAKEN = 250 };

static const struct choice PRIORITIES[] = {
    {7, "normal"}, {2, "high"}, {1, "urgent"}, {0, NULL}};
static const struct choice SENTIMENTS[] = {{2, "-0.8"}, {3, "-0.3"}, {2, "0"},
                                           {3, "0.4"},  {2, "0.9"},  {0, NULL}};
static const struct choice WAYS[] = {{6, "email"}, {3, "social"}, {1, "talk"}, {0, NULL}};
static const struct choice TIERS[] = {{7, "silver"}, {3, "gold"}, {0, NULL}};

/* Of surveys: the scale, and the least and most that is usual on it. */
struct scale {
    const char *kind, *most;
    uint32_t from, to;
};
static const struct scale SCALES[] = {
    {"csat", "5", 1, 5},
    {"nps", "10", 3, 10},
    {"ces", "7", 1, 7},
};

static const struct scale *find_scale(const char *kind)
{
    const struct scale *scale = SCALES;
    while (scale->kind[0] != kind[0] || scale->kind[1] != kind[1])
        scale++;
    return scale;
}

void life_survey(struct life *life, int64_t at, const char *kind)
{
    const struct scale *scale = find_scale(kind);
    struct planned survey = {
        .kind = SURVEY_SENT, .at = at, .word = kind, .second = scale->most};
    survey.object = life_event(life, survey);
    if (survey.object == 0 || !chance_in(&life->chance, ANSWERED))
        return;
    survey.kind = SURVEY_ANSWERED;
    survey.at = life_later(life, at, 2 * DAY);
    /* The better of two draws: most are content. */
    uint32_t one = (uint32_t)chance_below(&life->chance, scale->to - scale->from + 1);
    uint32_t other = (uint32_t)chance_below(&life->chance, scale->to - scale->from + 1);
    survey.count = scale->from + (one > other ? one : other);
    (void)life_event(life, survey);
}

static void tell_work(struct life *life, struct planned *contact)
{
    contact->kind = CASE_ANSWERED;
    contact->at += (int64_t)chance_around(&life->chance, 3.0 * (double)HOUR, 1.0);
    (void)life_event(life, *contact);
    if (chance_in(&life->chance, DOUBTED)) {
        contact->kind = CASE_DOUBTED;
        contact->at = life_later(life, contact->at, DAY);
        contact->word = chance_word(&life->chance, SENTIMENTS);
        (void)life_event(life, *contact);
    }
    contact->kind = CASE_CLOSED;
    contact->at += (int64_t)chance_around(&life->chance, 12.0 * (double)HOUR, 0.9);
    contact->count = 2 + (uint32_t)chance_below(&life->chance, 40);
    contact->amount = 80 * (int64_t)contact->count;
    (void)life_event(life, *contact);
}

void life_case(struct life *life, int64_t at, const char *category)
{
    struct planned contact = {.kind = CASE_OPENED,
                              .at = at,
                              .word = category,
                              .second = chance_word(&life->chance, PRIORITIES)};
    contact.object = life_event(life, contact);
    if (contact.object == 0)
        return;
    tell_work(life, &contact);
    if (chance_in(&life->chance, AGAIN)) {
        contact.kind = CASE_REOPENED;
        contact.at = life_later(life, contact.at, 3 * DAY);
        (void)life_event(life, contact);
        tell_work(life, &contact);
    }
    if (chance_in(&life->chance, SURVEYED))
        life_survey(life, contact.at + HOUR, chance_in(&life->chance, 300) ? "ces" : "csat");
}

bool life_offer(struct life *life, int64_t at, const char *kind, int64_t amount)
{
    struct planned offer = {.kind = OFFER_MADE, .at = at, .word = kind, .amount = amount};
    offer.object = life_event(life, offer);
    if (offer.object == 0 || !chance_in(&life->chance, 600))
        return false; /* no answer */
    offer.at += DAY;
    bool is_taken = chance_in(&life->chance, TAKEN);
    offer.kind = is_taken ? OFFER_ACCEPTED : OFFER_DECLINED;
    (void)life_event(life, offer);
    if (is_taken && kind[0] == 'w') {
        offer.kind = WINBACK_SUCCEEDED;
        offer.at += DAY;
        (void)life_event(life, offer);
    }
    return is_taken;
}

void life_loyalty(struct life *life)
{
    struct planned step = {.at = life_later(life, life->at, 5 * DAY)};
    if (!life->is_member && chance_in(&life->chance, 600)) {
        step.kind = PROGRAM_JOINED;
        step.word = chance_word(&life->chance, TIERS);
        (void)life_event(life, step);
        life->is_member = true;
    }
    if (chance_in(&life->chance, 250)) {
        step.kind = REFERRAL_MADE;
        step.word = chance_word(&life->chance, WAYS);
        step.object = life_event(life, step);
        step.kind = REFERRAL_CONVERTED;
        step.at = life_later(life, step.at, 20 * DAY);
        step.count = 1 + (uint32_t)chance_below(&life->chance, life->customers);
        if (step.object > 0 && chance_in(&life->chance, 400))
            (void)life_event(life, step);
    }
    if (chance_in(&life->chance, 120))
        (void)life_event(
            life, (struct planned){.kind = ADVOCACY_RECORDED,
                                   .at = step.at,
                                   .count = 1 + (uint32_t)chance_below(&life->chance, 5)});
    if (chance_in(&life->chance, 300))
        life_survey(life, step.at, "nps");
}
