#include "integration/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum move { ACTIVITY, ENTER, ADVANCE, EXIT };

struct kind {
    const char *type;
    enum move move;
    int stage;
    const char *data; /* printed with order, amount and stage name */
};

static const char *const STAGES[] = {"",     "find",    "sell",   "deliver",
                                     "bill", "support", "loyalty"};

enum { ORDER_PLACED, ORDER_CANCELLED, PAYMENT, REFUND, OVERRIDDEN, VOIDED, OTHERS };

static const struct kind KINDS[] = {
    [ORDER_PLACED] = {"sell.order.placed", ENTER, 2,
                      "\"order_id\":\"o%d\",\"amount\":%d,\"currency\":\"EUR\",\"units\":1"},
    [ORDER_CANCELLED] = {"sell.order.cancelled", ACTIVITY, 2,
                         "\"order_id\":\"o%d\",\"reason\":\"%d\""},
    [PAYMENT] = {"bill.payment.succeeded", ADVANCE, 4,
                 "\"payment_id\":\"p%d\",\"amount\":%d,\"currency\":\"EUR\""},
    [REFUND] = {"bill.refund.issued", ACTIVITY, 4,
                "\"refund_id\":\"r%d\",\"amount\":%d,\"currency\":\"EUR\""},
    [OVERRIDDEN] = {"stage.overridden", ENTER, 0, "\"reason\":\"%d %d\""},
    [VOIDED] = {"event.voided", ACTIVITY, 0, "\"reason\":\"%d %d\""},
    [OTHERS] = {"find.lead.created", ENTER, 1, "\"channel\":\"ad\",\"campaign\":\"%d-%d\""},
    {"deliver.fulfilment.started", ADVANCE, 3, "\"order_id\":\"o%d\",\"note\":\"%d\""},
    {"support.case.opened", ADVANCE, 5, "\"case_id\":\"k%d\",\"note\":\"%d\""},
    {"support.complaint.recorded", ENTER, 5, "\"category\":\"%d\",\"note\":\"%d\""},
    {"loyalty.program.joined", ENTER, 6, "\"program\":\"%d\",\"note\":\"%d\""},
    {"loyalty.relationship.ended", EXIT, 6, "\"reason\":\"%d %d\""},
};

static int draw(unsigned *seed, int below)
{
    return rand_r(seed) % below;
}

void history_shuffle(unsigned *seed, size_t *positions, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)draw(seed, (int)i);
        size_t kept = positions[i - 1];
        positions[i - 1] = positions[j];
        positions[j] = kept;
    }
}

static void print_time(int minute, char *text, size_t size)
{
    int day = minute / 1440;
    snprintf(text, size, "2025-%02d-%02dT%02d:%02d:00Z", day / 28 + 1, day % 28 + 1,
             minute / 60 % 24, minute % 60);
}

static void write_body(const struct history *history, struct past_event *event)
{
    char time[40], data[192], more[96] = "";
    const struct kind *kind = &KINDS[event->kind];
    print_time(event->minute, time, sizeof time);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(data, sizeof data, kind->data, event->order, event->amount);
#pragma GCC diagnostic pop
    if (event->kind == OVERRIDDEN)
        snprintf(more, sizeof more, ",\"stage\":\"%s\"", STAGES[event->stage]);
    else if (event->kind == VOIDED)
        snprintf(more, sizeof more, ",\"source\":\"h\",\"id\":\"%s\"",
                 history->events[event->target].id);
    snprintf(
        event->body, sizeof event->body,
        "{\"source\":\"h\",\"id\":\"%s\",\"type\":\"%s\",\"subject\":\"c%d\",\"time\":\"%s\","
        "\"data\":{%s%s}}",
        event->id, kind->type, event->customer, time, data, more);
}

