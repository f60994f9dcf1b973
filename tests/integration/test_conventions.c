/* What holds for every operation of the table, whatever it does. */
#include "api/routes.h"
#include "integration/scene.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The path of an operation, with "x" for each variable, and what follows it. */
static const char *path_of(const struct route *route, const char *query)
{
    static char path[256];
    size_t length = 0;
    for (const char *at = route->path; *at != '\0'; at++) {
        path[length++] = *at == '{' ? 'x' : *at;
        if (*at == '{')
            at += strcspn(at, "}");
    }
    snprintf(path + length, sizeof path - length, "%s", query);
    return path;
}

/* What an operation wants to be told of the state that it changes. */
static const char *condition_of(const struct route *route)
{
    return route->requires_match ? "If-Match: *\r\n" : "";
}

static struct reply ask(const struct route *route, const char *method, const char *query,
                        const char *fields)
{
    char all[256] = "";
    const char *body = route->media_types != NULL ? "{}" : NULL;
    if (route->media_types != NULL && strstr(fields, "Content-Type") == NULL)
        snprintf(all, sizeof all, "Content-Type: %s\r\n", route->media_types[0]);
    snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", condition_of(route), fields);
    return client_ask(client, method, path_of(route, query), all, body,
                      body != NULL ? strlen(body) : 0);
}

static void assert_problem(struct reply *reply, const struct route *route, int status)
{
    char type[64] = "", id[80] = "";
    ck_assert_msg(reply->status == status, "%s %s: %d %s", route->method, route->path,
                  reply->status, reply->body);
    ck_assert(reply_field(reply, "Content-Type", type, sizeof type));
    ck_assert_str_eq(type, "application/problem+json");
    ck_assert(reply_field(reply, "X-Request-Id", id, sizeof id));
    ck_assert_ptr_nonnull(strstr(reply->body, id));
    reply_clear(reply);
}

START_TEST(options_and_other_methods_tell_what_is_allowed)
{
    const struct route *route = &ROUTES[_i];
    char allow[128] = "", again[128] = "";
    struct reply reply = ask(route, "OPTIONS", "", "");
    ck_assert_int_eq(reply.status, 204);
    ck_assert(reply_field(&reply, "Allow", allow, sizeof allow));
    ck_assert_ptr_nonnull(strstr(allow, route->method));
    ck_assert(strcmp(route->method, "GET") != 0 || strstr(allow, "HEAD") != NULL);
    reply_clear(&reply);
    reply = ask(route, "BREW", "", "");
    ck_assert(reply_field(&reply, "Allow", again, sizeof again));
    ck_assert_str_eq(allow, again);
    assert_problem(&reply, route, 405);
}
END_TEST

START_TEST(head_is_get_without_a_body)
{
    const struct route *route = &ROUTES[_i];
    if (strcmp(route->method, "GET") != 0)
        return;
    struct reply get = ask(route, "GET", "", ""), head = ask(route, "HEAD", "", "");
    char type[64] = "", again[64] = "";
    ck_assert_int_eq(head.status, get.status);
    ck_assert_uint_eq(head.length, 0);
    ck_assert(reply_field(&get, "Content-Type", type, sizeof type));
    ck_assert(reply_field(&head, "Content-Type", again, sizeof again));
    ck_assert_str_eq(type, again);
    reply_clear(&get);
    reply_clear(&head);
}
END_TEST

START_TEST(an_accept_that_excludes_the_answer_is_told)
{
    const struct route *route = &ROUTES[_i];
    struct reply reply = ask(route, route->method, "", "Accept: text/x-none, */*;q=0\r\n");
    assert_problem(&reply, route, 406);
    reply = ask(route, route->method, "", "Accept: text/x-none, */*;q=0.1\r\n");
    ck_assert_int_ne(reply.status, 406);
    reply_clear(&reply);
}
END_TEST

START_TEST(bodies_of_other_kinds_are_told)
{
    const struct route *route = &ROUTES[_i];
    char value[64] = "";
    if (route->media_types == NULL)
        return;
    struct reply reply = ask(route, route->method, "", "Content-Type: image/png\r\n");
    ck_assert(reply_field(&reply, "Accept-Encoding", value, sizeof value));
    ck_assert_str_eq(value, "gzip");
    ck_assert_ptr_nonnull(strstr(reply.body, route->media_types[0]));
    assert_problem(&reply, route, 415);
    reply = ask(route, route->method, "", "Content-Encoding: br\r\n");
    assert_problem(&reply, route, 415);
}
END_TEST

/* Before a byte of the body is read, and whether the operation wants one or not. */
START_TEST(bodies_too_large_are_told)
{
    const struct route *route = &ROUTES[_i];
    if (route->flow == FLOW_BODY)
        return; /* it takes any number of bytes */
    char request[1024];
    int length = snprintf(request, sizeof request,
                          "%s %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
                          "%sContent-Type: %s\r\nContent-Length: 99999999999\r\n\r\n",
                          route->method, path_of(route, ""), service.key, condition_of(route),
                          route->media_types != NULL ? route->media_types[0] : "text/plain");
    char *answer = client_raw(service.port, request, (size_t)length, 20);
    ck_assert_msg(strncmp(answer, "HTTP/1.1 413", 12) == 0, "%s: %.200s", route->path, answer);
    free(answer);
}
END_TEST

START_TEST(keys_are_asked_for)
{
    const struct route *route = &ROUTES[_i];
    char value[64] = "";
    struct client *stranger = client_create(service.port, NULL);
    struct reply reply = client_ask(stranger, route->method, path_of(route, ""), "", NULL, 0);
    if (route->scope == SCOPE_NONE) {
        ck_assert_int_ne(reply.status, 401);
        reply_clear(&reply);
    } else {
        ck_assert(reply_field(&reply, "WWW-Authenticate", value, sizeof value));
        assert_problem(&reply, route, 401);
    }
    client_destroy(stranger);
}
END_TEST

START_TEST(unknown_parameters_are_told)
{
    const struct route *route = &ROUTES[_i];
    struct reply reply = ask(route, route->method, "?nonsense=1", "");
    ck_assert_ptr_nonnull(strstr(reply.body, "\"?nonsense\""));
    assert_problem(&reply, route, 422);
}
END_TEST

int main(void)
{
    int count = (int)ROUTE_COUNT;
    Suite *suite = suite_create("conventions");
    TCase *tests = scene_case(suite, "conventions", 60);
    tcase_add_loop_test(tests, options_and_other_methods_tell_what_is_allowed, 0, count);
    tcase_add_loop_test(tests, head_is_get_without_a_body, 0, count);
    tcase_add_loop_test(tests, an_accept_that_excludes_the_answer_is_told, 0, count);
    tcase_add_loop_test(tests, bodies_of_other_kinds_are_told, 0, count);
    tcase_add_loop_test(tests, bodies_too_large_are_told, 0, count);
    tcase_add_loop_test(tests, keys_are_asked_for, 0, count);
    tcase_add_loop_test(tests, unknown_parameters_are_told, 0, count);
    return tap_run(suite);
}
