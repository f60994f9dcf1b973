/* Claims: every request has one line in the log, with its ids, times and sizes; no line, at
 * whatever level, has a secret, a payload, or whom a request was about. */
#include "integration/client.h"
#include "integration/service.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What must not be found again. */
#define CUSTOMER "gudrun-77"
#define MAIL "gudrun@example.org"
#define WORDS "complains-about-her-neighbour"
#define GUESS                                                                                  \
    "clm_0123456789abcdef_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static struct service service;
static char text[1 << 20];

static void set_up(void)
{
    setenv("CLMD_ACCESS_LOG", "all", 1);
    setenv("CLMD_LOG_LEVEL", "debug", 1);
    service_start(&service);
}

static void tear_down(void)
{
    service_remove(&service);
}

static void read_log(void)
{
    FILE *log = fopen(service.log_path, "r");
    ck_assert_ptr_nonnull(log);
    text[fread(text, 1, sizeof text - 1, log)] = '\0';
    fclose(log);
}

/* The only line with these words, terminated. */
static char *only_line(const char *words)
{
    char *found = strstr(text, words);
    ck_assert_msg(found != NULL, "no line has %s", words);
    ck_assert_msg(strstr(found + 1, words) == NULL, "two lines have %s", words);
    while (found > text && found[-1] != '\n')
        found--;
    found[strcspn(found, "\n")] = '\0';
    return found;
}

static const struct {
    const char *method, *path, *key, *fields, *body;
    int status;
    const char *parts[6]; /* of its line */
} ASKED[] = {
    {"POST",
     "/v1/events?dry_run=false",
     "",
     "traceparent: 00-" TRACE "-" SPAN "-01\r\n",
     "{\"id\":\"1\",\"source\":\"s\",\"type\":\"support.case.opened\",\"subject\":\"" CUSTOMER
     "\",\"time\":\"2026-03-01T09:30:00Z\",\"data\":{\"case_id\":\"" WORDS
     "\",\"channel\":\"email\"}}",
     201,
     {"trace=" TRACE, "parent=" SPAN, "route=/v1/events", "status=201", "method=POST"}},
    {"POST",
     "/v1/events",
     "",
     "",
     "{\"id\":\"2\",\"source\":\"s\",\"subject\":\"" CUSTOMER "\",\"data\":\"" WORDS "\"}",
     422,
     {"route=/v1/events", "status=422", "trace=\"\""}},
    {"POST", "/v1/events", "", "", "{\"subject\": " CUSTOMER, 400, {"status=400"}},
    {"GET",
     "/v1/customers/" CUSTOMER,
     "",
     "traceparent: 00-" TRACE "-" SPAN "-00-\r\n",
     NULL,
     200,
     {"route=/v1/customers/{ref}", "status=200", "received=0", "trace=\"\""}},
    {"GET", "/v1/customers/email:" MAIL, "", "", NULL, 404, {"status=404"}},
    {"GET", "/v1/customers?q=" CUSTOMER, "", "", NULL, 200, {"route=/v1/customers "}},
    {"GET", "/v1/customers?wrong=" CUSTOMER, "", "", NULL, 422, {"route=/v1/customers "}},
    {"GET", "/" CUSTOMER, "", "", NULL, 404, {"route=\"\"", "status=404"}},
    {"GET", "/v1/stages", GUESS, "", NULL, 401, {"status=401", "key=\"\""}},
    {CUSTOMER, "/v1/stages", "", "", NULL, 405, {"method=other", "status=405"}},
    {"PUT",
     "/v1/customers/" CUSTOMER,
     "",
     "Content-Type: application/json\r\n",
     "{\"identifiers\":[\"email:" MAIL "\"],\"attributes\":{\"notes\":\"" WORDS "\"}}",
     0,
     {NULL}},
};

static void ask(size_t number)
{
    char fields[256];
    const char *body = ASKED[number].body;
    struct client *client =
        client_create(service.port, ASKED[number].key[0] ? ASKED[number].key : service.key);
    snprintf(fields, sizeof fields, "X-Request-Id: asked-%zu.\r\n%s%s", number,
             body && !strstr(ASKED[number].fields, "Content-Type")
                 ? "Content-Type: application/json\r\n"
                 : "",
             ASKED[number].fields);
    struct reply reply = client_ask(client, ASKED[number].method, ASKED[number].path, fields,
                                    body, body ? strlen(body) : 0);
    ck_assert_msg(ASKED[number].status == 0 || reply.status == ASKED[number].status,
                  "%zu: %d %s", number, reply.status, reply.body);
    reply_clear(&reply);
    client_destroy(client);
}

static void check_line(size_t number)
{
    static const char *const ALWAYS[] = {
        " queue_ms=", " database_ms=", " total_ms=", " sent=", " address=127.0.0.1 "};
    char words[32];
    snprintf(words, sizeof words, "request=asked-%zu. ", number);
    const char *line = only_line(words);
    for (size_t i = 0; i < sizeof ALWAYS / sizeof *ALWAYS; i++)
        ck_assert_msg(strstr(line, ALWAYS[i]) != NULL, "%s: %s", ALWAYS[i], line);
    for (size_t i = 0; ASKED[number].parts[i] != NULL; i++)
        ck_assert_msg(strstr(line, ASKED[number].parts[i]) != NULL, "%s: %s",
                      ASKED[number].parts[i], line);
}

START_TEST(every_request_has_its_line_and_no_line_a_secret)
{
    static const char *const SECRETS[] = {CUSTOMER, MAIL, WORDS, GUESS + 21, "@example"};
    for (size_t i = 0; i < sizeof ASKED / sizeof *ASKED; i++)
        ask(i);
    ck_assert_int_eq(service_stop(&service), 0);
    read_log();
    for (size_t i = 0; i < sizeof SECRETS / sizeof *SECRETS; i++)
        ck_assert_msg(strstr(text, SECRETS[i]) == NULL, "%s", strstr(text, SECRETS[i]));
    ck_assert_ptr_null(strstr(text, service.key + 21));
    for (size_t i = 0; i < sizeof ASKED / sizeof *ASKED; i++) {
        read_log(); /* lines were cut out of it */
        check_line(i);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("logs");
    TCase *all = tcase_create("logs");
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, every_request_has_its_line_and_no_line_a_secret);
    suite_add_tcase(suite, all);
    return tap_run(suite);
}
