#include "http/condition.h"
#include "tap.h"

#include <string.h>

static struct request request;
static struct route route;
static struct headers headers;
static struct problem why;

static bool answer_text(struct request *asked, struct problem *unused)
{
    (void)unused;
    return respond_json(asked, 200, "{}", 2);
}

static void set_up(void)
{
    route = (struct route){.method = "GET", .answer = answer_text, .is_tagged = true};
    request = (struct request){
        .arena = arena_create(1 << 20), .route = &route, .method = "GET", .id = "test"};
    headers = (struct headers){0};
    why = (struct problem){0};
}

static void tear_down(void)
{
    arena_destroy(request.arena);
}

/* The first half of SHA-256("{}"); tests/sql/test_changes.sql has the same. */
static const char TAG[] = "\"44136fa355b3678a1146ad16f7e8649e\"";

START_TEST(a_tag_names_the_bytes)
{
    char tag[TAG_SIZE];
    tag_of("{}", 2, tag);
    ck_assert_str_eq(tag, TAG);
    tag_of("", 0, tag);
    ck_assert_str_ne(tag, TAG);
}
END_TEST

static const struct {
    const char *list;
    bool has_it;
} LISTS[] = {
    {"*", true},
    {"\"a\"", true},
    {"W/\"a\"", true},
    {"\"b\", \"a\"", true},
    {"\"b\",W/\"a\"", true},
    {"\"b\", , \"a\"", true},
    {" ,\"a\",", true},
    {"\"b\"", false},
    {"\"aa\"", false},
    {"\"\"", false},
    {"\"b,\"a\"", false},
};

START_TEST(a_tag_is_found_in_a_list)
{
    ck_assert(tag_is_listed(LISTS[_i].list, "\"a\"") == LISTS[_i].has_it);
}
END_TEST

static const struct {
    enum header header;
    const char *value;
    enum problem_code code;
} FIELDS[] = {
    {HEADER_IF_MATCH, "\"a\"", PROBLEM_NONE},
    {HEADER_IF_MATCH, "*", PROBLEM_NONE},
    {HEADER_IF_MATCH, "W/\"a\" , \"b,c\"", PROBLEM_NONE},
    {HEADER_IF_NONE_MATCH, "*", PROBLEM_NONE},
    {HEADER_IF_MATCH, "a", PROBLEM_MALFORMED},
    {HEADER_IF_MATCH, "\"a", PROBLEM_MALFORMED},
    {HEADER_IF_MATCH, "\"a\" b", PROBLEM_MALFORMED},
    {HEADER_IF_MATCH, "", PROBLEM_MALFORMED},
    {HEADER_IF_NONE_MATCH, "w/\"a\"", PROBLEM_MALFORMED},
    {HEADER_IF_NONE_MATCH, ", \"a\", ,\"b\",", PROBLEM_NONE},
    {HEADER_IF_MATCH, " , ", PROBLEM_MALFORMED},
    {HEADER_REQUEST_ID, "x", PROBLEM_PRECONDITION_REQUIRED},
};

START_TEST(conditions_are_read)
{
    route.requires_match = true;
    headers.values[FIELDS[_i].header] = FIELDS[_i].value;
    ck_assert(condition_read(&headers, &request, &why) == (FIELDS[_i].code == PROBLEM_NONE));
    ck_assert_int_eq(why.code, FIELDS[_i].code);
}
END_TEST

static const struct {
    const char *value, *key; /* NULL: malformed */
} KEYS[] = {
    {"8e03978e-40d5", "8e03978e-40d5"},
    {"\"8e03978e-40d5\"", "8e03978e-40d5"},
    {"\"a \\\"b\\\" \\\\\"", "a \"b\" \\"},
    {"", NULL},
    {"\"\"", NULL},
    {"\"a", NULL},
    {"a\"", NULL},
    {"\"a\"b", NULL},
    {"\"a\\\"", NULL},
    {"\xc3\xa4", NULL},
};

START_TEST(idempotency_keys_are_read)
{
    route.keeps_answer = true;
    headers.values[HEADER_IDEMPOTENCY_KEY] = KEYS[_i].value;
    ck_assert(condition_read(&headers, &request, &why) == (KEYS[_i].key != NULL));
    if (KEYS[_i].key)
        ck_assert_str_eq(request.idempotency_key, KEYS[_i].key);
    else
        ck_assert_int_eq(why.code, PROBLEM_MALFORMED);
}
END_TEST

START_TEST(idempotency_keys_are_bounded)
{
    char key[258];
    memset(key, 'k', sizeof key);
    key[256] = '\0';
    route.keeps_answer = true;
    headers.values[HEADER_IDEMPOTENCY_KEY] = key;
    ck_assert(!condition_read(&headers, &request, &why));
    headers.values[HEADER_IDEMPOTENCY_KEY] = key + 1;
    ck_assert(condition_read(&headers, &request, &why));
}
END_TEST

START_TEST(where_no_answer_is_kept_the_key_says_nothing)
{
    headers.values[HEADER_IDEMPOTENCY_KEY] = "";
    ck_assert(condition_read(&headers, &request, &why));
    ck_assert_ptr_null(request.idempotency_key);
}
END_TEST

static const char *tag_of_answer(void)
{
    for (size_t i = 0; i < request.answer.field_count; i++)
        if (strcmp(request.answer.fields[i].name, "ETag") == 0)
            return request.answer.fields[i].value;
    return NULL;
}

START_TEST(what_the_caller_has_is_not_sent_again)
{
    ck_assert(request_answer(&request, &why));
    ck_assert_int_eq(request.answer.status, 200);
    ck_assert_str_eq(tag_of_answer(), TAG);

    request.answer = (struct answer){0};
    request.if_none_match = TAG;
    ck_assert(request_answer(&request, &why));
    ck_assert_int_eq(request.answer.status, 304);
    ck_assert_ptr_null(request.answer.content_type);
    ck_assert_str_eq(tag_of_answer(), TAG);

    request.answer = (struct answer){0};
    request.if_none_match = "\"other\"";
    ck_assert(request_answer(&request, &why));
    ck_assert_int_eq(request.answer.status, 200);
}
END_TEST

START_TEST(a_handler_may_tag_its_answer_itself)
{
    ck_assert(respond_field(&request, "ETag", "\"of the set\""));
    ck_assert(request_answer(&request, &why));
    ck_assert_uint_eq(request.answer.field_count, 1);
    ck_assert_str_eq(tag_of_answer(), "\"of the set\"");
}
END_TEST

START_TEST(a_change_is_never_left_out)
{
    request.method = "PUT";
    request.if_none_match = "*";
    ck_assert(request_answer(&request, &why));
    ck_assert_int_eq(request.answer.status, 200);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("condition");
    TCase *tests = tcase_create("condition");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_tag_names_the_bytes);
    tcase_add_loop_test(tests, a_tag_is_found_in_a_list, 0, COUNT_OF(LISTS));
    tcase_add_loop_test(tests, conditions_are_read, 0, COUNT_OF(FIELDS));
    tcase_add_loop_test(tests, idempotency_keys_are_read, 0, COUNT_OF(KEYS));
    tcase_add_test(tests, idempotency_keys_are_bounded);
    tcase_add_test(tests, where_no_answer_is_kept_the_key_says_nothing);
    tcase_add_test(tests, what_the_caller_has_is_not_sent_again);
    tcase_add_test(tests, a_handler_may_tag_its_answer_itself);
    tcase_add_test(tests, a_change_is_never_left_out);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
