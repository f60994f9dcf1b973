/* Who may call what. Keys are `clm_<id>_<secret>`; the database holds a SHA-256 of the secret.
 * The keys are held in memory (see http/follower.h; channel clmd_keys), so that a request is
 * let in or refused without waiting. */
#ifndef CLMD_HTTP_AUTH_H
#define CLMD_HTTP_AUTH_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

enum scope {
    SCOPE_NONE = 0, /* open to everyone */
    SCOPE_EVENTS_WRITE = 1 << 0,
    SCOPE_EVENTS_READ = 1 << 1,
    SCOPE_CUSTOMERS_READ = 1 << 2,
    SCOPE_CUSTOMERS_WRITE = 1 << 3,
    SCOPE_METRICS_READ = 1 << 4,
    SCOPE_CONFIG_WRITE = 1 << 5,
    SCOPE_PRIVACY = 1 << 6,
    SCOPE_ADMIN = 1 << 7 /* all of them */
};

enum { KEY_ID_SIZE = 17, KEY_TEXT_SIZE = 96 };

struct new_key {
    char id[KEY_ID_SIZE];     /* 16 hexadecimal digits */
    char text[KEY_TEXT_SIZE]; /* clm_<id>_<secret>: shown once, never stored */
    unsigned char digest[32]; /* SHA-256 of the secret */
};

/* A scope's name ("events:write") and back; SCOPE_NONE for an unknown name. */
const char *scope_name(enum scope scope);
enum scope scope_of_name(const char *name);

bool key_make(struct new_key *key) MUST_CHECK;

struct auth;
struct db;

struct auth *auth_create(void); /* NULL: out of memory */
void auth_destroy(struct auth *auth);

/* Reads the keys in force; `auth` is a struct auth. Until it first succeeded auth_check answers
 * 503. */
bool auth_load(void *auth, struct db *db, struct problem *why) MUST_CHECK;

/* `authorization`: the header's value, or NULL. 401 without a valid key, 403 without the scope;
 * SCOPE_NONE lets everyone in. On success key_id is the key's id, for the log. */
bool auth_check(struct auth *auth, const char *authorization, enum scope scope,
                char key_id[KEY_ID_SIZE], struct problem *why) MUST_CHECK;

#endif
