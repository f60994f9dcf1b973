/* The custom types in memory: found by many threads while they are replaced; and events read by
 * them. */
#include "ingest/registry.h"

#include "base/clock.h"
#include "ingest/csv_event.h"
#include "ingest/event.h"
#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { MEMORY = 16 * 1024 * 1024, REPLACEMENTS = 300, FINDERS = 3 };

static const char DEMO[] = "{\"entry\":\"enter\",\"fields\":["
                           "{\"name\":\"demo_id\",\"kind\":\"text\",\"required\":true},"
                           "{\"name\":\"amount\",\"kind\":\"money\"},"
                           "{\"name\":\"currency\",\"kind\":\"currency\"},"
                           "{\"name\":\"units\",\"kind\":\"count\"},"
                           "{\"name\":\"score\",\"kind\":\"number\"}]}";
static const char VISIT[] = "{\"entry\":\"activity\",\"fields\":[]}";

static struct registry *registry;
static struct arena *arena;
static struct problem why;

static struct edition *edition_of(const char *name, int16_t code, const char *definition)
{
    struct edition *edition = edition_create(2);
    ck_assert(edition_add(edition, code, name, definition, &why));
    ck_assert(edition_add(edition, CUSTOM_TYPE_CODE, "support.visit.made", VISIT, &why));
    return edition;
}

static void set_up(void)
{
    why = (struct problem){.code = PROBLEM_NONE};
    arena = arena_create(MEMORY);
    registry = registry_create();
    registry_replace(registry, edition_of("sell.demo.held", CUSTOM_TYPE_CODE + 7, DEMO));
}

static void tear_down(void)
{
    registry_destroy(registry);
    arena_destroy(arena);
}

static const struct event_type *find(const char *name)
{
    const struct event_type *type;
    ck_assert(registry_find(registry, arena, name, &type, &why));
    return type;
}

START_TEST(types_are_found)
{
    const struct event_type *demo = find("sell.demo.held");
    ck_assert_int_eq(demo->code, CUSTOM_TYPE_CODE + 7);
    ck_assert_int_eq(demo->stage, STAGE_SELL);
    ck_assert_int_eq(demo->entry, ENTRY_ENTER);
    ck_assert_int_eq(find("support.visit.made")->code, CUSTOM_TYPE_CODE);
    ck_assert_ptr_eq(find("sell.order.placed"), vocabulary_find("sell.order.placed"));
    ck_assert_ptr_null(find("sell.demo.cancelled"));
}
END_TEST

START_TEST(without_a_registry_there_is_the_vocabulary)
{
    const struct event_type *type;
    ck_assert(registry_find(NULL, arena, "sell.order.placed", &type, &why));
    ck_assert_ptr_nonnull(type);
    ck_assert(registry_find(NULL, arena, "sell.demo.held", &type, &why));
    ck_assert_ptr_null(type);
}
END_TEST

START_TEST(what_was_not_read_yet_is_not_unknown)
{
    const struct event_type *type;
    struct registry *empty = registry_create();
    ck_assert(registry_find(empty, arena, "sell.order.placed", &type, &why));
    ck_assert(!registry_find(empty, arena, "sell.demo.held", &type, &why));
    ck_assert_int_eq(why.code, PROBLEM_UNAVAILABLE);
    registry_destroy(empty);
}
END_TEST

START_TEST(a_type_outlives_its_edition)
{
    const struct event_type *demo = find("sell.demo.held");
    registry_replace(registry, edition_create(0));
    ck_assert_ptr_null(find("sell.demo.held"));
    ck_assert_str_eq(demo->name, "sell.demo.held");
    ck_assert_str_eq(demo->fields[0].name, "demo_id");
}
END_TEST

START_TEST(a_bad_definition_makes_no_type)
{
    struct edition *edition = edition_create(1);
    ck_assert(!edition_add(edition, 1, "sell.demo.held", "{}", &why));
    ck_assert(!edition_add(edition, 1, "sell.demo.held", "{", &why));
    ck_assert(edition_add(edition, 1, "sell.demo.held", VISIT, &why));
    edition_destroy(edition);
}
END_TEST

static atomic_bool ends;

/* Every arena lives as short as a request. */
static void *find_all_the_time(void *unused)
{
    while (!atomic_load(&ends)) {
        struct problem problem = {.code = PROBLEM_NONE};
        const struct event_type *type;
        struct arena *request = arena_create(MEMORY);
        bool is_found = registry_find(registry, request, "sell.demo.held", &type, &problem);
        ck_assert(is_found && type != NULL && type->fields[4].kind == JSON_KIND_NUMBER);
        arena_destroy(request);
    }
    return unused;
}

