/* Claim: of the texts that a sender may write freely, an erasure leaves none but those that are
 * meant to stay: what a business calls its own things. Every field of the vocabulary is tried,
 * so that a new one is either wiped, or kept on purpose: by a row here. */
#include "base/compiler.h"
#include "db/db.h"
#include "ingest/vocabulary.h"
#include "integration/service.h"
#include "tap.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 64 };

static const struct {
    const char *field;
    int16_t types[6]; /* 0: all that have it */
} KEPT[] = {
    {"channel", {101, 107, 501, 606, 607}},
    {"campaign", {101, 102, 107}},
    {"offering", {0}},
    {"items.offering", {205, 207}},
    {"plan", {415, 416}},
    {"category", {501}},
    {"priority", {501}},
    {"feature", {309}},
    {"unit", {309}},
};

static struct service service;
static struct db *db;

static void set_up(void)
{
    char url[160];
    service_start(&service);
    snprintf(url, sizeof url, "host=%s/socket port=5432 user=clmd_server dbname=postgres",
             service.directory);
    db = db_create(url, 10);
    ck_assert_ptr_nonnull(db);
}

static void tear_down(void)
{
    db_destroy(db);
    service_remove(&service);
}

/* What is meant to stay ----------------------------------------------------------------------
 */

static bool is_kept(int16_t type, const char *field)
{
    for (size_t i = 0; i < COUNT_OF(KEPT); i++)
        for (size_t j = 0; strcmp(KEPT[i].field, field) == 0 && j < COUNT_OF(KEPT[i].types);
             j++)
            if (KEPT[i].types[0] == 0 || KEPT[i].types[j] == type)
                return true;
    return false;
}

/* What is written ----------------------------------------------------------------------------
 */

static json_t *sample_of(const struct json_field *field, const char *path);

/* Every text is its own path, so that it is recognised wherever it stays. */
static json_t *sample_object(const struct json_field *fields, const char *path)
{
    json_t *object = json_object();
    if (!fields)
        json_object_set_new(object, "free", json_string(path));
    for (; fields && fields->name; fields++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "%s%s%s", path, *path ? "." : "", fields->name);
        json_object_set_new(object, fields->name, sample_of(fields, name));
    }
    return object;
}

static json_t *sample_of(const struct json_field *field, const char *path)
{
    if (field->kind == JSON_KIND_TEXT)
        return json_string(path);
    if (field->kind == JSON_KIND_OBJECT)
        return sample_object(field->fields, path);
    if (field->kind == JSON_KIND_LIST)
        return json_pack("[o]", field->fields ? sample_object(field->fields, path)
                                              : json_string(path));
    return json_integer(1);
}

static json_t *sample_data(const struct event_type *type)
{
    json_t *data = sample_object(COMMON_FIELDS, ""), *own = sample_object(type->fields, "");
    json_object_update(data, own);
    json_decref(own);
    return data;
}

/* What is left -------------------------------------------------------------------------------
 */

static json_t *what_is_left(const struct event_type *type, const json_t *data)
{
    struct problem why = {0};
    PGresult *rows = NULL;
    char *text = json_dumps(data, JSON_COMPACT), *sql = NULL;
    ck_assert_int_gt(asprintf(&sql, "select lifecycle.data_left(%d::smallint, '%s', '\\x01')",
                              type->code, text),
                     0);
    ck_assert_msg(db_execute(db, sql, &rows, &why), "%s", why.log_detail);
    json_t *left = json_loads(PQgetvalue(rows, 0, 0), 0, NULL);
    ck_assert_ptr_nonnull(left);
    PQclear(rows);
    free(sql);
    free(text);
    return left;
}

/* Each text of `was` that is in `left` must be meant to stay, and each that is meant must be.
 */
static void compare(const struct event_type *type, json_t *was, const json_t *left)
{
    const char *name;
    json_t *value;
    size_t i;
    if (json_is_string(was)) {
        bool stays = json_is_string(left) && json_equal(was, left);
        ck_assert_msg(stays == is_kept(type->code, json_string_value(was)), "%s (%d), %s: %s",
                      type->name, type->code, json_string_value(was),
                      stays ? "stays, and no row says that it is meant to"
                            : "is meant to stay, and does not");
    }
    json_object_foreach(was, name, value) compare(type, value, json_object_get(left, name));
    json_array_foreach(was, i, value) compare(type, value, json_array_get(left, i));
}

START_TEST(no_free_text_is_left_but_what_is_meant_to)
{
    const struct event_type *type = &EVENT_TYPES[_i];
    json_t *data = sample_data(type), *left = what_is_left(type, data);
    compare(type, data, left);
    json_decref(left);
    json_decref(data);
}
END_TEST

/* A row of kept_fields that names what no type has is a mistake, or left over. */
START_TEST(the_list_names_what_there_is)
{
    struct problem why = {0};
    PGresult *rows = NULL;
    ck_assert(db_execute(db,
                         "select k.field, coalesce(t.type, 0) from lifecycle.kept_fields() k "
                         "left join lateral unnest(k.types) t (type) on true",
                         &rows, &why));
    ck_assert_int_gt(PQntuples(rows), 50);
    for (int row = 0; row < PQntuples(rows); row++) {
        const char *name = PQgetvalue(rows, row, 0);
        long code = strtol(PQgetvalue(rows, row, 1), NULL, 10);
        bool is_there = false;
        for (size_t i = 0; i < EVENT_TYPE_COUNT && !is_there; i++)
            is_there = (code == 0 || EVENT_TYPES[i].code == code) &&
                       (vocabulary_field(EVENT_TYPES[i].fields, name, strlen(name)) ||
                        vocabulary_field(COMMON_FIELDS, name, strlen(name)));
        ck_assert_msg(is_there, "no type %ld has a field %s", code, name);
    }
    PQclear(rows);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kept_fields");
    TCase *tests = tcase_create("kept_fields");
    suite_add_tcase(suite, tests);
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, no_free_text_is_left_but_what_is_meant_to, 0,
                        (int)EVENT_TYPE_COUNT);
    tcase_add_test(tests, the_list_names_what_there_is);
    return tap_run(suite);
}
