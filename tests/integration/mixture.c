#include "integration/mixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_SIZE = 32768, DAY = 1440, YEAR = 12 * 28 * DAY };

/* A merge, and its end, are rare: who is merged stays so for long. */
static const struct {
    const char *type;
    const char *data; /* but for the target of what is voided or merged */
    int share;        /* of a thousand */
} KINDS[] = {
    {"find.lead.created", "\"channel\":\"ad\"", 200},
    {"sell.order.placed", "\"order_id\":\"1\",\"amount\":1,\"currency\":\"EUR\",\"units\":1",
     200},
    {"deliver.fulfilment.started", "\"order_id\":\"1\"", 200},
    {"support.case.opened", "\"case_id\":\"1\"", 150},
    {"loyalty.program.joined", "\"program\":\"1\"", 100},
    {"loyalty.relationship.ended", "\"reason\":\"1\"", 50},
    {"stage.overridden", "\"stage\":\"deliver\",\"reason\":\"1\"", 40},
    {"event.voided", NULL, 50},
    {"customer.merged", NULL, 8},
    {"customer.unmerged", NULL, 2},
};

static int draw(struct writer *writer, int below)
{
    return rand_r(&writer->seed) % below;
}

static size_t draw_kind(struct writer *writer)
{
    size_t kind = 0;
    for (int place = draw(writer, 1000); place >= KINDS[kind].share; kind++)
        place -= KINDS[kind].share;
    return kind;
}

/* One of five events is late, by ten days at the most. */
static int draw_minute(struct writer *writer)
{
    int minute = writer->begins + writer->written * writer->step;
    int lateness = draw(writer, 5) == 0 ? draw(writer, 10 * DAY) : 0;
    if (minute >= YEAR)
        minute = YEAR - 1;
    return minute > lateness ? minute - lateness : 0;
}

static void write_event(struct writer *writer, FILE *out)
{
    size_t kind = draw_kind(writer);
    int minute = draw_minute(writer), day = minute / DAY;
    fprintf(out,
            "{\"source\":\"w%d\",\"id\":\"%d\",\"subject\":\"c%d\",\"type\":\"%s\","
            "\"time\":\"2024-%02d-%02dT%02d:%02d:00Z\",\"data\":{",
            writer->number, writer->written++, draw(writer, writer->customers),
            KINDS[kind].type, day / 28 + 1, day % 28 + 1, minute / 60 % 24, minute % 60);
    if (KINDS[kind].data != NULL)
        fprintf(out, "%s}}", KINDS[kind].data);
    else if (strcmp(KINDS[kind].type, "event.voided") == 0)
        fprintf(out, "\"source\":\"w%d\",\"id\":\"%d\",\"reason\":\"1\"}}", writer->number,
                draw(writer, writer->written));
    else
        fprintf(out, "\"into\":\"c%d\"}}", draw(writer, writer->customers));
}

bool writer_post(struct writer *writer, struct client *client, int count)
{
    char body[BODY_SIZE];
    FILE *out = fmemopen(body, sizeof body, "w");
    for (int i = 0; out != NULL && i < count; i++) {
        fputc(i == 0 ? '[' : ',', out);
        write_event(writer, out);
    }
    if (out == NULL || fputc(']', out) == EOF || fclose(out) != 0)
        return false;
    struct reply reply = client_post(client, "/v1/events", body);
    bool is_taken = reply.status == 200 && strstr(reply.body, "\"rejected\":0") != NULL;
    if (!is_taken)
        fprintf(stderr, "%d %s\n", reply.status, reply.body != NULL ? reply.body : "");
    reply_clear(&reply);
    return is_taken;
}
