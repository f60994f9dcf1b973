/* Subscriptions: trials, renewals, changes of plan, failures to pay, ends, and some who return.
 */
#include "life.h"

enum {
    TRIALS = 300, /* of a thousand */
    TRIAL_DAYS = 14,
    FAILED = 45,
    NOT_RECOVERED = 300,
    CHANGED = 30,
    CANCELLED = 25,
    RETURNED = 200,
    LEAST_SEATS = 1
};

struct plan {
    const char *name, *interval;
    int64_t amount, length;
    int up; /* the next better one, from here */
};

static const int64_t MONTH = 30 * INT64_C(86400000000);

static const struct plan PLANS[] = {
    {"basic", "month", 1900, 30 * INT64_C(86400000000), 1},
    {"team", "month", 4900, 30 * INT64_C(86400000000), 1},
    {"business", "month", 14900, 30 * INT64_C(86400000000), 0},
    {"basic-quarter", "quarter", 5400, 91 * INT64_C(86400000000), 0},
    {"team-year", "year", 49900, 365 * INT64_C(86400000000), 0},
};
enum { PLAN_COUNT = sizeof PLANS / sizeof *PLANS };

static const struct choice FEATURES[] = {
    {5, "report"}, {3, "export"}, {2, "automation"}, {0, NULL}};
static const struct choice REASONS[] = {
    {4, "too_expensive"}, {3, "not_used"}, {2, "missing_feature"}, {0, NULL}};
static const struct choice FAILURES[] = {
    {5, "card_expired"}, {4, "insufficient_funds"}, {1, "declined"}, {0, NULL}};

struct subscription {
    const struct plan *plan;
    uint64_t number;
    uint32_t seats;
};

static struct planned of(const struct subscription *subscription, enum planned_kind kind,
                         int64_t at)
{
    return (struct planned){
        .kind = kind,
        .at = at,
        .object = subscription->number,
        .amount = subscription->plan->amount * subscription->seats,
        .count = subscription->seats,
        .word = subscription->plan->name,
    };
}

static void tell_trial(struct life *life)
{
    struct planned trial = {.kind = TRIAL_STARTED,
                            .at = life->at,
                            .when = life->at + TRIAL_DAYS * DAY,
                            .word = "team"};
    trial.object = life_event(life, trial);
    life->at = trial.at = trial.when;
    trial.kind = TRIAL_ENDED;
    trial.word = "true";
    if (trial.object > 0)
        (void)life_event(life, trial);
}

static void tell_start(struct life *life, struct subscription *subscription)
{
    struct planned start = of(subscription, SUBSCRIPTION_STARTED, life->at);
    start.amount = subscription->plan->amount;
    start.second = subscription->plan->interval;
    subscription->number = life_event(life, start);
    start.kind = ONBOARDING_STARTED;
    if (chance_in(&life->chance, 500))
        (void)life_event(life, start);
}

/* False if it is never paid, and the subscription ends for that. */
static bool tell_bill(struct life *life, const struct subscription *subscription)
{
    struct planned bill = of(subscription, INVOICE_ISSUED, life->at);
    bill.object = 0;
    bill.when = bill.at + 14 * DAY;
    bill.object = life_event(life, bill);
    if (bill.object == 0)
        return true;
    bill.at += HOUR;
    if (chance_in(&life->chance, FAILED)) {
        bill.kind = PAYMENT_FAILED;
        bill.word = chance_word(&life->chance, FAILURES);
        bill.count = 1;
        bill.when = bill.at + 3 * DAY;
        (void)life_event(life, bill);
        if (chance_in(&life->chance, NOT_RECOVERED))
            return false;
        bill.at = life_later(life, bill.at, 4 * DAY);
        bill.kind = PAYMENT_RECOVERED;
        (void)life_event(life, bill);
    }
    bill.kind = INVOICE_PAYMENT_SUCCEEDED;
    bill.word = "card";
    (void)life_event(life, bill);
    return true;
}

