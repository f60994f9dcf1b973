#include "ingest/vocabulary.h"

#include "ingest/event.h"
#include "tap.h"

#include <jansson.h>
#include <string.h>

enum { MEMORY = 1024 * 1024 };

static const struct json_field *field_of(const char *type, const char *name)
{
    return vocabulary_field(vocabulary_find(type)->fields, name, strlen(name));
}

START_TEST(codes_and_names_are_unique)
{
    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++)
        for (size_t j = i + 1; j < EVENT_TYPE_COUNT; j++) {
            ck_assert_int_ne(EVENT_TYPES[i].code, EVENT_TYPES[j].code);
            ck_assert_str_ne(EVENT_TYPES[i].name, EVENT_TYPES[j].name);
        }
}
END_TEST

/* find 101.., sell 201.., to loyalty 601..; what is about the record itself from 701 on. */
START_TEST(codes_and_prefixes_tell_the_stage)
{
    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++) {
        const struct event_type *type = &EVENT_TYPES[i];
        ck_assert_int_lt(type->code, CUSTOM_TYPE_CODE);
        int hundred = type->stage == STAGE_NONE ? STAGE_POSITIONS : (int)type->stage;
        ck_assert_int_eq(type->code / 100, hundred);
        if (type->stage != STAGE_NONE) {
            size_t length = strlen(STAGE_NAMES[type->stage]);
            ck_assert_int_eq(strncmp(type->name, STAGE_NAMES[type->stage], length), 0);
            ck_assert_int_eq(type->name[length], '.');
        }
    }
}
END_TEST

START_TEST(tables_are_well_formed)
{
    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++)
        for (const struct json_field *one = EVENT_TYPES[i].fields; one->name != NULL; one++) {
            ck_assert(one->kind != JSON_KIND_CHOICE || one->choices != NULL);
            for (const struct json_field *other = one + 1; other->name != NULL; other++) {
                ck_assert_str_ne(one->name, other->name);
                ck_assert(one->offset == JSON_NOT_STORED || one->offset != other->offset);
            }
        }
}
END_TEST

static const struct {
    const char *type;
    enum event_entry entry;
} ENTRIES[] = {
    {"find.lead.created", ENTRY_ENTER},
    {"sell.opportunity.opened", ENTRY_ENTER},
    {"sell.deal.won", ENTRY_ENTER},
    {"sell.order.placed", ENTRY_ENTER},
    {"deliver.fulfilment.started", ENTRY_ADVANCE},
    {"deliver.onboarding.started", ENTRY_ADVANCE},
    {"bill.invoice.issued", ENTRY_ADVANCE},
    {"bill.payment.succeeded", ENTRY_ADVANCE},
    {"bill.subscription.started", ENTRY_ADVANCE},
    {"support.case.opened", ENTRY_ADVANCE},
    {"support.complaint.recorded", ENTRY_ENTER},
    {"loyalty.program.joined", ENTRY_ENTER},
    {"loyalty.referral.made", ENTRY_ENTER},
    {"loyalty.advocacy.recorded", ENTRY_ENTER},
    {"loyalty.renewal.committed", ENTRY_ENTER},
    {"loyalty.relationship.ended", ENTRY_EXIT},
    {"stage.overridden", ENTRY_OVERRIDE},
};

START_TEST(the_types_that_move_customers)
{
    size_t movers = 0;
    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++)
        movers += EVENT_TYPES[i].entry != ENTRY_ACTIVITY;
    ck_assert_uint_eq(movers, COUNT_OF(ENTRIES));
    for (size_t i = 0; i < COUNT_OF(ENTRIES); i++)
        ck_assert_int_eq(vocabulary_find(ENTRIES[i].type)->entry, ENTRIES[i].entry);
}
END_TEST

