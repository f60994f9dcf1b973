#include "integration/load.h"

#include "base/clock.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static void print_event(FILE *out, const char *source, int number)
{
    fprintf(
        out,
        "{\"source\":\"%s\",\"id\":\"%d\",\"type\":\"find.lead.created\",\"subject\":\"%s%d\","
        "\"time\":\"2025-01-01T00:00:00Z\",\"data\":{\"channel\":\"ad\"}}",
        source, number, source, number % 100);
}

/* Says that this subject has an identifier, which is somebody else's already. */
static void print_poison(FILE *out, int number)
{
    fprintf(out,
            "{\"source\":\"p\",\"id\":\"%d\",\"type\":\"customer.identified\","
            "\"subject\":\"thief\",\"time\":\"2025-01-01T00:00:00Z\","
            "\"data\":{\"identifiers\":[\"crm:owned\"]}}",
            number);
}

void load_take_identifier(struct client *client)
{
    struct reply reply =
        client_post(client, "/v1/events",
                    "{\"source\":\"p\",\"id\":\"owner\",\"type\":\"customer.identified\","
                    "\"subject\":\"owner\",\"time\":\"2025-01-01T00:00:00Z\","
                    "\"data\":{\"identifiers\":[\"crm:owned\"]}}");
    ck_assert_int_eq(reply.status, 201);
    reply_clear(&reply);
}

char *load_events(const char *source, int first, int count, int poison)
{
    char *body = NULL;
    size_t size;
    FILE *out = open_memstream(&body, &size);
    ck_assert_ptr_nonnull(out);
    for (int i = 0; i < count; i++) {
        fputs(count == 1 ? "" : i == 0 ? "[" : ",", out);
        if (i == poison)
            print_poison(out, first + i);
        else
            print_event(out, source, first + i);
    }
    fputs(count == 1 ? "" : "]", out);
    fclose(out);
    return body;
}

static int by_size(const void *left, const void *right)
{
    long one = *(const long *)left, other = *(const long *)right;
    return (one > other) - (one < other);
}

long load_print(const char *what, long *durations, int count)
{
    qsort(durations, (size_t)count, sizeof *durations, by_size);
    fprintf(stderr, "# %s: p50 %.2f ms, p99 %.2f ms\n", what,
            (double)durations[count / 2] / 1000, (double)durations[count * 99 / 100] / 1000);
    return durations[count * 99 / 100];
}

void load_measure(struct client *client, const char *source, int status, long *durations,
                  int count)
{
    for (int i = 0; i < count; i++) {
        char *body = load_events(source, i, 1, -1);
        int64_t began_at = clock_monotonic();
        struct reply reply = client_post(client, "/v1/events", body);
        durations[i] = (long)(clock_monotonic() - began_at);
        ck_assert_msg(reply.status == status, "%d %s", reply.status, reply.body);
        char seconds[16];
        ck_assert(status != 503 || reply_field(&reply, "Retry-After", seconds, sizeof seconds));
        reply_clear(&reply);
        free(body);
    }
}
