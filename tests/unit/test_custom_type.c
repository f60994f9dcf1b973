/* Definitions of custom types: what they become, and what is wrong with them. */
#include "ingest/custom_type.h"

#include "ingest/event.h"
#include "tap.h"

#include <string.h>

enum { MEMORY = 1024 * 1024 };

static struct arena *arena;
static struct event_type type;
static const char *description;
static struct problem why;

static void set_up(void)
{
    arena = arena_create(MEMORY);
}

static void tear_down(void)
{
    arena_destroy(arena);
}

/* Reads a definition whose JSON is gone by the time that it is looked at. */
static bool reads(const char *name, const char *text)
{
    size_t used;
    why = (struct problem){.code = PROBLEM_NONE};
    json_t *definition = json_parse(text, strlen(text), &used, &why);
    ck_assert_ptr_nonnull(definition);
    bool is_read = custom_type_read(arena, name, definition, &type, &description, &why);
    json_decref(definition);
    return is_read;
}

static bool reads_fields(const char *fields)
{
    return reads("sell.demo.held",
                 arena_print(arena, "{\"entry\":\"enter\",\"fields\":%s}", fields));
}

static const struct json_field *field_of(const char *name)
{
    return vocabulary_field(type.fields, name, strlen(name));
}

static const char *shown(void)
{
    struct buffer out = buffer_create(arena, MEMORY);
    fields_write(&out, type.fields);
    buffer_append(&out, "", 1);
    ck_assert(!out.failed);
    return out.data;
}

START_TEST(a_definition_becomes_a_type)
{
    ck_assert(reads("deliver.repair.completed",
                    "{\"entry\":\"advance\",\"description\":\"A repair\",\"fields\":["
                    "{\"name\":\"repair_id\",\"kind\":\"text\",\"required\":true},"
                    "{\"name\":\"outcome\",\"kind\":\"choice\",\"choices\":[\"good\",\"bad\"]},"
                    "{\"name\":\"units\",\"kind\":\"count\",\"required\":null}]}"));
    ck_assert_str_eq(type.name, "deliver.repair.completed");
    ck_assert_int_eq(type.stage, STAGE_DELIVER);
    ck_assert_int_eq(type.entry, ENTRY_ADVANCE);
    ck_assert(!type.is_scheduled && !type.needs_no_subject && !type.is_spend);
    ck_assert_str_eq(description, "A repair");
    ck_assert(field_of("repair_id")->required);
    ck_assert_int_eq(field_of("repair_id")->offset, JSON_NOT_STORED);
    ck_assert_str_eq(field_of("outcome")->choices[1], "bad");
    ck_assert_ptr_null(field_of("outcome")->choices[2]);
    ck_assert_int_eq(field_of("units")->offset, offsetof(struct event_values, units));
    ck_assert(!field_of("units")->required);
}
END_TEST

/* Every kind, and every way in which tables nest. */
START_TEST(what_is_shown_can_be_sent_back)
{
    const char *fields =
        "[{\"name\":\"amount\",\"kind\":\"money\",\"required\":true},"
        "{\"name\":\"currency\",\"kind\":\"currency\",\"required\":true},"
        "{\"name\":\"size\",\"kind\":\"number\",\"required\":false},"
        "{\"name\":\"isNew\",\"kind\":\"bool\",\"required\":false},"
        "{\"name\":\"at\",\"kind\":\"time\",\"required\":false},"
        "{\"name\":\"day\",\"kind\":\"date\",\"required\":false},"
        "{\"name\":\"tags\",\"kind\":\"list\",\"required\":false},"
        "{\"name\":\"things\",\"kind\":\"list\",\"required\":false,\"fields\":[]},"
        "{\"name\":\"rows\",\"kind\":\"list\",\"required\":false,\"fields\":["
        "{\"name\":\"inner\",\"kind\":\"object\",\"required\":true,\"fields\":["
        "{\"name\":\"amount\",\"kind\":\"text\",\"required\":false}]}]},"
        "{\"name\":\"cost\",\"kind\":\"object\",\"required\":true,\"fields\":["
        "{\"name\":\"amount\",\"kind\":\"money\",\"required\":true},"
        "{\"name\":\"currency\",\"kind\":\"currency\",\"required\":true}]},"
        "{\"name\":\"channel\",\"kind\":\"choice\",\"required\":true,\"choices\":[\"a\"]}]";
    ck_assert(reads_fields(fields));
    ck_assert_str_eq(shown(), fields);
    ck_assert(
        reads("sell.demo.held", arena_print(arena,
                                            "{\"type\":\"sell.demo.held\",\"stage\":\"sell\","
                                            "\"entry\":\"enter\",\"scheduled\":false,"
                                            "\"subject_required\":true,\"custom\":true,"
                                            "\"description\":null,\"fields\":%s}",
                                            shown())));
    ck_assert_str_eq(shown(), fields);
    ck_assert_ptr_null(description);
}
END_TEST

