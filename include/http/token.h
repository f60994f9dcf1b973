/* Tokens: JSON Web Tokens (RFC 7519) that the service signs and verifies itself, by HMAC with
 * SHA-256 (RFC 7515) and no other way, whatever a token says of itself. The keys that sign are
 * the database's, so that all servers have the same. */
#ifndef CLMD_HTTP_TOKEN_H
#define CLMD_HTTP_TOKEN_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/problem.h"
#include "http/auth.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIGNING_SECRET_SIZE = 32, TOKEN_SECONDS = 3600 /* that one lasts at the most */ };

struct signing_key {
    char id[UUID_TEXT_SIZE];
    unsigned char secret[SIGNING_SECRET_SIZE];
    int64_t created_at; /* clock_utc */
};

struct token {
    char key_id[KEY_ID_SIZE]; /* in whose name it speaks */
    unsigned scopes;
    const char *customer; /* NULL: everyone */
    int64_t expires_at;   /* clock_utc; whole seconds count */
};

struct signer;

struct signer *signer_create(void); /* NULL: out of memory */
void signer_destroy(struct signer *signer);

/* Copies the keys, which come in the order of their age, the youngest first. The youngest that
 * every server knows by now signs; all verify. */
bool signer_replace(struct signer *signer, const struct signing_key *keys, size_t count,
                    struct problem *why) MUST_CHECK;

/* The text of a token, in the arena. 503 until there are keys. */
bool token_make(struct signer *signer, const struct token *token, int64_t now,
                struct arena *arena, const char **text, struct problem *why) MUST_CHECK;

/* False with 401 for what is no token of ours, or one that has expired. */
bool token_read(struct signer *signer, const char *text, int64_t now, struct arena *arena,
                struct token *token, struct problem *why) MUST_CHECK;

#endif
