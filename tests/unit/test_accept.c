#include "http/accept.h"

#include "base/compiler.h"
#include "tap.h"

static const struct {
    const char *accept;
    bool allows_json;
} CASES[] = {
    {NULL, true},
    {"", true},
    {" , ", true},
    {"json", true},
    {"*/*", true},
    {"application/*", true},
    {"application/json", true},
    {"Application/JSON; charset=utf-8", true},
    {"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", true},
    {"text/html,application/json;q=0.001", true},
    {"text/html\t, \tapplication/json ; q=1", true},
    {"application/json;q=0, application/json", true},
    {"application/json, application/*;q=0, */*;q=0", true},
    {"text/html", false},
    {"text/*", false},
    {"application/jsonp", false},
    {"application/jso", false},
    {"application/problem+json", false},
    {"*/json", false},
    {"*/*;q=0", false},
    {"*/*;q=0.000", false},
    {"application/json; q=0", false},
    {"application/json;charset=utf-8;Q=0.0", false},
    {"application/json;q=0, */*", false},
    {"*/*, application/*;q=0", false},
    {"*/*, application/json;q=0 , application/*", false},
};

START_TEST(the_closest_range_decides)
{
    ck_assert_msg(accept_allows(CASES[_i].accept, "application/json") == CASES[_i].allows_json,
                  "%s", CASES[_i].accept ? CASES[_i].accept : "no field");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("accept");
    TCase *tests = tcase_create("accept");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, the_closest_range_decides, 0, COUNT_OF(CASES));
    return tap_run(suite);
}