START_TEST(a_common_field_keeps_its_form)
{
    ck_assert(reads_fields("[{\"name\":\"minutes\",\"kind\":\"number\",\"required\":true},"
                           "{\"name\":\"cost\",\"kind\":\"object\"}]"));
    ck_assert(field_of("minutes")->required);
    ck_assert_double_gt(field_of("minutes")->maximum, 0);
    ck_assert_str_eq(field_of("cost")->fields[0].name, "amount");
}
END_TEST

static const char *const BAD_NAMES[] = {"",
                                        "sell",
                                        "sell.demo",
                                        "sell.demo.held.twice",
                                        "sell..held",
                                        "sell.demo.",
                                        ".demo.held",
                                        "Sell.a.b",
                                        "sell.Demo.held",
                                        "sell.demo.h\xc3\xa4lt",
                                        "sel.a.b",
                                        "selling.a.b",
                                        "none.a.b",
                                        "customer.tag.added",
                                        "sell.a-b.held",
                                        "event.a.b",
                                        "sell.demo held.x",
                                        "sell.demo.held_and_what_is_more_it_goes_on_for_longer_"
                                        "than_one_hundred_bytes_which_is_more_"
                                        "than_anybody_should_need"};

START_TEST(a_name_has_a_form)
{
    ck_assert(!reads(BAD_NAMES[_i], "{\"entry\":\"enter\",\"fields\":[]}"));
    ck_assert_int_eq(why.code, PROBLEM_UNPROCESSABLE);
    ck_assert_uint_eq(why.fault_count, 0);
}
END_TEST

static const struct {
    const char *definition, *pointer;
} BAD_DEFINITIONS[] = {
    {"[]", ""},
    {"{\"fields\":[]}", "/entry"},
    {"{\"entry\":\"exit\",\"fields\":[]}", "/entry"},
    {"{\"entry\":\"enter\"}", "/fields"},
    {"{\"entry\":\"enter\",\"fields\":{}}", "/fields"},
    {"{\"entry\":\"enter\",\"fields\":[7]}", "/fields/0"},
    {"{\"entry\":\"enter\",\"fields\":[],\"description\":\"\"}", "/description"},
    {"{\"entry\":\"enter\",\"fields\":[],\"enrty\":1}", "/enrty"},
    {"{\"entry\":\"enter\",\"fields\":[],\"stage\":\"bill\"}", "/stage"},
    {"{\"entry\":\"enter\",\"fields\":[],\"type\":\"sell.demo.won\"}", "/type"},
    {"{\"entry\":\"enter\",\"fields\":[],\"scheduled\":true}", "/scheduled"},
    {"{\"entry\":\"enter\",\"fields\":[],\"subject_required\":false}", "/subject_required"},
    {"{\"entry\":\"enter\",\"fields\":[],\"custom\":false}", "/custom"},
};

START_TEST(a_bad_definition_is_told)
{
    ck_assert(!reads("sell.demo.held", BAD_DEFINITIONS[_i].definition));
    ck_assert_str_eq(why.faults[0].pointer, BAD_DEFINITIONS[_i].pointer);
}
END_TEST