START_TEST(exceptions_are_few)
{
    size_t scheduled = 0, subjectless = 0;
    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++) {
        scheduled += EVENT_TYPES[i].is_scheduled;
        subjectless += EVENT_TYPES[i].needs_no_subject;
    }
    ck_assert_uint_eq(EVENT_TYPE_COUNT, 83);
    ck_assert_uint_eq(scheduled, 3);
    ck_assert_uint_eq(subjectless, 2);
    ck_assert(vocabulary_find("event.voided")->needs_no_subject);
    ck_assert(vocabulary_find("find.spend.recorded")->needs_no_subject);
    ck_assert_ptr_null(vocabulary_find("sell.order"));
    ck_assert_ptr_null(vocabulary_find(""));
}
END_TEST

START_TEST(fields_go_where_the_ledger_wants_them)
{
    ck_assert_int_eq(field_of("bill.payment.failed", "payment_id")->offset,
                     offsetof(struct event_values, object));
    ck_assert_int_eq(field_of("deliver.return.received", "units")->offset,
                     offsetof(struct event_values, units));
    ck_assert_int_eq(field_of("bill.refund.issued", "invoice_id")->offset, JSON_NOT_STORED);
    ck_assert(field_of("support.survey.answered", "score")->required);
    ck_assert(!field_of("support.survey.sent", "score")->required);
    ck_assert_str_eq(field_of("stage.overridden", "stage")->choices[0], "find");
    ck_assert_ptr_null(field_of("stage.overridden", "stage")->choices[6]);
}
END_TEST

START_TEST(the_answer_is_json)
{
    struct arena *arena = arena_create(MEMORY);
    struct buffer out = buffer_create(arena, MEMORY);
    vocabulary_write(&out, "{\"type\":\"sell.demo.held\"}");
    ck_assert(!out.failed);
    json_t *answer = json_loadb(out.data, out.length, JSON_REJECT_DUPLICATES, NULL);
    json_t *data = json_object_get(answer, "data");
    ck_assert_uint_eq(json_array_size(data), EVENT_TYPE_COUNT + 1);
    json_t *first = json_array_get(data, 0);
    ck_assert_str_eq(json_string_value(json_object_get(first, "type")), "find.touch.recorded");
    ck_assert_str_eq(json_string_value(json_object_get(first, "stage")), "find");
    ck_assert(json_is_true(json_object_get(first, "subject_required")));
    ck_assert(json_is_false(json_object_get(first, "custom")));
    ck_assert_uint_eq(json_array_size(json_object_get(first, "fields")), 6);
    ck_assert_uint_eq(json_array_size(json_object_get(answer, "common_fields")), 6);
    json_decref(answer);
    arena_destroy(arena);
}
END_TEST

START_TEST(the_sql_has_every_row)
{
    struct arena *arena = arena_create(MEMORY);
    struct buffer out = buffer_create(arena, MEMORY);
    vocabulary_write_sql(&out);
    buffer_append(&out, "", 1);
    ck_assert(!out.failed);
    ck_assert_ptr_nonnull(strstr(out.data, "(6, 'loyalty')\non conflict"));
    ck_assert_ptr_nonnull(
        strstr(out.data, "(207, 'sell.order.placed', nullif(2, 0), 'enter')"));
    ck_assert_ptr_nonnull(strstr(out.data, "(721, 'event.voided', nullif(0, 0), 'activity')"));
    ck_assert_ptr_nonnull(strstr(out.data, "('JPY', 0)"));
    arena_destroy(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vocabulary");
    TCase *tests = tcase_create("vocabulary");
    tcase_add_test(tests, codes_and_names_are_unique);
    tcase_add_test(tests, codes_and_prefixes_tell_the_stage);
    tcase_add_test(tests, tables_are_well_formed);
    tcase_add_test(tests, the_types_that_move_customers);
    tcase_add_test(tests, exceptions_are_few);
    tcase_add_test(tests, fields_go_where_the_ledger_wants_them);
    tcase_add_test(tests, the_answer_is_json);
    tcase_add_test(tests, the_sql_has_every_row);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
