/* Orders: some customers buy often, most seldom, and many only once. */
#include "life.h"

enum { PROMISE_DAYS = 5, LAST_ORDER = 150, CANCELLED = 30 };

static const struct choice OFFERINGS[] = {
    {50, "standard"}, {25, "plus"}, {15, "spare-parts"}, {10, "premium"}, {0, NULL}};
static const struct choice METHODS[] = {
    {60, "card"}, {25, "transfer"}, {15, "wallet"}, {0, NULL}};
static const struct choice FAILURES[] = {{40, "insufficient_funds"},
                                         {30, "card_expired"},
                                         {20, "declined"},
                                         {10, "technical"},
                                         {0, NULL}};
static const struct choice CARRIERS[] = {{6, "post"}, {3, "parcel"}, {1, "bike"}, {0, NULL}};
static const struct choice RETURNS[] = {{5, "does_not_fit"}, {3, "broken"}, {0, NULL}};

/* Gives when it was paid; 0 if it never is. */
static int64_t tell_payment(struct life *life, struct planned payment)
{
    if (chance_in(&life->chance, 40)) {
        payment.kind = PAYMENT_FAILED;
        payment.word = chance_word(&life->chance, FAILURES);
        payment.count = 1;
        payment.when = payment.at + 3 * DAY;
        (void)life_event(life, payment);
        if (!chance_in(&life->chance, 700))
            return 0;
        payment.at = life_later(life, payment.at, 4 * DAY);
        payment.kind = PAYMENT_RECOVERED;
        (void)life_event(life, payment);
    }
    payment.kind = PAYMENT_SUCCEEDED;
    payment.word = chance_word(&life->chance, METHODS);
    uint64_t number = life_event(life, payment);
    if (number > 0 && chance_in(&life->chance, 3))
        life_void(life, payment.kind, number, payment.at);
    int64_t paid = payment.at;
    payment.kind = CHARGEBACK_LOST;
    payment.at = life_later(life, paid, 30 * DAY);
    if (chance_in(&life->chance, 2))
        (void)life_event(life, payment);
    return paid;
}

static void tell_return(struct life *life, struct planned order)
{
    order.at = life_later(life, order.at, 8 * DAY);
    order.kind = RETURN_RECEIVED;
    order.word = chance_word(&life->chance, RETURNS);
    order.count = 1;
    (void)life_event(life, order);
    order.at = life_later(life, order.at, 2 * DAY);
    order.kind = REFUND_ISSUED;
    order.word = "returned";
    order.object = 0;
    (void)life_event(life, order);
}

static void tell_delivery(struct life *life, struct planned order)
{
    int64_t ordered = order.at;
    order.when = ordered + PROMISE_DAYS * DAY;
    order.at = ordered + 12 * HOUR;
    order.kind = FULFILMENT_STARTED;
    if (chance_in(&life->chance, 500))
        (void)life_event(life, order);
    struct planned shipment = order;
    shipment.kind = SHIPMENT_SENT;
    shipment.at += 10 * HOUR;
    shipment.amount = 300 + (int64_t)chance_below(&life->chance, 600);
    shipment.word = chance_word(&life->chance, CARRIERS);
    if (chance_in(&life->chance, 300))
        (void)life_event(life, shipment);
    order.kind = FULFILMENT_COMPLETED;
    order.at = ordered + (int64_t)chance_around(&life->chance, 3.2 * (double)DAY, 0.4);
    (void)life_event(life, order);
    bool is_late = order.at > order.when;
    if (chance_in(&life->chance, is_late ? 300 : 70))
        life_case(life, life_later(life, order.at, DAY), is_late ? "delivery" : "product");
    else if (chance_in(&life->chance, 100))
        life_survey(life, order.at, "csat");
    if (chance_in(&life->chance, 60))
        tell_return(life, order);
}

void life_order(struct life *life, int64_t at)
{
    struct planned order = {
        .kind = ORDER_PLACED,
        .at = at,
        .amount = 100 + (int64_t)chance_around(&life->chance, 4500, 0.8),
        .count = 1 + (uint32_t)chance_below(&life->chance, 4),
        .word = chance_word(&life->chance, OFFERINGS),
    };
    order.object = life_event(life, order);
    if (order.object == 0)
        return;
    order.at += 5 * MINUTE;
    if (chance_in(&life->chance, CANCELLED)) {
        order.kind = ORDER_CANCELLED;
        (void)life_event(life, order);
        return;
    }
    int64_t paid = tell_payment(life, order);
    if (paid == 0)
        return;
    order.at = paid;
    tell_delivery(life, order);
    if (life->is_member) {
        order.kind = POINTS_EARNED;
        order.count = (uint32_t)(order.amount / 100);
        (void)life_event(life, order);
    }
}

void life_buying(struct life *life)
{
    int64_t gap = (int64_t)chance_around(&life->chance, 60.0 * (double)DAY, 1.0);
    int64_t at = life_later(life, life->at, 5 * DAY);
    do {
        life->at = at;
        life_order(life, at);
        if (chance_in(&life->chance, 60))
            life_loyalty(life);
        do
            at = life_later(life, at, gap / 2);
        while (at < life->schedule->end && !life_is_busy(life, at));
    } while (at < life->schedule->end && !chance_in(&life->chance, LAST_ORDER));
    if (chance_in(&life->chance, 150)) {
        life->at = life_later(life, life->at + 120 * DAY, 60 * DAY);
        if (life_offer(life, life->at, "winback", 1500))
            life_order(life, life->at + 2 * DAY);
    }
}
