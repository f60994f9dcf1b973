/* What the papers say against what the program does, in both directions: openapi.yaml and the
 * route table, the README's settings and SETTINGS, the vocabulary's codes and names. */
#include "api/openapi.h"
#include "api/routes.h"
#include "base/compiler.h"
#include "base/config.h"
#include "ingest/vocabulary.h"
#include "tap.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *load_openapi(void)
{
    json_t *document =
        json_loadb(OPENAPI_JSON, OPENAPI_JSON_LENGTH, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(document);
    return document;
}

static json_t *operation_of(json_t *document, const char *method, const char *path)
{
    char name[16] = "";
    for (size_t i = 0; method[i] != '\0' && i + 1 < sizeof name; i++)
        name[i] = (char)tolower((unsigned char)method[i]);
    return json_object_get(json_object_get(json_object_get(document, "paths"), path), name);
}

static json_t *resolve(json_t *document, json_t *reference)
{
    const char *path = json_string_value(json_object_get(reference, "$ref"));
    if (path == NULL)
        return reference;
    const char *name = strrchr(path, '/') + 1;
    return json_object_get(
        json_object_get(json_object_get(document, "components"), "parameters"), name);
}

static bool is_route_parameter(const struct route *route, const char *name)
{
    for (size_t i = 0; route->parameters != NULL && route->parameters[i] != NULL; i++) {
        if (strcmp(route->parameters[i], name) == 0)
            return true;
    }
    return false;
}

/* The query parameters of an operation are the route's, no more and no fewer. */
static void check_parameters(json_t *document, json_t *operation, const struct route *route)
{
    size_t described = 0, known = 0, i;
    json_t *entry;
    json_array_foreach(json_object_get(operation, "parameters"), i, entry)
    {
        json_t *parameter = resolve(document, entry);
        if (strcmp(json_string_value(json_object_get(parameter, "in")), "query") != 0)
            continue;
        const char *name = json_string_value(json_object_get(parameter, "name"));
        ck_assert_msg(is_route_parameter(route, name), "%s does not know %s", route->path,
                      name);
        described++;
    }
    while (route->parameters != NULL && route->parameters[known] != NULL)
        known++;
    ck_assert_msg(described == known, "%s %s: %zu parameters described, %zu known",
                  route->method, route->path, described, known);
}

static bool has_header_parameter(json_t *document, json_t *operation, const char *name)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(operation, "parameters"), i, entry)
    {
        json_t *parameter = resolve(document, entry);
        if (strcmp(json_string_value(json_object_get(parameter, "in")), "header") == 0 &&
            strcmp(json_string_value(json_object_get(parameter, "name")), name) == 0)
            return true;
    }
    return false;
}

/* What any request may be refused with before its route is looked at. */
static void check_limits(json_t *operation, const struct route *route)
{
    static const char *const STATUSES[] = {"429", "431"};
    json_t *responses = json_object_get(operation, "responses");
    for (size_t i = 0; i < COUNT_OF(STATUSES); i++)
        ck_assert_msg(json_object_get(responses, STATUSES[i]) != NULL, "%s %s lacks %s",
                      route->method, route->path, STATUSES[i]);
}

/* What the columns of the row promise, of fields and of statuses. */
static void check_conditions(json_t *document, json_t *operation, const struct route *route)
{
    bool is_get = strcmp(route->method, "GET") == 0;
    const struct {
        bool is_promised;
        const char *field, *status;
    } promises[] = {
        {is_get && route->is_tagged, "If-None-Match", "304"},
        {route->requires_match, "If-Match", "428"},
        {route->keeps_answer, "Idempotency-Key", "409"},
    };
    json_t *responses = json_object_get(operation, "responses");
    for (size_t i = 0; i < COUNT_OF(promises); i++) {
        const char *field = promises[i].field, *status = promises[i].status;
        if (!promises[i].is_promised)
            continue;
        ck_assert_msg(json_object_get(responses, status) != NULL, "%s %s lacks %s",
                      route->method, route->path, status);
        ck_assert_msg(has_header_parameter(document, operation, field), "%s %s lacks %s",
                      route->method, route->path, field);
    }
}

