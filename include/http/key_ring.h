/* The keys in force, held in memory. Looked up by many threads at once; replaced all
 * together. */
#ifndef CLMD_HTTP_KEY_RING_H
#define CLMD_HTTP_KEY_RING_H

#include "base/arena.h"
#include "base/digest.h"
#include "http/auth.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key {
    char id[KEY_ID_SIZE];
    unsigned char digest[SHA256_SIZE];   /* of the secret */
    unsigned char previous[SHA256_SIZE]; /* of the one before it … */
    int64_t previous_until;              /* … which is good until then, by clock_utc */
    int64_t expires_at;                  /* INT64_MAX: never */
    unsigned scopes;
    struct rate rate;        /* see struct rights */
    char *sources, *types;   /* see struct rights; of malloc, or NULL */
    _Atomic int64_t used_at; /* 0: not since it was told */
};

enum key_finding { KEYS_NOT_LOADED, KEY_WRONG, KEY_EXPIRED, KEY_RIGHT };

struct key_ring;

struct key_ring *key_ring_create(void); /* NULL: out of memory */
void key_ring_destroy(struct key_ring *ring);

/* Takes `keys`, which malloc gave and which it sorts, and their texts. */
void key_ring_replace(struct key_ring *ring, struct key *keys, size_t count);
void keys_free(struct key *keys, size_t count);

/* Finds the key "clm_<id>_<secret>" and what it may do. A secret is compared in
 * a time that tells nothing, for an unknown id as well. key_id is filled by KEY_RIGHT. */
enum key_finding key_ring_find(struct key_ring *ring, const char *text, int64_t now,
                               struct arena *arena, char key_id[KEY_ID_SIZE],
                               struct rights *rights) MUST_CHECK;

/* The same for a token, which was signed in the name of a key. */
enum key_finding key_ring_vouch(struct key_ring *ring, const char id[KEY_ID_SIZE], int64_t now,
                                struct rights *rights) MUST_CHECK;

struct key_use {
    char id[KEY_ID_SIZE];
    int64_t at; /* clock_utc */
};

/* Takes down which keys were used since they were asked for last, up to `limit` of them. */
size_t key_ring_take_uses(struct key_ring *ring, struct key_use *uses, size_t limit);

#endif
