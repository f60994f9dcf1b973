#include "http/cors.h"
#include "tap.h"

#include <string.h>

static const struct {
    const char *origins, *origin;
    bool is_found;
} FINDS[] = {
    {"https://app.example.com", "https://app.example.com", true},
    {"https://app.example.com", "https://app.example.com:8443", false},
    {"https://app.example.com", "http://app.example.com", false},
    {"https://app.example.com", "https://app.example.com.evil.org", false},
    {"https://app.example.com", "https://example.com", false},
    {"https://app.example.com", "null", false},
    {"https://app.example.com", "", false},
    {"https://app.example.com", NULL, false},
    {"HTTPS://App.Example.com", "https://app.example.com", true},
    {"https://a.org, http://localhost:5173 ,http://[::1]:80", "http://localhost:5173", true},
    {"https://a.org, http://localhost:5173 ,http://[::1]:80", "http://[::1]:80", true},
    {"", "https://app.example.com", false},
};

START_TEST(origins_are_those_of_the_list)
{
    struct problem why = {0};
    struct cors *cors;
    ck_assert(cors_start(FINDS[_i].origins, &cors, &why));
    const char *found = cors_find(cors, FINDS[_i].origin);
    ck_assert((found != NULL) == FINDS[_i].is_found);
    ck_assert(!found || strcmp(found, FINDS[_i].origin) == 0);
    cors_destroy(cors);
}
END_TEST

static const char *const WRONG[] = {
    "*",           "https://*",           "https://a.org/",  "https://a.org/path",
    "a.org",       "ftp://a.org",         "https://",        "https://a.org:",
    "null",        "https://a.org:80x",   "https://u@a.org", "https://a.org,*",
    "https://[::", "https://a.org:123456"};

START_TEST(what_is_no_origin_is_refused_by_its_name)
{
    struct problem why = {0};
    struct cors *cors;
    ck_assert_msg(!cors_start(WRONG[_i], &cors, &why), "%s", WRONG[_i]);
    ck_assert_ptr_nonnull(strstr(why.detail, "CLMD_CORS_ORIGINS"));
    cors_destroy(cors);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cors");
    TCase *tests = tcase_create("cors");
    tcase_add_loop_test(tests, origins_are_those_of_the_list, 0, COUNT_OF(FINDS));
    tcase_add_loop_test(tests, what_is_no_origin_is_refused_by_its_name, 0, COUNT_OF(WRONG));
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