/* A list comes in pages, and as a table too. */
static void check_list(json_t *operation, const struct route *route)
{
    if (!is_route_parameter(route, "cursor"))
        return;
    json_t *content = json_object_get(
        json_object_get(json_object_get(operation, "responses"), "200"), "content");
    ck_assert_msg(is_route_parameter(route, "format") && route->answer_types != NULL &&
                      json_object_get(content, "text/csv") != NULL,
                  "%s is a list, but no table", route->path);
}

START_TEST(every_route_is_described)
{
    json_t *document = load_openapi();
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const struct route *route = &ROUTES[i];
        json_t *operation = operation_of(document, route->method, route->path);
        ck_assert_msg(operation != NULL, "openapi.yaml lacks %s %s", route->method,
                      route->path);
        const char *scope = json_string_value(json_object_get(operation, "x-scope"));
        char needed[SCOPES_TEXT_SIZE] = "none";
        if (route->scope != SCOPE_NONE)
            scopes_print(route->scope, " or ", needed);
        ck_assert_msg(scope != NULL && strcmp(scope, needed) == 0, "%s %s needs %s",
                      route->method, route->path, needed);
        check_parameters(document, operation, route);
        check_limits(operation, route);
        check_conditions(document, operation, route);
        check_list(operation, route);
    }
    json_decref(document);
}
END_TEST

START_TEST(every_description_has_a_route)
{
    json_t *document = load_openapi(), *item, *operation;
    const char *path, *name;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        json_object_foreach(item, name, operation)
        {
            size_t i = 0;
            while (i < ROUTE_COUNT &&
                   (strcmp(ROUTES[i].path, path) != 0 ||
                    operation_of(document, ROUTES[i].method, path) != operation))
                i++;
            ck_assert_msg(i < ROUTE_COUNT || strcmp(name, "parameters") == 0,
                          "no route for %s %s", name, path);
        }
    }
    json_decref(document);
}
END_TEST

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot read %s", path);
    char *text = calloc(1, 1 << 20);
    ck_assert_uint_gt(fread(text, 1, (1 << 20) - 1, file), 0);
    fclose(file);
    return text;
}

START_TEST(settings_stand_in_the_readme)
{
    char *readme = read_file(CLMD_SOURCE "/README.md");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        char row[128];
        snprintf(row, sizeof row, "\n| `%s` |", SETTINGS[i].variable);
        ck_assert_msg(strstr(readme, row) != NULL, "the README lacks %s", SETTINGS[i].variable);
    }
    for (const char *at = readme; (at = strstr(at, "\n| `CLMD_")) != NULL; at++) {
        size_t i = 0, length = strcspn(at + 4, "`");
        while (i < SETTING_COUNT && (strlen(SETTINGS[i].variable) != length ||
                                     strncmp(SETTINGS[i].variable, at + 4, length) != 0))
            i++;
        ck_assert_msg(i < SETTING_COUNT, "the README has an unknown setting %.*s", (int)length,
                      at + 4);
    }
    free(readme);
}
END_TEST

START_TEST(codes_and_names_are_unique)
{
    for (size_t i = 0; i < EVENT_TYPE_COUNT; i++) {
        ck_assert_ptr_eq(vocabulary_find(EVENT_TYPES[i].name), &EVENT_TYPES[i]);
        for (size_t j = 0; j < i; j++)
            ck_assert_int_ne(EVENT_TYPES[i].code, EVENT_TYPES[j].code);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("contract");
    TCase *contract = tcase_create("contract");
    tcase_add_test(contract, every_route_is_described);
    tcase_add_test(contract, every_description_has_a_route);
    tcase_add_test(contract, settings_stand_in_the_readme);
    tcase_add_test(contract, codes_and_names_are_unique);
    suite_add_tcase(suite, contract);
    return tap_run(suite);
}