static const struct {
    const char *fields, *pointer;
} BAD_FIELDS[] = {
    {"[{\"kind\":\"text\"}]", "/fields/0/name"},
    {"[{\"name\":\"a\"}]", "/fields/0/kind"},
    {"[{\"name\":\"a\",\"kind\":\"string\"}]", "/fields/0/kind"},
    {"[{\"name\":\"a.b\",\"kind\":\"text\"}]", "/fields/0/name"},
    {"[{\"name\":\"a/b\",\"kind\":\"text\"}]", "/fields/0/name"},
    {"[{\"name\":\"a\",\"kind\":\"text\",\"required\":1}]", "/fields/0/required"},
    {"[{\"name\":\"a\",\"kind\":\"text\",\"require\":true}]", "/fields/0/require"},
    {"[{\"name\":\"a\",\"kind\":\"text\"},{\"name\":\"a\",\"kind\":\"bool\"}]",
     "/fields/1/name"},
    {"[{\"name\":\"a\",\"kind\":\"choice\"}]", "/fields/0/choices"},
    {"[{\"name\":\"a\",\"kind\":\"choice\",\"choices\":[]}]", "/fields/0/choices"},
    {"[{\"name\":\"a\",\"kind\":\"choice\",\"choices\":[7]}]", "/fields/0/choices/0"},
    {"[{\"name\":\"a\",\"kind\":\"choice\",\"choices\":[\"x\",\"x\"]}]", "/fields/0/choices"},
    {"[{\"name\":\"a\",\"kind\":\"text\",\"choices\":[\"x\"]}]", "/fields/0/choices"},
    {"[{\"name\":\"a\",\"kind\":\"text\",\"fields\":[]}]", "/fields/0/fields"},
    {"[{\"name\":\"a\",\"kind\":\"object\",\"fields\":[{\"name\":\"b\"}]}]",
     "/fields/0/fields/0/kind"},
    {"[{\"name\":\"amount\",\"kind\":\"number\"}]", "/fields/0/kind"},
    {"[{\"name\":\"amount\",\"kind\":\"money\"}]", "/fields"},
    {"[{\"name\":\"amount\",\"kind\":\"money\",\"required\":true},"
     "{\"name\":\"currency\",\"kind\":\"currency\"}]",
     "/fields"},
    {"[{\"name\":\"units\",\"kind\":\"choice\",\"choices\":[\"x\"]}]", "/fields/0/kind"},
    {"[{\"name\":\"minutes\",\"kind\":\"text\"}]", "/fields/0/kind"},
    {"[{\"name\":\"cost\",\"kind\":\"money\"}]", "/fields/0/kind"},
    {"[{\"name\":\"cost\",\"kind\":\"object\",\"fields\":["
     "{\"name\":\"amount\",\"kind\":\"money\",\"required\":true}]}]",
     "/fields/0/fields"},
    {"[{\"name\":\"a\",\"kind\":\"object\",\"fields\":["
     "{\"name\":\"b\",\"kind\":\"object\",\"fields\":["
     "{\"name\":\"c\",\"kind\":\"list\",\"fields\":["
     "{\"name\":\"d\",\"kind\":\"object\",\"fields\":[]}]}]}]}]",
     "/fields/0/fields/0/fields/0/fields/0/fields"},
};

START_TEST(a_bad_field_is_told)
{
    ck_assert(!reads_fields(BAD_FIELDS[_i].fields));
    ck_assert_uint_eq(why.fault_count, 1);
    ck_assert_str_eq(why.faults[0].pointer, BAD_FIELDS[_i].pointer);
}
END_TEST

START_TEST(all_faults_are_told_at_once)
{
    ck_assert(!reads("sell.demo.held",
                     "{\"entry\":\"in\",\"stage\":\"bill\",\"x\":1,\"fields\":["
                     "{\"name\":\"a\",\"kind\":\"b\"},{\"name\":\"c d\",\"kind\":\"text\"}]}"));
    ck_assert_uint_eq(why.fault_count, 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("custom_type");
    TCase *tests = tcase_create("custom_type");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_definition_becomes_a_type);
    tcase_add_test(tests, what_is_shown_can_be_sent_back);
    tcase_add_test(tests, a_common_field_keeps_its_form);
    tcase_add_loop_test(tests, a_name_has_a_form, 0, COUNT_OF(BAD_NAMES));
    tcase_add_loop_test(tests, a_bad_definition_is_told, 0, COUNT_OF(BAD_DEFINITIONS));
    tcase_add_loop_test(tests, a_bad_field_is_told, 0, COUNT_OF(BAD_FIELDS));
    tcase_add_test(tests, all_faults_are_told_at_once);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
