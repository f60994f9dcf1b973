#include "json/decode.h"

#include "tap.h"

#include <string.h>

struct sample {
    const char *name;
    int64_t amount;
    const char *currency;
    int64_t units;
    int64_t time;
    int16_t channel;
};

static const char *const CHANNELS[] = {"ad", "event", "partner", NULL};

static const struct json_field ITEM[] = {
    {.name = "offering", .kind = JSON_KIND_TEXT, .required = true, .offset = JSON_NOT_STORED},
    {.name = "units", .kind = JSON_KIND_COUNT, .offset = JSON_NOT_STORED},
    {.name = NULL},
};

#define STORED(member) .offset = offsetof(struct sample, member)

static const struct json_field FIELDS[] = {
    {.name = "name", .kind = JSON_KIND_TEXT, .required = true, .limit = 8, STORED(name)},
    {.name = "amount", .kind = JSON_KIND_MONEY, STORED(amount)},
    {.name = "currency", .kind = JSON_KIND_CURRENCY, STORED(currency)},
    {.name = "units", .kind = JSON_KIND_COUNT, STORED(units)},
    {.name = "time", .kind = JSON_KIND_TIMESTAMP, STORED(time)},
    {.name = "channel", .kind = JSON_KIND_CHOICE, .choices = CHANNELS, STORED(channel)},
    {.name = "mood", .kind = JSON_KIND_NUMBER, .minimum = -1, .maximum = 1},
    {.name = "score", .kind = JSON_KIND_NUMBER},
    {.name = "partial", .kind = JSON_KIND_BOOL},
    {.name = "due", .kind = JSON_KIND_DATE},
    {.name = "items", .kind = JSON_KIND_LIST, .limit = 3, .fields = ITEM},
    {.name = "tags", .kind = JSON_KIND_LIST},
    {.name = "actor", .kind = JSON_KIND_OBJECT, .fields = ITEM},
    {.name = "any", .kind = JSON_KIND_OBJECT},
    {.name = "a/b~c", .kind = JSON_KIND_BOOL},
    {.name = NULL},
};

/* The object of a text in which ' stands for ". */
static json_t *object_of(const char *text)
{
    char json[1024];
    snprintf(json, sizeof json, "%s", text);
    for (char *at = json; *at != '\0'; at++) {
        if (*at == '\'')
            *at = '"';
    }
    struct problem why = {0};
    size_t used;
    json_t *object = json_parse(json, strlen(json), &used, &why);
    ck_assert_msg(object != NULL, "%s: %s", json, why.detail);
    return object;
}

START_TEST(values_are_stored)
{
    json_t *object = object_of("{'name': 'acme', 'amount': -129900, 'currency': 'KWD',"
                               " 'units': 3, 'time': '2000-01-01T01:00:00+01:00',"
                               " 'channel': 'partner', 'unknown': [1, 2]}");
    struct sample sample = {.time = 1};
    struct problem why = {0};
    ck_assert(json_decode(object, FIELDS, &sample, "/data", &why));
    ck_assert_int_eq(why.code, PROBLEM_NONE);
    ck_assert_str_eq(sample.name, "acme");
    ck_assert_int_eq(sample.amount, -129900);
    ck_assert_str_eq(sample.currency, "KWD");
    ck_assert_int_eq(sample.units, 3);
    ck_assert_int_eq(sample.time, 0);
    ck_assert_int_eq(sample.channel, 2);
    json_decref(object);
}
END_TEST

START_TEST(what_is_absent_or_null_is_left_alone)
{
    json_t *object = object_of("{'name': 'a', 'amount': null, 'items': null}");
    struct sample sample = {.amount = 7, .units = 8};
    struct problem why = {0};
    ck_assert(json_decode(object, FIELDS, &sample, "", &why));
    ck_assert_int_eq(sample.amount, 7);
    ck_assert_int_eq(sample.units, 8);
    json_decref(object);
}
END_TEST

/* Members beside 'name' that are right, and those that are wrong, with the pointer and a part
 * of the words of the one fault. */
static const char *const RIGHT[] = {
    "'name': '12345678'",
    "'amount': 9007199254740991",
    "'amount': -9007199254740991",
    "'amount': 0",
    "'units': 9007199254740991",
    "'mood': -1",
    "'mood': 0.25",
    "'score': -1e300",
    "'partial': false",
    "'due': '2026-03-01'",
    "'due': '2026-03-01T00:00:00Z'",
    "'items': []",
    "'items': [{'offering': 'a'}, {'offering': 'b', 'units': 2, 'other': {}}]",
    "'tags': ['a', 'b', 'c', 'd']",
    "'actor': {'offering': 'a'}",
    "'any': {'x': {'y': null}}",
};

