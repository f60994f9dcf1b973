#include "events.h"

#include "base/clock.h"
#include "base/compiler.h"

#include <inttypes.h>
#include <string.h>

static const int64_t DAY_MICROSECONDS = INT64_C(86400000000);

/* In the data, # stands for the event's number and $ for an amount. */
struct kind {
    unsigned weight;
    const char *source, *type, *data;
};

static const struct kind KINDS[] = {
    {14, "web", "find.touch.recorded",
     "\"channel\":\"newsletter\",\"campaign\":\"spring\",\"page\":\"/offers/#\""},
    {7, "crm", "find.lead.created", "\"channel\":\"web_form\",\"campaign\":\"spring\""},
    {4, "crm", "find.lead.qualified", "\"level\":\"mql\",\"score\":64"},
    {4, "crm", "sell.opportunity.opened",
     "\"opportunity_id\":\"opp-#\",\"amount\":$,\"currency\":\"EUR\",\"origin\":\"new\""},
    {5, "crm", "sell.quote.sent",
     "\"quote_id\":\"quote-#\",\"amount\":$,\"currency\":\"EUR\",\"channel\":\"email\""},
    {12, "shop", "sell.order.placed",
     "\"order_id\":\"order-#\",\"amount\":$,\"currency\":\"EUR\",\"units\":2,"
     "\"items\":[{\"offering\":\"standard\",\"units\":2,\"amount\":$}]"},
    {7, "warehouse", "deliver.fulfilment.started", "\"order_id\":\"order-#\""},
    {7, "warehouse", "deliver.shipment.sent",
     "\"order_id\":\"order-#\",\"shipment_id\":\"ship-#\",\"carrier\":\"post\""},
    {9, "product", "deliver.usage.recorded",
     "\"feature\":\"report\",\"quantity\":$,\"unit\":\"pages\""},
    {7, "billing", "bill.invoice.issued",
     "\"invoice_id\":\"inv-#\",\"amount\":$,\"currency\":\"EUR\",\"due_at\":\"2030-01-31\""},
    {9, "billing", "bill.payment.succeeded",
     "\"payment_id\":\"pay-#\",\"amount\":$,\"currency\":\"EUR\",\"method\":\"card\""},
    {2, "billing", "bill.payment.failed",
     "\"payment_id\":\"pay-#\",\"amount\":$,\"currency\":\"EUR\","
     "\"reason\":\"insufficient_funds\",\"attempt\":1"},
    {4, "desk", "support.case.opened",
     "\"case_id\":\"case-#\",\"priority\":\"high\",\"category\":\"delivery\""},
    {4, "desk", "support.case.closed",
     "\"case_id\":\"case-#\",\"resolution\":\"solved\",\"minutes\":12,"
     "\"cost\":{\"amount\":$,\"currency\":\"EUR\"}"},
    {1, "club", "loyalty.program.joined", "\"program\":\"gold\""},
    {3, "club", "loyalty.points.earned", "\"points\":40,\"order_id\":\"order-#\""},
    {1, "club", "loyalty.referral.made", "\"referral_id\":\"ref-#\",\"channel\":\"email\""},
};

/* Marsaglia's xorshift, "Xorshift RNGs", 2003. */
static uint64_t draw(struct events *events, uint64_t below)
{
    events->random ^= events->random << 13;
    events->random ^= events->random >> 7;
    events->random ^= events->random << 17;
    return events->random % below;
}

static const struct kind *draw_kind(struct events *events)
{
    unsigned total = 0;
    for (size_t i = 0; i < COUNT_OF(KINDS); i++)
        total += KINDS[i].weight;
    uint64_t place = draw(events, total);
    const struct kind *kind = KINDS;
    while (place >= kind->weight)
        place -= kind++->weight;
    return kind;
}

static int64_t draw_time(struct events *events)
{
    if (draw(events, 100) < events->late)
        return events->begin - 365 * DAY_MICROSECONDS +
               (int64_t)draw(events, (uint64_t)DAY_MICROSECONDS);
    return events->begin + (int64_t)events->number * events->step;
}

static void write_data(struct buffer *out, const char *data, uint64_t number, uint64_t amount)
{
    for (size_t length = 0; *data != '\0'; data += length) {
        length = strcspn(data, "#$");
        buffer_append(out, data, length);
        if (data[length] == '\0')
            return;
        buffer_print(out, "%" PRIu64, data[length] == '#' ? number : amount);
        length++;
    }
}

void events_write(struct events *events, struct buffer *out)
{
    const struct kind *kind = draw_kind(events);
    char time[CLOCK_TEXT_SIZE];
    events->number++;
    clock_print(draw_time(events), time);
    buffer_print(out,
                 "{\"specversion\":\"1.0\",\"id\":\"%s-%" PRIu64
                 "\",\"source\":\"%s\",\"type\":\"%s\",\"subject\":\"customer-%" PRIu64
                 "\",\"time\":\"%s\",\"data\":{",
                 events->run, events->number, kind->source, kind->type,
                 draw(events, events->customers), time);
    write_data(out, kind->data, events->number, 100 + draw(events, 100000));
    buffer_text(out, "}}");
}
