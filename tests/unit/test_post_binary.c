/* CloudEvents in binary mode: header fields and a body make an event. */
#include "api/post.h"
#include "base/clock.h"
#include "tap.h"

#include <string.h>

enum { MEMORY = 16 * 1024 * 1024 };

#define LEAD(id)                                                                               \
    "{\"id\":\"" id "\",\"source\":\"test\",\"subject\":\"acme\","                             \
    "\"type\":\"find.lead.created\",\"time\":\"2026-03-01T09:30:00Z\","                        \
    "\"data\":{\"channel\":\"ad\"}}"

static struct request request;
static struct post post;
static struct problem why;

static void set_up(void)
{
    request = (struct request){.arena = arena_create(MEMORY), .media_type = "application/json"};
}

static void tear_down(void)
{
    arena_destroy(request.arena);
}

static bool reads(const char *media_type, const char *body)
{
    request.media_type = media_type;
    request.body = body;
    request.body_length = strlen(body);
    post = (struct post){.arena = request.arena, .context = {.now = clock_utc()}};
    why = (struct problem){.code = PROBLEM_NONE};
    return post_read(&request, &post, &why);
}

static void assert_event(size_t at, const char *id)
{
    ck_assert_uint_lt(at, post.count);
    ck_assert_int_eq(post.items[at].outcome, OUTCOME_CREATED);
    ck_assert_str_eq(post.items[at].event.id, id);
}

static void assert_rejected(size_t at, const char *pointer, const char *detail)
{
    ck_assert_uint_lt(at, post.count);
    ck_assert_int_eq(post.items[at].outcome, OUTCOME_REJECTED);
    const struct problem *problem = post.items[at].problem;
    ck_assert_str_eq(problem->faults[0].pointer, pointer);
    ck_assert_msg(strstr(problem->detail, detail) != NULL, "%s", problem->detail);
}

enum { FIELDS = 8 };

static struct header_field fields[FIELDS];

static void set_fields(const struct header_field *given)
{
    request.fields = fields;
    request.field_count = 0;
    for (; given->name != NULL; given++)
        fields[request.field_count++] = *given;
}

static const struct header_field LEAD_FIELDS[] = {{"specversion", "1.0"},
                                                  {"id", "1"},
                                                  {"source", "test"},
                                                  {"subject", "acme"},
                                                  {"type", "find.lead.created"},
                                                  {"time", "2026-03-01T09:30:00Z"},
                                                  {"traceparent", "00-a"},
                                                  {NULL, NULL}};

#define LEAD_TEXT                                                                              \
    "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"test\",\"subject\":\"acme\","          \
    "\"type\":\"find.lead.created\",\"time\":\"2026-03-01T09:30:00Z\","                        \
    "\"traceparent\":\"00-a\","

static void assert_body(const char *text)
{
    const struct event *event = &post.items->event;
    ck_assert_int_eq(post.items->outcome, OUTCOME_CREATED);
    ck_assert_uint_eq(event->body_length, strlen(text));
    ck_assert_msg(memcmp(event->body, text, strlen(text)) == 0, "%.*s", (int)event->body_length,
                  event->body);
}

START_TEST(fields_are_attributes)
{
    set_fields(LEAD_FIELDS);
    ck_assert(reads("application/json", " {\"channel\": \"ad\"}\r\n"));
    ck_assert(!post.is_array);
    assert_event(0, "1");
    assert_body(LEAD_TEXT "\"data\":{\"channel\": \"ad\"}}");
    ck_assert(reads("application/vnd.acme+json", "{\"channel\":\"ad\"}"));
    assert_body(LEAD_TEXT "\"datacontenttype\":\"application/vnd.acme+json\","
                          "\"data\":{\"channel\":\"ad\"}}");
}
END_TEST

START_TEST(an_event_may_have_no_data)
{
    set_fields(LEAD_FIELDS);
    fields[4].value = "find.lead.profiled";
    ck_assert(reads("", ""));
    ck_assert_int_eq(post.items->outcome, OUTCOME_CREATED);
    const struct event *event = &post.items->event;
    ck_assert_ptr_null(memmem(event->body, event->body_length, "data", strlen("data")));
}
END_TEST

/* The media type of structured mode goes before the fields. */
START_TEST(structured_mode_goes_first)
{
    set_fields(LEAD_FIELDS);
    ck_assert(reads("application/cloudevents+json", LEAD("9")));
    assert_event(0, "9");
    ck_assert(reads("application/cloudevents-batch+json", "[" LEAD("8") "]"));
    assert_event(0, "8");
    request.field_count = 0;
    ck_assert(reads("application/json", LEAD("7")));
    assert_event(0, "7");
}
END_TEST