static const struct {
    const char *members, *pointer, *words;
} WRONG[] = {
    {"'name': ''", "/data/name", "must not be empty"},
    {"'name': '123456789'", "/data/name", "at most 8 bytes"},
    {"'name': 5", "/data/name", "must be a text"},
    {"'name': null", "/data/name", "is required"},
    {"'amount': 12.5", "/data/amount", "not a fraction"},
    {"'amount': 12.0", "/data/amount", "not a fraction"},
    {"'amount': 1e2", "/data/amount", "not a fraction"},
    {"'amount': '12'", "/data/amount", "must be an integer"},
    {"'amount': 9007199254740992", "/data/amount", "2^53-1"},
    {"'amount': -9007199254740992", "/data/amount", "2^53-1"},
    {"'currency': 'eur'", "/data/currency", "ISO 4217"},
    {"'currency': 'XXX'", "/data/currency", "ISO 4217"},
    {"'currency': 978", "/data/currency", "ISO 4217"},
    {"'units': -1", "/data/units", "whole number"},
    {"'units': 1.5", "/data/units", "whole number"},
    {"'units': 9007199254740992", "/data/units", "whole number"},
    {"'units': true", "/data/units", "whole number"},
    {"'time': '2026-03-01T09:30:00'", "/data/time", "offset"},
    {"'time': 1700000000", "/data/time", "RFC 3339"},
    {"'channel': 'radio'", "/data/channel", "one of: ad, event, partner"},
    {"'channel': ['ad']", "/data/channel", "one of: ad, event, partner"},
    {"'mood': 1.5", "/data/mood", "from -1 to 1"},
    {"'mood': '1'", "/data/mood", "must be a number"},
    {"'partial': 'yes'", "/data/partial", "true or false"},
    {"'due': '2026-02-30'", "/data/due", "must be a date"},
    {"'due': 20260301", "/data/due", "must be a date"},
    {"'items': {}", "/data/items", "must be a list"},
    {"'items': [{'offering':'a'},{'units':1}]", "/data/items/1/offering", "is required"},
    {"'items': [5]", "/data/items/0", "must be an object"},
    {"'items': [1, 2, 3, 4]", "/data/items", "at most 3 items"},
    {"'tags': ['a', 5]", "/data/tags/1", "must be a text"},
    {"'tags': ['']", "/data/tags/0", "must not be empty"},
    {"'actor': 'me'", "/data/actor", "must be an object"},
    {"'actor': {}", "/data/actor/offering", "is required"},
    {"'any': []", "/data/any", "must be an object"},
    {"'a/b~c': 1", "/data/a~1b~0c", "true or false"},
};

static json_t *object_with(const char *members)
{
    char text[1024];
    bool has_name = strncmp(members, "'name'", 6) == 0;
    snprintf(text, sizeof text, "{%s%s}", has_name ? "" : "'name': 'acme', ", members);
    return object_of(text);
}

START_TEST(right_values_are_accepted)
{
    json_t *object = object_with(RIGHT[_i]);
    struct sample sample = {0};
    struct problem why = {0};
    ck_assert_msg(json_decode(object, FIELDS, &sample, "/data", &why), "%s: %s", RIGHT[_i],
                  why.faults[0].detail);
    ck_assert_uint_eq(why.fault_count, 0);
    json_decref(object);
}
END_TEST

START_TEST(wrong_values_are_pointed_to)
{
    json_t *object = object_with(WRONG[_i].members);
    struct sample sample = {0};
    struct problem why = {0};
    ck_assert(!json_decode(object, FIELDS, &sample, "/data", &why));
    ck_assert_int_eq(why.code, PROBLEM_UNPROCESSABLE);
    ck_assert_uint_eq(why.fault_count, 1);
    ck_assert_str_eq(why.faults[0].pointer, WRONG[_i].pointer);
    ck_assert_msg(strstr(why.faults[0].detail, WRONG[_i].words) != NULL, "%s: %s",
                  WRONG[_i].members, why.faults[0].detail);
    json_decref(object);
}
END_TEST

START_TEST(unknown_members_are_refused_where_it_is_asked)
{
    json_t *object = object_of("{'name': 'a', 'nmae': 'b', 'a/b~': null}");
    struct problem why = {0};
    ck_assert(json_decode(object, FIELDS, NULL, "", &why));
    ck_assert(!json_refuse_others(object, FIELDS, "/data", &why));
    ck_assert_uint_eq(why.fault_count, 2);
    ck_assert_str_eq(why.faults[0].pointer, "/data/nmae");
    ck_assert_str_eq(why.faults[1].pointer, "/data/a~1b~0");
    json_decref(object);
}
END_TEST

START_TEST(all_faults_are_gathered)
{
    json_t *object = object_of("{'amount': 1.5, 'units': -1, 'items': [{}, {}]}");
    struct problem why = {0};
    ck_assert(!json_decode(object, FIELDS, NULL, "", &why));
    ck_assert_uint_eq(why.fault_count, 5);
    ck_assert_str_eq(why.faults[0].pointer, "/name");
    ck_assert_str_eq(why.faults[4].pointer, "/items/1/offering");
    json_decref(object);
}
END_TEST

START_TEST(no_more_faults_than_there_is_room_for)
{
    json_t *object = object_of("{'name': 'a', 'tags': [1,2,3,4,5,6,7,8,9,10,11,12]}");
    struct problem why = {0};
    ck_assert(!json_decode(object, FIELDS, NULL, "", &why));
    ck_assert_uint_eq(why.fault_count, PROBLEM_FAULTS);
    json_decref(object);
}
END_TEST

START_TEST(only_an_object_has_fields)
{
    json_t *list = object_of("[]");
    struct problem why = {0};
    ck_assert(!json_decode(list, FIELDS, NULL, "", &why));
    ck_assert_str_eq(why.faults[0].pointer, "");
    ck_assert(!json_decode(NULL, FIELDS, NULL, "/data", &why));
    ck_assert_str_eq(why.faults[1].pointer, "/data");
    json_decref(list);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode");
    TCase *tests = tcase_create("decode");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, unknown_members_are_refused_where_it_is_asked);
    tcase_add_test(tests, values_are_stored);
    tcase_add_test(tests, what_is_absent_or_null_is_left_alone);
    tcase_add_loop_test(tests, right_values_are_accepted, 0, COUNT_OF(RIGHT));
    tcase_add_loop_test(tests, wrong_values_are_pointed_to, 0, COUNT_OF(WRONG));
    tcase_add_test(tests, all_faults_are_gathered);
    tcase_add_test(tests, no_more_faults_than_there_is_room_for);
    tcase_add_test(tests, only_an_object_has_fields);
    return tap_run(suite);
}