START_TEST(types_are_found_while_they_are_replaced)
{
    pthread_t finders[FINDERS];
    for (size_t i = 0; i < FINDERS; i++)
        ck_assert_int_eq(pthread_create(&finders[i], NULL, find_all_the_time, NULL), 0);
    for (int16_t i = 0; i < REPLACEMENTS; i++)
        registry_replace(registry, edition_of("sell.demo.held", i, DEMO));
    atomic_store(&ends, true);
    for (size_t i = 0; i < FINDERS; i++)
        pthread_join(finders[i], NULL);
}
END_TEST

static bool reads(struct event *event, const char *text)
{
    size_t used;
    const struct event_context context = {.now = clock_utc(), .registry = registry};
    why = (struct problem){.code = PROBLEM_NONE};
    json_t *object = json_parse(text, strlen(text), &used, &why);
    ck_assert_ptr_nonnull(object);
    bool is_valid = event_read(arena, text, used, object, &context, event, &why);
    json_decref(object);
    return is_valid;
}

#define EVENT(data)                                                                            \
    "{\"id\":\"1\",\"source\":\"crm\",\"subject\":\"acme\",\"type\":\"sell.demo.held\","       \
    "\"time\":\"2026-03-01T09:30:00Z\",\"data\":" data "}"

START_TEST(an_event_is_read_by_its_custom_type)
{
    struct event event;
    ck_assert(reads(&event, EVENT("{\"demo_id\":\"d\",\"amount\":5,\"currency\":\"EUR\","
                                  "\"units\":3,\"more\":[]}")));
    ck_assert_int_eq(event.type->code, CUSTOM_TYPE_CODE + 7);
    ck_assert(event.values.has_amount && event.values.has_units);
    ck_assert_int_eq(event.values.amount, 5);
    ck_assert_str_eq(event.values.currency, "EUR");
    ck_assert_ptr_null(event.values.object);
    ck_assert(!reads(&event, EVENT("{\"amount\":5,\"score\":\"high\",\"cost\":7}")));
    ck_assert_uint_eq(why.fault_count, 4);
    ck_assert_str_eq(why.faults[0].pointer, "/data/demo_id");
    ck_assert_str_eq(why.faults[1].pointer, "/data/score");
    ck_assert_str_eq(why.faults[2].pointer, "/data/cost");
    ck_assert_str_eq(why.faults[3].pointer, "/data/currency");
}
END_TEST

/* All of the text at once, and then no more. */
static enum source_state read_text(void *text, char *into, size_t size, size_t *length)
{
    const char **rest = text;
    *length = strlen(*rest);
    ck_assert_uint_le(*length, size);
    memcpy(into, *rest, *length);
    *rest += *length;
    return *length > 0 ? SOURCE_FLOWS : SOURCE_ENDED;
}

START_TEST(a_cell_is_what_its_custom_type_says)
{
    static struct reader reader;
    const char *text = "type,time,id,source,data.score,data.other\n"
                       "sell.demo.held,2026-03-01T09:30:00Z,1,crm,4.5,4.5\n";
    const struct csv_constants none = {NULL, NULL};
    struct csv_row row;
    struct csv_header header;
    struct buffer out = buffer_create(arena, MEMORY);
    reader_start(&reader, (struct source){read_text, &text});
    ck_assert(csv_create(arena, &row));
    ck_assert_int_eq(csv_read(&reader, &row, &why), READ_ROW);
    ck_assert(csv_header_read(arena, &row, &none, &header, &why));
    ck_assert_int_eq(csv_read(&reader, &row, &why), READ_ROW);
    const struct event_context context = {.now = clock_utc(), .registry = registry};
    ck_assert(csv_event_write(&header, &row, &context, &out, &why));
    buffer_append(&out, "", 1);
    ck_assert_ptr_nonnull(strstr(out.data, "\"data\":{\"other\":\"4.5\",\"score\":4.5}"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("registry");
    TCase *tests = tcase_create("registry");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, types_are_found);
    tcase_add_test(tests, without_a_registry_there_is_the_vocabulary);
    tcase_add_test(tests, what_was_not_read_yet_is_not_unknown);
    tcase_add_test(tests, a_type_outlives_its_edition);
    tcase_add_test(tests, a_bad_definition_makes_no_type);
    tcase_add_test(tests, types_are_found_while_they_are_replaced);
    tcase_add_test(tests, an_event_is_read_by_its_custom_type);
    tcase_add_test(tests, a_cell_is_what_its_custom_type_says);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
