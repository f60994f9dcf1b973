/* The vocabulary, as one table: a type, how it moves the customer, and the fields of its data.
 * The words of the table are those of ingest/fields.h. */
#include "ingest/fields.h"

#include <assert.h>
#include <string.h>

const char *const STAGE_NAMES[STAGE_POSITIONS + 1] = {
    [STAGE_NONE] = "none",       [STAGE_FIND] = "find", [STAGE_SELL] = "sell",
    [STAGE_DELIVER] = "deliver", [STAGE_BILL] = "bill", [STAGE_SUPPORT] = "support",
    [STAGE_LOYALTY] = "loyalty",
};

const char *const ENTRY_NAMES[] = {
    [ENTRY_ACTIVITY] = "activity", [ENTRY_ENTER] = "enter",       [ENTRY_ADVANCE] = "advance",
    [ENTRY_EXIT] = "exit",         [ENTRY_OVERRIDE] = "override",
};

static const struct json_field COST_FIELDS[] = {MONEY(MUST, "amount"),
                                                CURRENCY(MUST, "currency"), LAST_ROW};

const struct json_field COMMON_FIELDS[] = {
    ROW(MAY, "actor", OBJECT, UNREAD,
        FORM(FIELDS(TEXT(MAY, "kind"), TEXT(MAY, "name"), TEXT(MAY, "department")))),
    ROW(MAY, "correlation", OBJECT, UNREAD,
        FORM(FIELDS(NAME(MAY, "order"), NAME(MAY, "case"), NAME(MAY, "subscription")))),
    COST(MAY),
    MINUTES(MAY),
    TEXT(MAY, "channel"),
    NOTE(MAY, "note"),
    LAST_ROW};
static_assert(COUNT_OF(COMMON_FIELDS) <= COMMON_FIELD_LIMIT + 1, "as promised");

/* Forms that several types have in common. */

static const struct json_field ITEMS[] = {TEXT(MAY, "offering"), COUNT(MAY, "units"),
                                          MONEY(MAY, "amount"), LAST_ROW};
static const struct json_field LINES[] = {LAST_ROW};
static const struct json_field QUOTE[] = {OBJECT_ID(MUST, "quote_id"),
                                          NAME(MAY, "opportunity_id"), AMOUNT(MAY),
                                          DATE(MAY, "valid_until"), LAST_ROW};
static const struct json_field TRIAL[] = {OBJECT_ID(MUST, "trial_id"), TEXT(MAY, "offering"),
                                          DATE(MAY, "ends_at"), FLAG(MAY, "converted"),
                                          LAST_ROW};
static const struct json_field SHIPMENT[] = {OBJECT_ID(MUST, "order_id"),
                                             NAME(MUST, "shipment_id"), TEXT(MAY, "carrier"),
                                             DATE(MAY, "promised_at"), LAST_ROW};
static const struct json_field ONBOARDING[] = {TEXT(MUST, "offering"), TEXT(MAY, "plan"),
                                               TEXT(MAY, "milestone"), LAST_ROW};
static const struct json_field INVOICE[] = {OBJECT_ID(MUST, "invoice_id"), AMOUNT(MAY),
                                            TEXT(MAY, "reason"), LAST_ROW};
static const struct json_field CHARGEBACK[] = {OBJECT_ID(MUST, "payment_id"), AMOUNT(MUST),
                                               LAST_ROW};
static const struct json_field PAUSE[] = {OBJECT_ID(MUST, "subscription_id"),
                                          DATE(MAY, "until"), LAST_ROW};
static const struct json_field CANCELLATION[] = {OBJECT_ID(MUST, "subscription_id"),
                                                 DATE(MAY, "effective_at"), TEXT(MAY, "reason"),
                                                 FLAG(MAY, "voluntary"), LAST_ROW};
static const struct json_field CASE[] = {OBJECT_ID(MUST, "case_id"), TEXT(MAY, "reason"),
                                         LAST_ROW};
static const struct json_field RISK[] = {
    CHOICE(MUST, "kind", "usage_drop", "payment", "sentiment", "silence", "manual"), SCORE(MAY),
    TEXT(MAY, "reason"), LAST_ROW};
static const struct json_field OFFER[] = {
    OBJECT_ID(MUST, "offer_id"),
    CHOICE(MUST, "kind", "upsell", "cross_sell", "winback", "save"), AMOUNT(MAY),
    TEXT(MAY, "offering"), LAST_ROW};