static void tell_change(struct life *life, struct subscription *subscription, int64_t at)
{
    bool is_up = subscription->plan->up > 0 && chance_in(&life->chance, 700);
    if (is_up)
        subscription->plan += subscription->plan->up;
    else if (subscription->seats > LEAST_SEATS)
        subscription->seats--;
    else
        return;
    struct planned change = of(subscription, SUBSCRIPTION_CHANGED, at);
    change.amount = is_up ? subscription->plan->amount : change.amount;
    change.when = at + 2 * DAY;
    change.second = is_up ? "upgrade" : "downgrade";
    (void)life_event(life, change);
}

static void tell_end(struct life *life, const struct subscription *subscription, int64_t at,
                     bool is_voluntary)
{
    struct planned end = of(subscription, SUBSCRIPTION_ENDED, at);
    end.word = is_voluntary ? "customer" : "non_payment";
    end.second = is_voluntary ? "true" : "false";
    (void)life_event(life, end);
    life->at = at;
}

/* True if the customer asked for the end, and stays with it. */
static bool tell_cancellation(struct life *life, const struct subscription *subscription,
                              int64_t end)
{
    struct planned request = of(subscription, CANCEL_REQUESTED, life->at + 5 * DAY);
    request.when = end;
    request.word = chance_word(&life->chance, REASONS);
    (void)life_event(life, request);
    if (!life_offer(life, request.at + DAY, "save", 1000))
        return true;
    request.kind = CANCEL_WITHDRAWN;
    request.at += 2 * DAY;
    request.word = "offer accepted";
    (void)life_event(life, request);
    return false;
}

static void tell_use(struct life *life, const struct subscription *subscription)
{
    if (chance_in(&life->chance, 400))
        (void)life_event(life,
                         (struct planned){.kind = USAGE_RECORDED,
                                          .at = life_later(life, life->at, 9 * DAY),
                                          .word = chance_word(&life->chance, FEATURES),
                                          .count = (uint32_t)chance_around(
                                              &life->chance, 40.0 * subscription->seats, 0.8)});
    if (chance_in(&life->chance, 50))
        life_case(life, life_later(life, life->at, 10 * DAY), "technical");
    if (chance_in(&life->chance, 20))
        life_survey(life, life_later(life, life->at, 10 * DAY), "nps");
    if (chance_in(&life->chance, 20))
        (void)life_offer(life, life_later(life, life->at, 8 * DAY), "upsell", 3000);
}

/* One subscription, to its end or the history's. */
static void tell_subscription(struct life *life)
{
    struct subscription subscription = {
        .plan = &PLANS[chance_below(&life->chance, PLAN_COUNT)],
        .seats = LEAST_SEATS + (uint32_t)chance_below(&life->chance, 5),
    };
    tell_start(life, &subscription);
    while (subscription.number > 0 && life->at < life->schedule->end) {
        unsigned months = (unsigned)(subscription.plan->length / MONTH);
        int64_t end = life->at + subscription.plan->length;
        if (!tell_bill(life, &subscription)) {
            tell_end(life, &subscription, life->at + 20 * DAY, false);
            return;
        }
        tell_use(life, &subscription);
        if (chance_in(&life->chance, CANCELLED * months) &&
            tell_cancellation(life, &subscription, end)) {
            tell_end(life, &subscription, end, true);
            return;
        }
        if (chance_in(&life->chance, CHANGED * months))
            tell_change(life, &subscription, life->at + 10 * DAY);
        life->at = end;
        struct planned renewal = of(&subscription, SUBSCRIPTION_RENEWED, end);
        renewal.when = end + subscription.plan->length;
        if (months > 1)
            (void)life_event(life, renewal);
    }
}

void life_subscribing(struct life *life)
{
    if (chance_in(&life->chance, TRIALS))
        tell_trial(life);
    tell_subscription(life);
    while (life->at < life->schedule->end && chance_in(&life->chance, RETURNED)) {
        life->at = life_later(life, life->at + 20 * DAY, 90 * DAY);
        if (life_offer(life, life->at, "winback", 2000)) {
            life->at += 3 * DAY;
            tell_subscription(life);
        }
    }
    life_loyalty(life);
}
