#include "planned.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

/* In the data, % and a letter stand for what the event says:
 *
 *     o  the number that its object is called by   m  the amount      c  the currency
 *     n  the count                                 w  the word        v  the second word
 *     t  the other time                            d  its day         e  the day it happens */
struct form {
    const char *source, *type, *data;
};

#define MONEY "\"amount\":%m,\"currency\":\"%c\""

static const struct form FORMS[PLANNED_KINDS] = {
    [SPEND_RECORDED] = {"ads", "find.spend.recorded",
                        MONEY ",\"period_start\":\"%d\",\"period_end\":\"%e\","
                              "\"purpose\":\"%w\",\"channel\":\"%v\",\"kind\":\"media\""},
    [TOUCH_RECORDED] = {"web", "find.touch.recorded",
                        "\"channel\":\"%w\",\"campaign\":\"%v\",\"page\":\"/offers/%n\""},
    [LEAD_CREATED] = {"crm", "find.lead.created", "\"channel\":\"%w\",\"campaign\":\"%v\""},
    [LEAD_PROFILED] = {"crm", "find.lead.profiled", "\"needs\":[\"%w\"],\"score\":%n"},
    [LEAD_QUALIFIED] = {"crm", "find.lead.qualified", "\"level\":\"%w\",\"score\":%n"},
    [LEAD_DISQUALIFIED] = {"crm", "find.lead.disqualified", "\"reason\":\"%w\""},
    [CAMPAIGN_RESPONDED] = {"crm", "find.campaign.responded",
                            "\"campaign\":\"%v\",\"response\":\"%w\""},

    [OPPORTUNITY_OPENED] = {"crm", "sell.opportunity.opened",
                            "\"opportunity_id\":\"opp-%o\"," MONEY ",\"origin\":\"%w\""},
    [OPPORTUNITY_ADVANCED] = {"crm", "sell.opportunity.advanced",
                              "\"opportunity_id\":\"opp-%o\",\"pipeline_stage\":\"%w\""},
    [QUOTE_SENT] = {"crm", "sell.quote.sent",
                    "\"quote_id\":\"quote-%o\",\"opportunity_id\":\"opp-%o\"," MONEY},
    [DEAL_WON] = {"crm", "sell.deal.won", "\"opportunity_id\":\"opp-%o\"," MONEY},
    [DEAL_LOST] = {"crm", "sell.deal.lost", "\"opportunity_id\":\"opp-%o\",\"reason\":\"%w\""},
    [ORDER_PLACED] = {"shop", "sell.order.placed",
                      "\"order_id\":\"order-%o\"," MONEY ",\"units\":%n,"
                      "\"items\":[{\"offering\":\"%w\",\"units\":%n,\"amount\":%m}]"},
    [ORDER_CANCELLED] = {"shop", "sell.order.cancelled",
                         "\"order_id\":\"order-%o\",\"reason\":\"changed_mind\""},
    [TRIAL_STARTED] = {"product", "sell.trial.started",
                       "\"trial_id\":\"trial-%o\",\"offering\":\"%w\",\"ends_at\":\"%d\""},
    [TRIAL_ENDED] = {"product", "sell.trial.ended",
                     "\"trial_id\":\"trial-%o\",\"converted\":%w"},
    [SALES_COST_RECORDED] = {"crm", "sell.cost.recorded",
                             MONEY ",\"opportunity_id\":\"opp-%o\",\"kind\":\"%w\""},

    [FULFILMENT_STARTED] = {"warehouse", "deliver.fulfilment.started",
                            "\"order_id\":\"order-%o\",\"promised_at\":\"%t\""},
    [SHIPMENT_SENT] = {"warehouse", "deliver.shipment.sent",
                       "\"order_id\":\"order-%o\",\"shipment_id\":\"ship-%o\","
                       "\"carrier\":\"%w\",\"cost\":{" MONEY "}"},
    [FULFILMENT_COMPLETED] = {"warehouse", "deliver.fulfilment.completed",
                              "\"order_id\":\"order-%o\",\"promised_at\":\"%t\","
                              "\"units\":%n,\"complete\":true"},
    [ONBOARDING_STARTED] = {"product", "deliver.onboarding.started", "\"offering\":\"%w\""},
    [USAGE_RECORDED] = {"product", "deliver.usage.recorded",
                        "\"feature\":\"%w\",\"quantity\":%n,\"unit\":\"runs\""},
    [RETURN_RECEIVED] = {"warehouse", "deliver.return.received",
                         "\"order_id\":\"order-%o\",\"units\":%n,\"reason\":\"%w\""},

    [INVOICE_ISSUED] = {"billing", "bill.invoice.issued",
                        "\"invoice_id\":\"inv-%o\"," MONEY ",\"due_at\":\"%d\""},
    [PAYMENT_SUCCEEDED] = {"billing", "bill.payment.succeeded",
                           "\"payment_id\":\"pay-%o\"," MONEY
                           ",\"order_id\":\"order-%o\",\"method\":\"%w\""},
    [INVOICE_PAYMENT_SUCCEEDED] = {"billing", "bill.payment.succeeded",
                                   "\"payment_id\":\"pay-%o\"," MONEY
                                   ",\"invoice_id\":\"inv-%o\",\"method\":\"%w\""},
    [PAYMENT_FAILED] = {"billing", "bill.payment.failed",
                        "\"payment_id\":\"pay-%o\"," MONEY
                        ",\"reason\":\"%w\",\"attempt\":%n,\"next_attempt_at\":\"%t\""},
    [PAYMENT_RECOVERED] = {"billing", "bill.payment.recovered",
                           "\"payment_id\":\"pay-%o\",\"failed_payment_id\":\"pay-%o\""},
    [REFUND_ISSUED] = {"billing", "bill.refund.issued",
                       "\"refund_id\":\"refund-%o\"," MONEY ",\"reason\":\"%w\""},
    [CHARGEBACK_LOST] = {"billing", "bill.chargeback.lost", "\"payment_id\":\"pay-%o\"," MONEY},
    [SUBSCRIPTION_STARTED] = {"billing", "bill.subscription.started",
                              "\"subscription_id\":\"sub-%o\",\"plan\":\"%w\"," MONEY
                              ",\"interval\":\"%v\",\"quantity\":%n"},
    [SUBSCRIPTION_CHANGED] = {"billing", "bill.subscription.changed",
                              "\"subscription_id\":\"sub-%o\",\"plan\":\"%w\"," MONEY
                              ",\"kind\":\"%v\",\"effective_at\":\"%t\""},
    [SUBSCRIPTION_RENEWED] = {"billing", "bill.subscription.renewed",
                              "\"subscription_id\":\"sub-%o\",\"period_end\":\"%d\""},
    [CANCEL_REQUESTED] = {"billing", "bill.subscription.cancel_requested",
                          "\"subscription_id\":\"sub-%o\",\"effective_at\":\"%t\","
                          "\"reason\":\"%w\",\"voluntary\":true"},
    [CANCEL_WITHDRAWN] = {"billing", "bill.subscription.uncancelled",
                          "\"subscription_id\":\"sub-%o\",\"reason\":\"%w\""},
    [SUBSCRIPTION_ENDED] = {"billing", "bill.subscription.ended",
                            "\"subscription_id\":\"sub-%o\",\"reason\":\"%w\","
                            "\"voluntary\":%v"},

    [CASE_OPENED] = {"desk", "support.case.opened",
                     "\"case_id\":\"case-%o\",\"priority\":\"%v\",\"category\":\"%w\","
                     "\"channel\":\"email\""},
    [CASE_ANSWERED] = {"desk", "support.case.replied",
                       "\"case_id\":\"case-%o\",\"by\":\"staff\",\"public\":true"},
    [CASE_DOUBTED] = {"desk", "support.case.replied",
                      "\"case_id\":\"case-%o\",\"by\":\"customer\",\"sentiment\":%w"},
    [CASE_REOPENED] = {"desk", "support.case.reopened",
                       "\"case_id\":\"case-%o\",\"reason\":\"not_solved\""},
    [CASE_CLOSED] = {"desk", "support.case.closed",
                     "\"case_id\":\"case-%o\",\"resolution\":\"solved\",\"minutes\":%n,"
                     "\"cost\":{" MONEY "}"},
    [SURVEY_SENT] = {"surveys", "support.survey.sent",
                     "\"survey_id\":\"survey-%o\",\"kind\":\"%w\""},
    [SURVEY_ANSWERED] = {"surveys", "support.survey.answered",
                         "\"survey_id\":\"survey-%o\",\"kind\":\"%w\",\"score\":%n,"
                         "\"scale_max\":%v"},
    [OFFER_MADE] = {"crm", "support.offer.made",
                    "\"offer_id\":\"offer-%o\",\"kind\":\"%w\"," MONEY},
    [OFFER_ACCEPTED] = {"crm", "support.offer.accepted",
                        "\"offer_id\":\"offer-%o\",\"kind\":\"%w\"," MONEY},
    [OFFER_DECLINED] = {"crm", "support.offer.declined",
                        "\"offer_id\":\"offer-%o\",\"kind\":\"%w\""},

    [PROGRAM_JOINED] = {"club", "loyalty.program.joined",
                        "\"program\":\"club\",\"tier\":\"%w\""},
    [POINTS_EARNED] = {"club", "loyalty.points.earned",
                       "\"points\":%n,\"order_id\":\"order-%o\""},
    [REFERRAL_MADE] = {"club", "loyalty.referral.made",
                       "\"referral_id\":\"ref-%o\",\"channel\":\"%w\""},
    [REFERRAL_CONVERTED] = {"club", "loyalty.referral.converted",
                            "\"referral_id\":\"ref-%o\",\"referred\":\"customer-%n\""},
    [ADVOCACY_RECORDED] = {"club", "loyalty.advocacy.recorded",
                           "\"kind\":\"review\",\"score\":%n"},
    [WINBACK_SUCCEEDED] = {"crm", "loyalty.winback.succeeded", "\"offer_id\":\"offer-%o\""},
    [RELATIONSHIP_ENDED] = {"crm", "loyalty.relationship.ended",
                            "\"reason\":\"%w\",\"voluntary\":true"},

    [CUSTOMER_IDENTIFIED] = {"crm", "customer.identified",
                             "\"attributes\":{\"country\":\"%w\",\"size\":\"%v\","
                             "\"seats\":%n}"},
    [CUSTOMER_MERGED] = {"crm", "customer.merged",
                         "\"into\":\"customer-%n\",\"reason\":\"same person\""},
    [EVENT_VOIDED] = {"billing", "event.voided",
                      "\"source\":\"%w\",\"id\":\"h-%o\",\"reason\":\"entered twice\""},
};

