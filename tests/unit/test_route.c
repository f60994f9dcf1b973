#include "http/route.h"
#include "tap.h"

#include <string.h>

static const struct route ROUTES[] = {
    {.method = "GET", .path = "/"},
    {.method = "GET", .path = "/v1/things/{thing}"},
    {.method = "PUT", .path = "/v1/things/{thing}"},
    {.method = "GET", .path = "/v1/things/all"},
    {.method = "GET", .path = "/v1/things/{thing}/parts/{part}"},
    {.method = "POST", .path = "/v1/things"},
};

static struct route_match match;
static struct problem why;

static const struct route *find(const char *method, const char *path)
{
    why = (struct problem){0};
    bool found = route_find(ROUTES, COUNT_OF(ROUTES), method, path, strlen(path), &match, &why);
    ck_assert_int_eq(found, match.route != NULL);
    return match.route;
}

static void assert_variable(size_t index, const char *text)
{
    ck_assert_uint_eq(match.lengths[index], strlen(text));
    ck_assert_mem_eq(match.variables[index], text, strlen(text));
}

START_TEST(finds_by_method_and_path)
{
    ck_assert_ptr_eq(find("GET", "/"), &ROUTES[0]);
    ck_assert_ptr_eq(find("POST", "/v1/things"), &ROUTES[5]);
    ck_assert_ptr_eq(find("PUT", "/v1/things/all"), NULL);
    ck_assert_ptr_eq(find("PUT", "/v1/things/a"), &ROUTES[2]);
}
END_TEST

START_TEST(takes_variables_as_they_stand)
{
    ck_assert_ptr_eq(find("GET", "/v1/things/a%2Fb/parts/%00"), &ROUTES[4]);
    ck_assert_uint_eq(match.variable_count, 2);
    assert_variable(0, "a%2Fb");
    assert_variable(1, "%00");
}
END_TEST

START_TEST(prefers_the_pattern_with_fewer_variables)
{
    ck_assert_ptr_eq(find("GET", "/v1/things/all"), &ROUTES[3]);
    ck_assert_uint_eq(match.variable_count, 0);
}
END_TEST

START_TEST(head_finds_get)
{
    ck_assert_ptr_eq(find("HEAD", "/v1/things/x"), &ROUTES[1]);
    assert_variable(0, "x");
    ck_assert_ptr_null(find("HEAD", "/v1/things"));
}
END_TEST

START_TEST(unknown_paths_are_not_found)
{
    static const char *const PATHS[] = {"",
                                        "v1",
                                        "/v1",
                                        "/v1/",
                                        "/v1/things/",
                                        "/v1/things//parts/x",
                                        "/v1/things/x/",
                                        "/v1/things/x/parts",
                                        "/V1/things",
                                        "//",
                                        "/v1/things/x/parts/y/z",
                                        "*"};
    for (size_t i = 0; i < COUNT_OF(PATHS); i++) {
        ck_assert_ptr_null(find("GET", PATHS[i]));
        ck_assert_int_eq(why.code, PROBLEM_NOT_FOUND);
        ck_assert_str_eq(match.allow, "");
    }
}
END_TEST

START_TEST(other_methods_are_told_what_there_is)
{
    ck_assert_ptr_null(find("DELETE", "/v1/things/x"));
    ck_assert_int_eq(why.code, PROBLEM_METHOD_NOT_ALLOWED);
    ck_assert_str_eq(match.allow, "GET, HEAD, PUT, OPTIONS");
    ck_assert_ptr_null(find("post", "/v1/things"));
    ck_assert_int_eq(why.code, PROBLEM_METHOD_NOT_ALLOWED);
    ck_assert_str_eq(match.allow, "POST, OPTIONS");
    ck_assert_ptr_null(find("OPTIONS", "/v1/things/all"));
    ck_assert_str_eq(match.allow, "GET, HEAD, OPTIONS");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("route");
    TCase *tests = tcase_create("route");
    tcase_add_test(tests, finds_by_method_and_path);
    tcase_add_test(tests, takes_variables_as_they_stand);
    tcase_add_test(tests, prefers_the_pattern_with_fewer_variables);
    tcase_add_test(tests, head_finds_get);
    tcase_add_test(tests, unknown_paths_are_not_found);
    tcase_add_test(tests, other_methods_are_told_what_there_is);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
