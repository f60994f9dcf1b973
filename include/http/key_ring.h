/* The keys in force, held in memory. Looked up by many threads at once; replaced all
 * together. */
#ifndef CLMD_HTTP_KEY_RING_H
#define CLMD_HTTP_KEY_RING_H

#include "base/digest.h"
#include "base/problem.h"
#include "http/auth.h"

#include <stdbool.h>
#include <stddef.h>

struct key {
    char id[KEY_ID_SIZE];
    unsigned char digest[SHA256_SIZE]; /* of the secret */
    unsigned scopes;                   /* enum scope, or-ed */
};

struct key_ring;

struct key_ring *key_ring_create(void); /* NULL: out of memory */
void key_ring_destroy(struct key_ring *ring);

/* Takes `keys`, which malloc gave and which it sorts. */
void key_ring_replace(struct key_ring *ring, struct key *keys, size_t count);

/* As auth_check. Before the first key_ring_replace every key is answered with 503. */
bool key_ring_check(struct key_ring *ring, const char *authorization, enum scope scope,
                    char key_id[KEY_ID_SIZE], struct problem *why) MUST_CHECK;

/* "events:write customers:read", as an or of enum scope; unknown names count for nothing. */
unsigned scopes_of_text(const char *text);

#endif