const char *planned_source(enum planned_kind kind)
{
    return FORMS[kind].source;
}

static void write_time(int64_t time, bool is_day, struct buffer *out)
{
    enum { DAY_LENGTH = 10 };
    char text[CLOCK_TEXT_SIZE];
    clock_print(time, text);
    buffer_append(out, text, is_day ? DAY_LENGTH : CLOCK_TEXT_SIZE - 1);
}

static void write_part(const struct planned *event, char letter, struct buffer *out)
{
    switch (letter) {
    case 'o':
        buffer_print(out, "%" PRIu64, event->object > 0 ? event->object : event->number);
        break;
    case 'm':
        buffer_print(out, "%" PRId64, event->amount);
        break;
    case 'n':
        buffer_print(out, "%" PRIu32, event->count);
        break;
    case 'c':
        buffer_text(out, event->currency);
        break;
    case 'w':
        buffer_text(out, event->word);
        break;
    case 'v':
        buffer_text(out, event->second);
        break;
    case 'e':
        write_time(event->at, true, out);
        break;
    default:
        write_time(event->when, letter == 'd', out);
    }
}

static void write_data(const struct planned *event, struct buffer *out)
{
    const char *data = FORMS[event->kind].data;
    for (size_t length = 0; *data != '\0'; data += length) {
        length = strcspn(data, "%");
        buffer_append(out, data, length);
        if (data[length] == '\0')
            return;
        write_part(event, data[length + 1], out);
        length += 2;
    }
}

void planned_write(const struct planned *event, struct buffer *out)
{
    const struct form *form = &FORMS[event->kind];
    buffer_print(out, "{\"id\":\"h-%" PRIu64 "\",\"source\":\"%s\",\"type\":\"%s\",",
                 event->number, form->source, form->type);
    if (event->customer > 0)
        buffer_print(out, "\"subject\":\"customer-%" PRIu32 "\",", event->customer);
    buffer_text(out, "\"specversion\":\"1.0\",\"time\":\"");
    write_time(event->at, false, out);
    buffer_text(out, "\",\"data\":{");
    write_data(event, out);
    buffer_text(out, "}}\n");
}
