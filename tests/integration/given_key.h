/* Keys of the tests' own, made through the API, and what is needed to look at them. */
#ifndef CLMD_TESTS_GIVEN_KEY_H
#define CLMD_TESTS_GIVEN_KEY_H

#include "integration/client.h"

#include <stddef.h>

enum { GIVEN_KEY_SIZE = 128 };

/* Makes a key as an object of POST /v1/keys wants it: its text, and its id unless that is
 * NULL. */
void given_key(struct client *admin, const char *wish, char key[GIVEN_KEY_SIZE],
               char id[GIVEN_KEY_SIZE]);

/* The member of an answer, which must be a text. */
void reply_member(const struct reply *reply, const char *name, char *text, size_t size);

/* Takes the reply; its status. */
int reply_status(struct reply reply);

/* The status of a GET with a key or a token of one's own; NULL: without any. */
int status_with(int port, const char *key, const char *path);

/* Waits, in bounds, until a GET of the settings gives the status. */
void assert_settles(int port, const char *key, int status);

#endif