struct history *history_create(unsigned seed)
{
    struct history *history = calloc(1, sizeof *history);
    for (int i = 0; history != NULL && i < HISTORY_EVENTS; i++) {
        struct past_event *event = &history->events[i];
        event->customer = draw(&seed, HISTORY_CUSTOMERS);
        event->kind = draw(&seed, (int)(sizeof KINDS / sizeof *KINDS));
        event->minute = draw(&seed, 200) * 1440 + draw(&seed, 3) * 717;
        event->stage =
            event->kind == OVERRIDDEN ? 1 + draw(&seed, 6) : KINDS[event->kind].stage;
        event->order = draw(&seed, 60);
        event->amount = draw(&seed, 10000);
        event->target = event->kind == VOIDED ? draw(&seed, HISTORY_EVENTS) : -1;
        snprintf(event->id, sizeof event->id, "e%d", draw(&seed, 1000) * HISTORY_EVENTS + i);
    }
    for (int i = 0; history != NULL && i < HISTORY_EVENTS; i++) {
        struct past_event *event = &history->events[i];
        if (event->target >= 0 && history->events[event->target].kind != VOIDED)
            history->events[event->target].is_voided = true;
        write_body(history, event);
    }
    return history;
}

static int by_time(const void *left, const void *right)
{
    const struct past_event *one = *(const struct past_event *const *)left;
    const struct past_event *other = *(const struct past_event *const *)right;
    if (one->minute != other->minute)
        return one->minute < other->minute ? -1 : 1;
    if (one->stage != other->stage)
        return one->stage < other->stage ? -1 : 1;
    return strcmp(one->id, other->id);
}

struct stay {
    int stage, cycle;
    const char *kind;
    int entered, left; /* left: −1 while open */
};

static const char *kind_of_move(int from, int to, bool is_first)
{
    if (from == 0)
        return is_first ? "enter" : "return";
    if (from >= 3 && to <= 2)
        return "loop";
    return to == from + 1 ? "advance" : to > from ? "skip" : "regress";
}

static size_t fold(const struct past_event *const *events, size_t count, struct stay *stays)
{
    size_t length = 0;
    int stage = 0, cycle = 1;
    for (size_t i = 0; i < count; i++) {
        enum move move = KINDS[events[i]->kind].move;
        int to = move == EXIT ? 0 : events[i]->stage;
        if (to == stage || (move == ADVANCE && to < stage))
            continue;
        if (stage != 0)
            stays[length - 1].left = events[i]->minute;
        if (to != 0) {
            const char *kind = kind_of_move(stage, to, length == 0);
            cycle += strcmp(kind, "loop") == 0 || strcmp(kind, "return") == 0;
            stays[length++] = (struct stay){to, cycle, kind, events[i]->minute, -1};
        }
        stage = to;
    }
    return length;
}

char *history_visits(const struct history *history, int customer)
{
    const struct past_event *events[HISTORY_EVENTS];
    struct stay stays[HISTORY_EVENTS];
    size_t count = 0;
    for (int i = 0; i < HISTORY_EVENTS; i++) {
        const struct past_event *event = &history->events[i];
        if (event->customer == customer && !event->is_voided &&
            KINDS[event->kind].move != ACTIVITY)
            events[count++] = event;
    }
    qsort(events, count, sizeof *events, by_time);
    size_t length = fold(events, count, stays);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; out != NULL && i < length; i++) {
        char entered[40], left[40] = "-";
        print_time(stays[i].entered, entered, sizeof entered);
        if (stays[i].left >= 0)
            print_time(stays[i].left, left, sizeof left);
        fprintf(out, "%s %d %s %s %s\n", STAGES[stays[i].stage], stays[i].cycle, stays[i].kind,
                entered, left);
    }
    if (out != NULL)
        fclose(out);
    return text;
}

void history_purchases(const struct history *history, long *count, long *amount)
{
    *count = *amount = 0;
    for (int i = 0; i < HISTORY_EVENTS; i++) {
        const struct past_event *order = &history->events[i];
        bool is_live = order->kind == ORDER_PLACED && !order->is_voided;
        for (int j = 0; j < HISTORY_EVENTS && is_live; j++) {
            const struct past_event *cancel = &history->events[j];
            is_live = cancel->kind != ORDER_CANCELLED || cancel->is_voided ||
                      cancel->customer != order->customer || cancel->order != order->order;
        }
        *count += is_live;
        *amount += is_live ? order->amount : 0;
    }
}
