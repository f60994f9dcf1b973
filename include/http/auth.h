/* Who may call what. Keys are `clm_<id>_<secret>`; the database holds a SHA-256 of the secret.
 * Tokens are made with a key, for browsers: they read, for an hour at the most, and end with
 * their key. All that is needed to judge them is held in memory (see http/follower.h; channel
 * clmd_keys), so that a request is let in or refused without waiting. */
#ifndef CLMD_HTTP_AUTH_H
#define CLMD_HTTP_AUTH_H

#include "base/arena.h"
#include "base/problem.h"
#include "http/rate.h"
#include "http/scope.h"

#include <stdbool.h>
#include <stddef.h>

enum { KEY_ID_SIZE = 17, KEY_TEXT_SIZE = 96 };

struct new_key {
    char id[KEY_ID_SIZE];     /* 16 hexadecimal digits */
    char text[KEY_TEXT_SIZE]; /* clm_<id>_<secret>: shown once, never stored */
    unsigned char digest[32]; /* SHA-256 of the secret */
};

bool key_make(struct new_key *key) MUST_CHECK;

/* Another secret for the key of this id. */
bool key_renew(const char id[KEY_ID_SIZE], struct new_key *key) MUST_CHECK;

/* What a caller may do. */
struct rights {
    unsigned scopes;      /* enum scope, or-ed */
    const char *sources;  /* whose events it may post, one a line; NULL: anyone's */
    const char *types;    /* which, one a line, "bill.*" too; NULL: any */
    struct rate rate;     /* how often it may come, its tokens with it; 0 requests: as is set */
    const char *customer; /* whom alone it may read, by this reference; NULL: everyone */
    bool is_token;
};

struct auth;
struct db;
struct token;

/* `key_seconds`: how long the keys count after they were read. NULL: out of memory. */
struct auth *auth_create(unsigned key_seconds);
void auth_destroy(struct auth *auth);

/* Reads the keys in force; `auth` is a struct auth. Until it first succeeded auth_check answers
 * 503. It tells the database too, once a minute, which keys were used. */
bool auth_load(void *auth, struct db *db, struct problem *why) MUST_CHECK;

/* The same after a change of the keys, before its caller is answered. */
bool auth_refresh(struct auth *auth, struct db *db, struct problem *why) MUST_CHECK;

/* 503 once the keys were read so long ago that one may have been revoked since, unheard. */
bool auth_confirm(const struct auth *auth, struct problem *why) MUST_CHECK;

/* Signs a token, see http/token.h; 503 until there is something to sign with. */
bool auth_make_token(struct auth *auth, const struct token *token, struct arena *arena,
                     const char **text, struct problem *why) MUST_CHECK;

/* `authorization`: the header's value, or NULL. 401 without a valid key or token, 403 without
 * one of the scopes that are needed; SCOPE_NONE lets everyone in. key_id is the key's id, for
 * the log, also of one that is refused with 403. The texts of `rights` are in the arena. */
bool auth_check(struct auth *auth, const char *authorization, unsigned needed,
                struct arena *arena, char key_id[KEY_ID_SIZE], struct rights *rights,
                struct problem *why) MUST_CHECK;

#endif
