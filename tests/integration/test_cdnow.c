/* Real input: 69 659 purchases of 23 570 customers at an online music shop (CDNOW), against
 * figures counted independently; and the same file shuffled, posted by several writers at once
 * and in part twice, against the imported one. The file is not part of the project: without it
 * (CLMD_CDNOW names it) the test is skipped. */
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/client.h"
#include "integration/history.h"
#include "integration/service.h"
#include "tap.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PURCHASES = 69659, WRITERS = 4, BATCH = 250, AGAIN = PURCHASES / 10 };

struct figure {
    const char *question;
    const char *group;
    double value;
};

#define MEASURE(name) "{\"measure\":\"" name "\"}"
#define COHORT(cohort, k) "{\"cohort\":\"" cohort "\",\"k\":" k "}"

static const struct figure FIGURES[] = {
    {"purchases", MEASURE("purchases"), PURCHASES},
    {"purchases", MEASURE("units"), 167881},
    {"purchases", "{\"currency\":\"USD\",\"measure\":\"amount\"}", 250031563},
    {"repeat_rate", "null", 0.488587},
    {"lifespan", MEASURE("mean_all"), 134.871956},
    {"lifespan", MEASURE("mean_repeat"), 276.044807},
    {"gaps", MEASURE("p10"), 4},
    {"gaps", MEASURE("median"), 34},
    {"gaps", MEASURE("p90"), 200},
    {"cohort_retention", COHORT("1997-01", "0"), 1},
    {"cohort_retention", COHORT("1997-01", "1"), 0.147464},
    {"cohort_retention", COHORT("1997-01", "12"), 0.067295},
    {"stage_population", "{\"stage\":\"sell\",\"measure\":\"population\"}", 23570},
};

static const char *const WINDOWS[] = {
    "from=1997-01-01&to=1998-07-01",
    "from=1997-01-01&to=1998-07-01&interval=month",
    "from=1997-01-01&to=1998-07-01&interval=week&timezone=America/New_York",
    NULL,
};

/* The events, a line of JSON each, as the example's awk makes them. */
struct events {
    char *text;
    char *lines[PURCHASES];
};

static struct service service;
static struct events events;

static void read_events(void)
{
    char command[4096];
    size_t size = 0, capacity = 32 << 20;
    snprintf(command, sizeof command, "awk -f '%s/examples/cdnow.awk' '%s'", CLMD_SOURCE,
             getenv("CLMD_CDNOW"));
    FILE *output = popen(command, "r");
    ck_assert_ptr_nonnull(output);
    events.text = malloc(capacity);
    ck_assert_ptr_nonnull(events.text);
    size = fread(events.text, 1, capacity - 1, output);
    events.text[size] = '\0';
    ck_assert_int_eq(pclose(output), 0);
    char *line = events.text;
    for (size_t i = 0; i < PURCHASES; i++) {
        ck_assert_int_eq(*line, '{');
        events.lines[i] = line;
        line += strcspn(line, "\n");
        *line++ = '\0';
    }
    ck_assert_int_eq(*line, '\0');
}

static void write_file(const char *path)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < PURCHASES; i++)
        fprintf(file, "%s\n", events.lines[i]);
    ck_assert_int_eq(fclose(file), 0);
}

static void start(void)
{
    read_events();
    service_start(&service);
}

static void stop(void)
{
    service_remove(&service);
    free(events.text);
}

START_TEST(figures_are_those_counted)
{
    char file[128], output[4096];
    const char *const IMPORT[] = {"import", file, NULL};
    snprintf(file, sizeof file, "%s.ndjson", service.directory);
    write_file(file);
    int status = service_command(&service, IMPORT, output, sizeof output);
    ck_assert_msg(status == 0 && strstr(output, "69659 created, 0 duplicate") != NULL, "%s",
                  output);
    status = service_command(&service, IMPORT, output, sizeof output);
    ck_assert_msg(status == 0 && strstr(output, " 0 created, 69659 duplicate") != NULL, "%s",
                  output);
    remove(file);
    struct client *client = client_create(service.port, service.key);
    for (size_t i = 0; i < COUNT_OF(FIGURES); i++) {
        char path[128];
        snprintf(path, sizeof path, "/v1/metrics/%s?%s", FIGURES[i].question, WINDOWS[0]);
        json_t *answer = answer_get(client, path);
        json_t *row = answer_row(answer, FIGURES[i].group);
        double value = json_number_value(json_object_get(row, "value"));
        ck_assert_msg(fabs(value - FIGURES[i].value) < 1e-9, "%s %s: %f, not %f",
                      FIGURES[i].question, FIGURES[i].group, value, FIGURES[i].value);
        json_decref(answer);
    }
    client_destroy(client);
    answer_verified(&service);
}
END_TEST

