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

static const struct {
    const char *list, *name;
    unsigned quality;
} WEIGHTS[] = {
    {"text/csv", "text/csv", 1000},
    {"Text/CSV; charset=utf-8", "text/csv", 1000},
    {"text/csv;q=0.25", "text/csv", 250},
    {"text/csv; header=present; q=0.5", "text/csv", 500},
    {"*/*;q=0.1, text/*;q=0.2, text/csv;q=0.3", "text/csv", 300},
    {"text/csv;q=0.3, text/*;q=0.2, */*;q=0.1", "text/html", 200},
    {"*/*;q=0.1, text/csv", "image/png", 100},
    {"text/csv", "text/html", 0},
    {"text/csv;q=0, */*", "text/csv", 0},
    {"text/csv;q=nonsense", "text/csv", 0},
    {"text/csvx, xtext/csv", "text/csv", 0},
    {"", "text/csv", 0},
    {",, ,", "text/csv", 0},
    {"deflate, gzip;q=1.0, *;q=0.5", "gzip", 1000},
    {"deflate, *;q=0.5", "gzip", 500},
    {"identity", "gzip", 0},
    {"gzip;q=0.0001", "gzip", 0},
};

START_TEST(weights_are_read)
{
    ck_assert_msg(accept_quality(WEIGHTS[_i].list, WEIGHTS[_i].name) == WEIGHTS[_i].quality,
                  "%s in \"%s\": %u", WEIGHTS[_i].name, WEIGHTS[_i].list,
                  accept_quality(WEIGHTS[_i].list, WEIGHTS[_i].name));
}
END_TEST

static const struct {
    const char *list, *chosen;
} CHOICES[] = {
    {NULL, "application/x-ndjson"},
    {"*/*", "application/x-ndjson"},
    {"text/csv", "text/csv"},
    {"text/*", "text/csv"},
    {"text/csv, application/x-ndjson", "application/x-ndjson"},
    {"application/x-ndjson;q=0.5, text/csv", "text/csv"},
    {"text/html, */*;q=0.1", "application/x-ndjson"},
    {"text/html", NULL},
};

START_TEST(the_best_offer_is_chosen)
{
    static const char *const OFFERS[] = {"application/x-ndjson", "text/csv", NULL};
    const char *chosen = accept_choose(CHOICES[_i].list, OFFERS);
    ck_assert_pstr_eq(chosen, CHOICES[_i].chosen);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("accept");
    TCase *tests = tcase_create("accept");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, the_closest_range_decides, 0, COUNT_OF(CASES));
    tcase_add_loop_test(tests, weights_are_read, 0, COUNT_OF(WEIGHTS));
    tcase_add_loop_test(tests, the_best_offer_is_chosen, 0, COUNT_OF(CHOICES));
    return tap_run(suite);
}
