/* What happens in a history: an event before it is JSON. */
#ifndef CLMD_BENCH_PLANNED_H
#define CLMD_BENCH_PLANNED_H

#include "base/buffer.h"

#include <stdint.h>

enum planned_kind {
    SPEND_RECORDED,
    TOUCH_RECORDED,
    LEAD_CREATED,
    LEAD_PROFILED,
    LEAD_QUALIFIED,
    LEAD_DISQUALIFIED,
    CAMPAIGN_RESPONDED,
    OPPORTUNITY_OPENED,
    OPPORTUNITY_ADVANCED,
    QUOTE_SENT,
    DEAL_WON,
    DEAL_LOST,
    ORDER_PLACED,
    ORDER_CANCELLED,
    TRIAL_STARTED,
    TRIAL_ENDED,
    SALES_COST_RECORDED,
    FULFILMENT_STARTED,
    SHIPMENT_SENT,
    FULFILMENT_COMPLETED,
    ONBOARDING_STARTED,
    USAGE_RECORDED,
    RETURN_RECEIVED,
    INVOICE_ISSUED,
    PAYMENT_SUCCEEDED,
    INVOICE_PAYMENT_SUCCEEDED,
    PAYMENT_FAILED,
    PAYMENT_RECOVERED,
    REFUND_ISSUED,
    CHARGEBACK_LOST,
    SUBSCRIPTION_STARTED,
    SUBSCRIPTION_CHANGED,
    SUBSCRIPTION_RENEWED,
    CANCEL_REQUESTED,
    CANCEL_WITHDRAWN,
    SUBSCRIPTION_ENDED,
    CASE_OPENED,
    CASE_ANSWERED,
    CASE_DOUBTED,
    CASE_REOPENED,
    CASE_CLOSED,
    SURVEY_SENT,
    SURVEY_ANSWERED,
    OFFER_MADE,
    OFFER_ACCEPTED,
    OFFER_DECLINED,
    PROGRAM_JOINED,
    POINTS_EARNED,
    REFERRAL_MADE,
    REFERRAL_CONVERTED,
    ADVOCACY_RECORDED,
    WINBACK_SUCCEEDED,
    RELATIONSHIP_ENDED,
    CUSTOMER_IDENTIFIED,
    CUSTOMER_MERGED,
    EVENT_VOIDED,
    PLANNED_KINDS
};

/* What its kind does not speak of may be left out. Times are as clock_utc() tells them. */
struct planned {
    enum planned_kind kind;
    uint32_t customer;    /* counted from 1 */
    uint64_t number;      /* makes the id */
    int64_t at, recorded; /* when it happens; when the service hears of it */
    uint64_t object; /* the number of the event that the object is called by; 0: this one */
    int64_t when;    /* another time: promised, due, effective, to the day or not */
    int64_t amount;  /* of money, in minor units */
    uint32_t count;  /* units, a score, the number of another customer */
    const char *currency, *word, *second; /* the words that the data leaves open */
};

/* The source and type of a kind. */
const char *planned_source(enum planned_kind kind);

/* Appends it as a CloudEvent, in JSON on one line. */
void planned_write(const struct planned *event, struct buffer *out);

#endif