struct writer {
    pthread_t thread;
    const struct service *service;
    const size_t *positions;
    size_t count;
    bool is_done;
};

static bool post_some(struct client *client, const size_t *positions, size_t count)
{
    char *body = NULL;
    size_t size;
    FILE *out = open_memstream(&body, &size);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i == 0 ? "[" : ",", events.lines[positions[i]]);
    fputs("]", out);
    fclose(out);
    struct reply reply = client_post(client, "/v1/events", body);
    bool is_good =
        reply.status == 200 && strstr(reply.body, "\"conflict\":0,\"rejected\":0") != NULL;
    reply_clear(&reply);
    free(body);
    return is_good;
}

static void *post_events(void *context)
{
    struct writer *writer = context;
    struct client *client = client_create(writer->service->port, writer->service->key);
    writer->is_done = true;
    for (size_t done = 0; done < writer->count && writer->is_done; done += BATCH) {
        size_t count = writer->count - done < BATCH ? writer->count - done : BATCH;
        writer->is_done = post_some(client, writer->positions + done, count);
    }
    client_destroy(client);
    return NULL;
}

static void post_shuffled(const struct service *other, unsigned seed)
{
    enum { SENT = PURCHASES + AGAIN };
    size_t *positions = calloc(SENT, sizeof *positions);
    struct writer writers[WRITERS];
    for (size_t i = 0; i < SENT; i++)
        positions[i] = i < PURCHASES ? i : (size_t)rand_r(&seed) % PURCHASES;
    history_shuffle(&seed, positions, SENT);
    for (size_t i = 0; i < WRITERS; i++) {
        size_t from = SENT * i / WRITERS;
        writers[i] = (struct writer){.service = other,
                                     .positions = positions + from,
                                     .count = SENT * (i + 1) / WRITERS - from};
        pthread_create(&writers[i].thread, NULL, post_events, &writers[i]);
    }
    for (size_t i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    for (size_t i = 0; i < WRITERS; i++)
        ck_assert(writers[i].is_done);
    free(positions);
}

/* After the test before: the same answers to the byte. */
START_TEST(shuffled_and_twice_is_the_same)
{
    struct service other;
    service_start(&other);
    post_shuffled(&other, 1997);
    struct client *one = client_create(service.port, service.key);
    struct client *two = client_create(other.port, other.key);
    char *expected = answer_all_metrics(one, WINDOWS);
    char *told = answer_all_metrics(two, WINDOWS);
    ck_assert_msg(strcmp(expected, told) == 0, "the metrics differ");
    ck_assert_uint_gt(strlen(expected), 100000);
    free(expected);
    free(told);
    client_destroy(one);
    client_destroy(two);
    answer_verified(&other);
    service_remove(&other);
}
END_TEST

int main(void)
{
    const char *path = getenv("CLMD_CDNOW");
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    if (file == NULL) {
        puts("1..0 # SKIP CDNOW_master.txt is not there (CLMD_CDNOW names it)");
        return EXIT_SUCCESS;
    }
    fclose(file);
    Suite *suite = suite_create("cdnow");
    TCase *cdnow = tcase_create("cdnow");
    tcase_add_unchecked_fixture(cdnow, start, stop);
    tcase_set_timeout(cdnow, 300);
    tcase_add_test(cdnow, figures_are_those_counted);
    tcase_add_test(cdnow, shuffled_and_twice_is_the_same);
    suite_add_tcase(suite, cdnow);
    return tap_run(suite);
}
