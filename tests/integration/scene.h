/* The scene of most tests: one service, which all tests of a case share, and a client for each
 * of them. At its end what is derived must be what the ledger says. */
#ifndef CLMD_TESTS_SCENE_H
#define CLMD_TESTS_SCENE_H

#include "integration/client.h"
#include "integration/service.h"

#include <check.h>

extern struct service service;
extern struct client *client;

/* A case of a suite in such a scene. The service has the environment of the program; what is to
 * be there before the first test is posted by an unchecked fixture of the caller's, which
 * connects by itself. */
TCase *scene_case(Suite *suite, const char *name, double timeout_seconds);

/* The same by hand, for a test that ends its service, and so must have it for itself. */
void scene_open(void);
void scene_close(void);
void scene_connect(void); /* `client`, with the admin key */
void scene_disconnect(void);

#endif
