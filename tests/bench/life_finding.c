/* How customers are found and sold to. */
#include "life.h"

static const struct choice CHANNELS[] = {{30, "web_form"},     {25, "ad"},     {15, "email"},
                                         {12, "web_campaign"}, {8, "partner"}, {6, "event"},
                                         {4, "word_of_mouth"}, {0, NULL}};
static const struct choice CAMPAIGNS[] = {{30, "always-on"}, {20, "spring"}, {20, "autumn"},
                                          {15, "launch"},    {15, "fair"},   {0, NULL}};
static const struct choice COUNTRIES[] = {{50, "DE"}, {15, "AT"}, {15, "CH"},
                                          {12, "FR"}, {8, "US"},  {0, NULL}};
static const struct choice SIZES[] = {{70, "small"}, {22, "medium"}, {8, "large"}, {0, NULL}};
static const struct choice LEVELS[] = {{6, "mql"}, {4, "sql"}, {0, NULL}};
static const struct choice NEEDS[] = {{5, "price"}, {3, "speed"}, {2, "service"}, {0, NULL}};
static const struct choice REFUSALS[] = {{5, "no_budget"}, {3, "no_answer"}, {0, NULL}};
static const struct choice RESPONSES[] = {{60, "opened"},  {25, "clicked"}, {8, "replied"},
                                          {4, "accepted"}, {3, "declined"}, {0, NULL}};
static const struct choice LOSSES[] = {
    {5, "price"}, {3, "competitor"}, {2, "timing"}, {0, NULL}};
static const struct choice ORIGINS[] = {
    {8, "new"}, {1, "upsell"}, {1, "cross_sell"}, {0, NULL}};
static const struct choice COSTS[] = {{5, "time"}, {3, "commission"}, {2, "travel"}, {0, NULL}};

static void tell_touches(struct life *life)
{
    do {
        (void)life_event(life, (struct planned){.kind = TOUCH_RECORDED,
                                                .at = life->at,
                                                .word = life->channel,
                                                .second = life->campaign,
                                                .count = life->customer % 50});
        life->at = life_later(life, life->at, 3 * DAY);
    } while (chance_in(&life->chance, 300));
}

static void tell_identity(struct life *life)
{
    (void)life_event(life,
                     (struct planned){.kind = CUSTOMER_IDENTIFIED,
                                      .at = life->at,
                                      .word = chance_word(&life->chance, COUNTRIES),
                                      .second = chance_word(&life->chance, SIZES),
                                      .count = 1 + (uint32_t)chance_below(&life->chance, 200)});
}

static void tell_lead(struct life *life)
{
    uint32_t score = (uint32_t)chance_below(&life->chance, 100);
    struct planned lead = {.at = life->at, .count = score};
    lead.kind = LEAD_CREATED;
    lead.word = life->channel;
    lead.second = life->campaign;
    (void)life_event(life, lead);
    lead.at = life->at = life_later(life, life->at, 2 * DAY);
    if (chance_in(&life->chance, 150)) {
        lead.kind = LEAD_PROFILED;
        lead.word = chance_word(&life->chance, NEEDS);
        (void)life_event(life, lead);
    }
    if (chance_in(&life->chance, 450)) {
        lead.kind = LEAD_QUALIFIED;
        lead.word = chance_word(&life->chance, LEVELS);
        (void)life_event(life, lead);
    } else if (chance_in(&life->chance, 200)) {
        lead.kind = LEAD_DISQUALIFIED;
        lead.word = chance_word(&life->chance, REFUSALS);
        (void)life_event(life, lead);
    }
}

void life_finding(struct life *life)
{
    life->channel = chance_word(&life->chance, CHANNELS);
    life->campaign = chance_word(&life->chance, CAMPAIGNS);
    tell_touches(life);
    if (chance_in(&life->chance, 450))
        tell_lead(life);
    if (chance_in(&life->chance, 400))
        tell_identity(life);
    if (chance_in(&life->chance, 200))
        (void)life_event(life, (struct planned){.kind = CAMPAIGN_RESPONDED,
                                                .at = life->at,
                                                .second = life->campaign,
                                                .word = chance_word(&life->chance, RESPONSES)});
    if (chance_in(&life->chance, 120))
        life_selling(life);
}

void life_selling(struct life *life)
{
    struct planned step = {
        .at = life->at,
        .kind = OPPORTUNITY_OPENED,
        .amount = 1000 + (int64_t)chance_around(&life->chance, 40000, 0.9),
        .word = chance_word(&life->chance, ORIGINS),
    };
    step.object = life_event(life, step);
    if (step.object == 0)
        return;
    step.at = life_later(life, step.at, 6 * DAY);
    step.kind = OPPORTUNITY_ADVANCED;
    step.word = "proposal";
    (void)life_event(life, step);
    if (chance_in(&life->chance, 400)) {
        step.kind = SALES_COST_RECORDED;
        step.word = chance_word(&life->chance, COSTS);
        (void)life_event(life, (struct planned){.kind = step.kind,
                                                .at = step.at,
                                                .object = step.object,
                                                .word = step.word,
                                                .amount = step.amount / 20});
    }
    step.kind = QUOTE_SENT;
    (void)life_event(life, step);
    life->at = step.at = life_later(life, step.at, 12 * DAY);
    step.kind = chance_in(&life->chance, 350) ? DEAL_WON : DEAL_LOST;
    step.word = chance_word(&life->chance, LOSSES);
    (void)life_event(life, step);
}