static const struct {
    const char *value, *id; /* NULL: refused */
} VALUES[] = {
    {"plain", "plain"},
    {"a%20b", "a b"},
    {"a b", "a b"},
    {"Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"%e2%82%ac", "\xe2\x82\xac"},
    {"\xe2\x82\xac", "\xe2\x82\xac"},
    {"%61%2D", "a-"},
    {"%2541", "%41"},
    {"a+b", "a+b"},
    {"\"quoted\"", "quoted"},
    {"\"a \\\"b\\\" \\\\ c\"", "a \"b\" \\ c"},
    {"\"%22%20x\"", "\" x"},
    {"%22x%22", "\"x\""},
    {"\"not ended", NULL},
    {"\"not ended\\\"", NULL},
    {"%", NULL},
    {"%4", NULL},
    {"%zz", NULL},
    {"%00", NULL},
    {"%E2%82", NULL},
    {"\xe4", NULL},
    {"%0a", NULL},
    {"", NULL},
};

START_TEST(values_are_decoded)
{
    set_fields(LEAD_FIELDS);
    fields[1].value = VALUES[_i].value;
    ck_assert(reads("application/json", "{\"channel\":\"ad\"}"));
    if (VALUES[_i].id != NULL)
        assert_event(0, VALUES[_i].id);
    else
        assert_rejected(0, "/id", "not valid");
}
END_TEST

static const struct {
    size_t at; /* of the fields, replaced by: */
    struct header_field field;
    const char *pointer;
} FAULTS[] = {
    {0, {"specversion", "0.3"}, "/specversion"},
    {1, {"ident", "1"}, "/id"},
    {2, {"id", "2"}, "/id"},
    {5, {"time", "2026-03-01"}, "/time"},
    {6, {"data", "{}"}, "/data"},
    {6, {"datacontenttype", "application/json"}, "/datacontenttype"},
    {6, {"trace_parent", "00"}, "/trace_parent"},
    {6, {"\xff", "00"}, "/?"},
    {6, {"", "00"}, "/"},
};

START_TEST(faults_point_into_the_object)
{
    set_fields(LEAD_FIELDS);
    fields[FAULTS[_i].at] = FAULTS[_i].field;
    ck_assert(reads("application/json", "{\"channel\":\"ad\"}"));
    ck_assert_int_eq(post.items->outcome, OUTCOME_REJECTED);
    bool is_found = false;
    for (unsigned i = 0; i < post.items->problem->fault_count; i++)
        is_found |= strcmp(post.items->problem->faults[i].pointer, FAULTS[_i].pointer) == 0;
    ck_assert_msg(is_found, "%s", post.items->problem->faults[0].pointer);
}
END_TEST

START_TEST(the_body_is_the_data)
{
    set_fields(LEAD_FIELDS);
    ck_assert(reads("application/json", "{\"channel\":\"owl\"}"));
    assert_rejected(0, "/data/channel", "not valid");
    ck_assert(reads("application/json", "[]"));
    assert_rejected(0, "/data", "not valid");
    ck_assert(!reads("application/json", "{\"channel\":\"ad\"} {}"));
    ck_assert_int_eq(why.code, PROBLEM_MALFORMED);
    ck_assert(!reads("application/json", "{\"channel\":"));
    ck_assert_str_eq(why.detail, "not valid JSON: it ends too early, at byte 11");
    ck_assert(!reads("text/plain", "{\"channel\":\"ad\"}"));
    ck_assert_int_eq(why.code, PROBLEM_UNSUPPORTED_MEDIA);
    ck_assert(!reads("application/x-ndjson", "{\"channel\":\"ad\"}"));
    ck_assert_int_eq(why.code, PROBLEM_UNSUPPORTED_MEDIA);
}
END_TEST

START_TEST(large_data_is_refused)
{
    enum { ROOM = EVENT_BODY_LIMIT + 2 };
    char *body = arena_alloc(request.arena, ROOM + 1);
    memset(body, 'x', ROOM);
    memcpy(body, "{\"channel\":\"ad\",\"x\":\"", 21);
    set_fields(LEAD_FIELDS);
    for (size_t length = ROOM; length > ROOM - 50; length -= 10) {
        memcpy(body + length - 2, "\"}", 3);
        ck_assert(reads("application/json", body));
        assert_rejected(0, "", "at most 262144 bytes");
    }
    memcpy(body + ROOM - 300, "\"}", 3);
    ck_assert(reads("application/json", body));
    assert_event(0, "1");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("post_binary");
    TCase *tests = tcase_create("post_binary");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, fields_are_attributes);
    tcase_add_test(tests, an_event_may_have_no_data);
    tcase_add_test(tests, structured_mode_goes_first);
    tcase_add_loop_test(tests, values_are_decoded, 0, COUNT_OF(VALUES));
    tcase_add_loop_test(tests, faults_point_into_the_object, 0, COUNT_OF(FAULTS));
    tcase_add_test(tests, the_body_is_the_data);
    tcase_add_test(tests, large_data_is_refused);
    return tap_run(suite);
}
