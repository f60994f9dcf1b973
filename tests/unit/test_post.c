/* The forms in which events come, up to what the database would be asked. */
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
    const struct problem problem = post_problem(&post, at);
    ck_assert_str_eq(problem.faults[0].pointer, pointer);
    ck_assert_msg(strstr(problem.detail, detail) != NULL, "%s", problem.detail);
}

/* JSON ------------------------------------------------------------------------------------- */

START_TEST(a_batch_may_be_empty)
{
    static const char BATCH[] = "application/cloudevents-batch+json";
    ck_assert(reads(BATCH, " [ ] "));
    ck_assert(post.is_array);
    ck_assert_uint_eq(post.count, 0);
    ck_assert(reads(BATCH, "[" LEAD("1") "," LEAD("2") "]"));
    assert_event(1, "2");
    ck_assert(!reads(BATCH, LEAD("1")));
    ck_assert_int_eq(why.code, PROBLEM_UNPROCESSABLE);
    ck_assert(!reads(BATCH, "[] []"));
    ck_assert_int_eq(why.code, PROBLEM_MALFORMED);
    ck_assert(!reads("application/json", "[]"));
    ck_assert_int_eq(why.code, PROBLEM_UNPROCESSABLE);
}
END_TEST

START_TEST(other_types_are_refused)
{
    static const char *const OTHERS[] = {"", "application/vnd.acme+json", "text/plain"};
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        ck_assert(!reads(OTHERS[i], LEAD("1")));
        ck_assert_int_eq(why.code, PROBLEM_UNSUPPORTED_MEDIA);
    }
}
END_TEST

/* NDJSON ----------------------------------------------------------------------------------- */

static const char NDJSON[] = "application/x-ndjson";

START_TEST(lines_are_events)
{
    ck_assert(
        reads(NDJSON, "\xef\xbb\xbf" LEAD("1") "\r\n\r\n \t\n" LEAD("2") " \n" LEAD("3")));
    ck_assert(post.is_array);
    ck_assert_uint_eq(post.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_event(i, (const char *[]){"1", "2", "3"}[i]);
    ck_assert_uint_eq(post.lines[0], 1);
    ck_assert_uint_eq(post.lines[1], 4);
    ck_assert_uint_eq(post.lines[2], 5);
}
END_TEST

START_TEST(a_bad_line_harms_no_other)
{
    ck_assert(reads(
        NDJSON, "{\"id\":\n" LEAD("1") "\n" LEAD("2")
                    LEAD("3") "\n\xe4\n"
                              "{\"id\":7}\n[]\n\xef\xbb\xbf" LEAD("4") "\n" LEAD("5") "\n"));
    ck_assert_uint_eq(post.count, 8);
    assert_rejected(0, "/0", "line 1: not valid JSON");
    assert_event(1, "1");
    assert_rejected(2, "/2", "line 3: more than one JSON value");
    assert_rejected(3, "/3", "line 4: not valid UTF-8");
    assert_rejected(4, "/4/id", "not valid");
    assert_rejected(5, "/5", "not valid");
    assert_rejected(6, "/6", "byte order mark");
    assert_event(7, "5");
}
END_TEST

START_TEST(a_long_line_harms_no_other)
{
    struct buffer body = buffer_create(request.arena, MEMORY);
    buffer_text(&body, LEAD("1") "\n{\"a\":0");
    for (int i = 0; i < 100000; i++)
        buffer_print(&body, ",\"%d\":0", i);
    buffer_text(&body, "}\n" LEAD("2"));
    buffer_append(&body, "", 1);
    ck_assert(reads(NDJSON, body.data));
    assert_event(0, "1");
    assert_rejected(1, "/1", "at most 262144 bytes");
    assert_event(2, "2");
}
END_TEST

START_TEST(lines_are_limited)
{
    struct buffer body = buffer_create(request.arena, MEMORY);
    for (int i = 0; i < POST_EVENTS; i++)
        buffer_text(&body, "7\n\n");
    buffer_append(&body, "", 1);
    ck_assert(reads(NDJSON, body.data));
    ck_assert_uint_eq(post.count, POST_EVENTS);
    body.data[body.length - 2] = '7';
    ck_assert(!reads(NDJSON, body.data));
    ck_assert_int_eq(why.code, PROBLEM_TOO_LARGE);
    ck_assert(!reads(NDJSON, ""));
    ck_assert(!reads(NDJSON, "\xef\xbb\xbf\r\n\n"));
    ck_assert_int_eq(why.code, PROBLEM_UNPROCESSABLE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("post");
    TCase *tests = tcase_create("post");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_batch_may_be_empty);
    tcase_add_test(tests, other_types_are_refused);
    tcase_add_test(tests, lines_are_events);
    tcase_add_test(tests, a_bad_line_harms_no_other);
    tcase_add_test(tests, a_long_line_harms_no_other);
    tcase_add_test(tests, lines_are_limited);
    return tap_run(suite);
}