static const struct json_field PROGRAM[] = {TEXT(MUST, "program"), TEXT(MAY, "tier"), LAST_ROW};
static const struct json_field POINTS[] = {COUNT(MUST, "points"), OBJECT_ID(MAY, "order_id"),
                                           LAST_ROW};
static const struct json_field REFERRAL[] = {OBJECT_ID(MUST, "referral_id"),
                                             NAME(MAY, "referred"), TEXT(MAY, "channel"),
                                             MONEY(MAY, "value"), LAST_ROW};
static const struct json_field MERGE[] = {OBJECT_ID(MUST, "into"), TEXT(MAY, "reason"),
                                          LAST_ROW};

#define SURVEY(answered)                                                                       \
    FIELDS(OBJECT_ID(MUST, "survey_id"), CHOICE(MUST, "kind", "csat", "nps", "ces"),           \
           SCORE(answered), NUMBER(answered, "scale_max", -BILLION, BILLION),                  \
           NAME(MAY, "case_id"))
#define INTERVAL(need) CHOICE(need, "interval", "day", "week", "month", "quarter", "year")

const struct event_type EVENT_TYPES[] = {
    TYPE(101, ACTIVITY, FIND, "find.touch.recorded",
         FIELDS(TEXT(MUST, "channel"), TEXT(MAY, "campaign"), TEXT(MAY, "medium"),
                TEXT(MAY, "content"), TEXT(MAY, "page"), TEXT(MAY, "offering"))),
    TYPE(102, ENTER, FIND, "find.lead.created",
         FIELDS(CHOICE(MUST, "channel", "web_form", "email", "web_campaign", "ad",
                       "word_of_mouth", "event", "partner", "import", "other"),
                TEXT(MAY, "campaign"), TEXT(MAY, "source"), NAME(MAY, "referrer"),
                TEXT(MAY, "offering"), MONEY(MAY, "estimated_value"))),
    TYPE(103, ACTIVITY, FIND, "find.lead.profiled",
         FIELDS(TEXTS(MAY, "needs"), OBJECT(MAY, "segment_hints"), SCORE(MAY))),
    TYPE(104, ACTIVITY, FIND, "find.lead.qualified",
         FIELDS(CHOICE(MUST, "level", "mql", "sql"), SCORE(MAY), TEXT(MAY, "reason"))),
    TYPE(105, ACTIVITY, FIND, "find.lead.disqualified", FIELDS(TEXT(MUST, "reason"))),
    TYPE(106, ACTIVITY, FIND, "find.campaign.responded",
         FIELDS(TEXT(MUST, "campaign"), CHOICE(MUST, "response", "opened", "clicked", "replied",
                                               "accepted", "declined"))),
    SUBJECTLESS(107, ACTIVITY, FIND, "find.spend.recorded",
                FIELDS(AMOUNT(MUST), DATE(MUST, "period_start"), DATE(MUST, "period_end"),
                       CHOICE(MUST, "purpose", "acquisition", "retention"),
                       TEXT(MAY, "channel"), TEXT(MAY, "campaign"),
                       CHOICE(MAY, "kind", "media", "salary", "tool", "agency")),
                .is_spend = true),
    TYPE(108, ACTIVITY, FIND, "find.consent.changed",
         FIELDS(TEXT(MUST, "purpose"), FLAG(MUST, "granted"))),

    TYPE(201, ENTER, SELL, "sell.opportunity.opened",
         FIELDS(OBJECT_ID(MUST, "opportunity_id"), TEXT(MAY, "offering"), AMOUNT(MAY),
                DATE(MAY, "expected_close"),
                CHOICE(MAY, "origin", "new", "upsell", "cross_sell", "renewal", "winback"))),
    TYPE(202, ACTIVITY, SELL, "sell.opportunity.advanced",
         FIELDS(OBJECT_ID(MUST, "opportunity_id"), TEXT(MUST, "pipeline_stage"),
                NUMBER(MAY, "probability", 0, 1))),
    TYPE(203, ACTIVITY, SELL, "sell.quote.sent", QUOTE),
    TYPE(204, ACTIVITY, SELL, "sell.quote.accepted", QUOTE),
    TYPE(205, ENTER, SELL, "sell.deal.won",
         FIELDS(OBJECT_ID(MUST, "opportunity_id"), AMOUNT(MUST), LIST(MAY, "items", ITEMS))),
    TYPE(206, ACTIVITY, SELL, "sell.deal.lost",
         FIELDS(OBJECT_ID(MUST, "opportunity_id"), TEXT(MUST, "reason"),
                TEXT(MAY, "competitor"))),
    TYPE(207, ENTER, SELL, "sell.order.placed",
         FIELDS(OBJECT_ID(MUST, "order_id"), AMOUNT(MUST), UNITS(MUST),
                LIST(MAY, "items", ITEMS))),
    TYPE(208, ACTIVITY, SELL, "sell.order.cancelled",
         FIELDS(OBJECT_ID(MUST, "order_id"), TEXT(MUST, "reason"))),
    TYPE(209, ACTIVITY, SELL, "sell.trial.started", TRIAL),
    TYPE(210, ACTIVITY, SELL, "sell.trial.ended", TRIAL),
    TYPE(211, ACTIVITY, SELL, "sell.cost.recorded",
         FIELDS(AMOUNT(MUST), OBJECT_ID(MAY, "opportunity_id"), MINUTES(MAY),
                CHOICE(MAY, "kind", "commission", "time", "travel", "discount")),
         .is_spend = true),

    TYPE(301, ADVANCE, DELIVER, "deliver.fulfilment.started",
         FIELDS(OBJECT_ID(MUST, "order_id"), DATE(MAY, "promised_at"))),
    TYPE(302, ACTIVITY, DELIVER, "deliver.shipment.sent", SHIPMENT),
    TYPE(303, ACTIVITY, DELIVER, "deliver.shipment.arrived", SHIPMENT),
    TYPE(304, ACTIVITY, DELIVER, "deliver.fulfilment.completed",
         FIELDS(OBJECT_ID(MUST, "order_id"), DATE(MAY, "promised_at"),
                DATE(MAY, "delivered_at"), UNITS(MAY), FLAG(MAY, "complete"))),
    TYPE(305, ACTIVITY, DELIVER, "deliver.fulfilment.failed",
         FIELDS(OBJECT_ID(MUST, "order_id"), TEXT(MUST, "reason"))),
    TYPE(306, ADVANCE, DELIVER, "deliver.onboarding.started", ONBOARDING),
    TYPE(307, ACTIVITY, DELIVER, "deliver.onboarding.completed", ONBOARDING),
    TYPE(308, ACTIVITY, DELIVER, "deliver.milestone.reached",
         FIELDS(TEXT(MUST, "name"), NAME(MAY, "project_id"), DATE(MAY, "due_at"))),
    TYPE(309, ACTIVITY, DELIVER, "deliver.usage.recorded",
         FIELDS(TEXT(MUST, "feature"), NUMBER(MUST, "quantity", -1e15, 1e15), TEXT(MAY, "unit"),
                DATE(MAY, "period_start"), DATE(MAY, "period_end"))),
    TYPE(310, ACTIVITY, DELIVER, "deliver.return.received",
         FIELDS(OBJECT_ID(MUST, "order_id"), UNITS(MUST), TEXT(MUST, "reason"))),
    TYPE(311, ACTIVITY, DELIVER, "deliver.price.changed",
         FIELDS(TEXT(MUST, "offering"), MONEY(MUST, "old"), MONEY(MUST, "new"),
                CURRENCY(MUST, "currency"))),

    TYPE(401, ADVANCE, BILL, "bill.invoice.issued",
         FIELDS(OBJECT_ID(MUST, "invoice_id"), AMOUNT(MUST), DATE(MUST, "due_at"),
                MONEY(MAY, "tax"), MONEY(MAY, "discount"), NAME(MAY, "order_id"),
                NAME(MAY, "subscription_id"), LIST(MAY, "lines", LINES))),
    TYPE(402, ACTIVITY, BILL, "bill.invoice.paid", INVOICE),
    TYPE(403, ACTIVITY, BILL, "bill.invoice.overdue", INVOICE),
    TYPE(404, ACTIVITY, BILL, "bill.invoice.voided", INVOICE),
    TYPE(405, ACTIVITY, BILL, "bill.invoice.written_off", INVOICE),
    TYPE(406, ACTIVITY, BILL, "bill.receipt.sent", FIELDS(OBJECT_ID(MUST, "invoice_id"))),
    TYPE(407, ADVANCE, BILL, "bill.payment.succeeded",
         FIELDS(OBJECT_ID(MUST, "payment_id"), AMOUNT(MUST), NAME(MAY, "invoice_id"),
                NAME(MAY, "order_id"), TEXT(MAY, "method"), MONEY(MAY, "fee"))),
    TYPE(408, ACTIVITY, BILL, "bill.payment.failed",
         FIELDS(OBJECT_ID(MUST, "payment_id"), AMOUNT(MUST),
                CHOICE(MUST, "reason", "card_expired", "insufficient_funds", "declined",
                       "technical", "other"),
                COUNT(MAY, "attempt"), DATE(MAY, "next_attempt_at"))),
    TYPE(409, ACTIVITY, BILL, "bill.payment.recovered",
         FIELDS(OBJECT_ID(MUST, "payment_id"), NAME(MAY, "failed_payment_id"))),
    TYPE(410, ACTIVITY, BILL, "bill.refund.issued",
         FIELDS(OBJECT_ID(MUST, "refund_id"), AMOUNT(MUST), NAME(MAY, "invoice_id"),
                TEXT(MAY, "reason"), FLAG(MAY, "partial"))),
    TYPE(411, ACTIVITY, BILL, "bill.chargeback.opened", CHARGEBACK),
    TYPE(412, ACTIVITY, BILL, "bill.chargeback.won", CHARGEBACK),
    TYPE(413, ACTIVITY, BILL, "bill.chargeback.lost", CHARGEBACK),
    TYPE(414, ACTIVITY, BILL, "bill.credit.granted",
         FIELDS(AMOUNT(MUST), TEXT(MUST, "reason"))),
    TYPE(415, ADVANCE, BILL, "bill.subscription.started",
         FIELDS(OBJECT_ID(MUST, "subscription_id"), TEXT(MUST, "plan"), AMOUNT(MUST),
                INTERVAL(MUST), COUNT(MAY, "interval_count"), COUNT(MAY, "quantity"),
                MONEY(MAY, "discount"), DATE(MAY, "trial_end"), DATE(MAY, "contract_end"))),
    SCHEDULED(
        416, ACTIVITY, BILL, "bill.subscription.changed",
        FIELDS(OBJECT_ID(MUST, "subscription_id"), TEXT(MAY, "plan"), AMOUNT(MAY),
               INTERVAL(MAY), COUNT(MAY, "quantity"), DATE(MAY, "effective_at"),
               CHOICE(MAY, "kind", "upgrade", "downgrade", "price", "quantity", "discount"))),
    TYPE(417, ACTIVITY, BILL, "bill.subscription.renewed",
         FIELDS(OBJECT_ID(MUST, "subscription_id"), DATE(MAY, "period_start"),
                DATE(MAY, "period_end"))),
    TYPE(418, ACTIVITY, BILL, "bill.subscription.paused", PAUSE),
    TYPE(419, ACTIVITY, BILL, "bill.subscription.resumed", PAUSE),
    SCHEDULED(420, ACTIVITY, BILL, "bill.subscription.cancel_requested", CANCELLATION),
    SCHEDULED(421, ACTIVITY, BILL, "bill.subscription.uncancelled", CANCELLATION),
    TYPE(422, ACTIVITY, BILL, "bill.subscription.ended",
         FIELDS(OBJECT_ID(MUST, "subscription_id"),
                CHOICE(MUST, "reason", "customer", "non_payment", "expired", "seller", "fraud"),
                FLAG(MAY, "voluntary"))),

    TYPE(501, ADVANCE, SUPPORT, "support.case.opened",
         FIELDS(OBJECT_ID(MUST, "case_id"), TEXT(MAY, "priority"), TEXT(MAY, "category"),
                TEXT(MAY, "channel"), TEXT(MAY, "offering"))),
    TYPE(502, ACTIVITY, SUPPORT, "support.case.replied",
         FIELDS(OBJECT_ID(MUST, "case_id"), CHOICE(MUST, "by", "staff", "customer", "bot"),
                FLAG(MAY, "public"), NUMBER(MAY, "sentiment", -1, 1))),
    TYPE(503, ACTIVITY, SUPPORT, "support.case.escalated", CASE),
    TYPE(504, ACTIVITY, SUPPORT, "support.case.reopened", CASE),
    TYPE(505, ACTIVITY, SUPPORT, "support.case.closed",
         FIELDS(OBJECT_ID(MUST, "case_id"), TEXT(MUST, "resolution"), MINUTES(MAY), COST(MAY))),
    TYPE(506, ACTIVITY, SUPPORT, "support.survey.sent", SURVEY(MAY)),
    TYPE(507, ACTIVITY, SUPPORT, "support.survey.answered", SURVEY(MUST)),
    TYPE(508, ENTER, SUPPORT, "support.complaint.recorded",
         FIELDS(TEXT(MUST, "category"), TEXT(MAY, "severity"))),
    TYPE(509, ACTIVITY, SUPPORT, "support.risk.flagged", RISK),
    TYPE(510, ACTIVITY, SUPPORT, "support.risk.cleared", RISK),
    TYPE(511, ACTIVITY, SUPPORT, "support.offer.made", OFFER),
    TYPE(512, ACTIVITY, SUPPORT, "support.offer.accepted", OFFER),
    TYPE(513, ACTIVITY, SUPPORT, "support.offer.declined", OFFER),
    TYPE(514, ACTIVITY, SUPPORT, "support.cost.recorded",
         FIELDS(AMOUNT(MUST), OBJECT_ID(MAY, "case_id"), MINUTES(MAY)), .is_spend = true),

    TYPE(601, ENTER, LOYALTY, "loyalty.program.joined", PROGRAM),
    TYPE(602, ACTIVITY, LOYALTY, "loyalty.program.left", PROGRAM),
    TYPE(603, ACTIVITY, LOYALTY, "loyalty.points.earned", POINTS),
    TYPE(604, ACTIVITY, LOYALTY, "loyalty.points.redeemed", POINTS),
    TYPE(605, ACTIVITY, LOYALTY, "loyalty.tier.changed",
         FIELDS(TEXT(MUST, "from"), TEXT(MUST, "to"))),
    TYPE(606, ENTER, LOYALTY, "loyalty.referral.made", REFERRAL),
    TYPE(607, ACTIVITY, LOYALTY, "loyalty.referral.converted", REFERRAL),
    TYPE(608, ENTER, LOYALTY, "loyalty.advocacy.recorded",
         FIELDS(CHOICE(MUST, "kind", "review", "case_study", "social", "recommendation"),
                SCORE(MAY), TEXT(MAY, "url"))),
    TYPE(609, ENTER, LOYALTY, "loyalty.renewal.committed",
         FIELDS(OBJECT_ID(MUST, "subscription_id"), DATE(MAY, "until"))),
    TYPE(610, ACTIVITY, LOYALTY, "loyalty.winback.succeeded",
         FIELDS(OBJECT_ID(MAY, "offer_id"))),
    TYPE(611, EXIT, LOYALTY, "loyalty.relationship.ended",
         FIELDS(TEXT(MUST, "reason"), FLAG(MAY, "voluntary"))),

    TYPE(701, ACTIVITY, NONE, "customer.identified",
         FIELDS(TEXTS(MAY, "identifiers"), OBJECT(MAY, "attributes")), .tells_identity = true),
    TYPE(702, ACTIVITY, NONE, "customer.attributes_changed", FIELDS(OBJECT(MAY, "attributes")),
         .tells_identity = true),
    TYPE(703, ACTIVITY, NONE, "customer.merged", MERGE, .tells_identity = true),
    TYPE(704, ACTIVITY, NONE, "customer.unmerged", MERGE, .tells_identity = true),
    TYPE(711, OVERRIDE, NONE, "stage.overridden",
         FIELDS(ROW(MUST, "stage", CHOICE, INTO(stage), .choices = STAGE_NAMES + STAGE_FIND),
                TEXT(MAY, "reason"))),
    SUBJECTLESS(
        721, ACTIVITY, NONE, "event.voided",
        FIELDS(ROW(MUST, "source", TEXT, INTO(target_source), .limit = EVENT_NAME_LIMIT),
               ROW(MUST, "id", TEXT, INTO(target_id), .limit = EVENT_NAME_LIMIT),
               TEXT(MAY, "reason"))),
};

const size_t EVENT_TYPE_COUNT = COUNT_OF(EVENT_TYPES);

const struct event_type *vocabulary_find(const char *name)
{
    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++)
        if (strcmp(EVENT_TYPES[i].name, name) == 0)
            return &EVENT_TYPES[i];
    return NULL;
}

const struct json_field *vocabulary_field(const struct json_field *fields, const char *name,
                                          size_t length)
{
    for (; fields->name != NULL; fields++)
        if (strncmp(fields->name, name, length) == 0 && fields->name[length] == '\0')
            return fields;
    return NULL;
}
