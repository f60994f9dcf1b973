#include "integration/scene.h"

#include <stdio.h>

struct service service;
struct client *client;

void scene_open(void)
{
    service_start(&service);
}

/* check tells nobody what an assertion said here, only that there was one. */
void scene_close(void)
{
    char told[4096];
    int status =
        service_command(&service, (const char *const[]){"verify", NULL}, told, sizeof told);
    service_remove(&service);
    if (status != 0)
        fprintf(stderr, "clmd verify: %s\n", told);
    ck_assert_int_eq(status, 0);
}

void scene_connect(void)
{
    client = client_create(service.port, service.key);
}

void scene_disconnect(void)
{
    client_destroy(client);
}

TCase *scene_case(Suite *suite, const char *name, double timeout_seconds)
{
    TCase *tests = tcase_create(name);
    suite_add_tcase(suite, tests);
    tcase_add_unchecked_fixture(tests, scene_open, scene_close);
    tcase_add_checked_fixture(tests, scene_connect, scene_disconnect);
    tcase_set_timeout(tests, timeout_seconds);
    return tests;
}
