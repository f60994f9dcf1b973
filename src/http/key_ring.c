#include "http/key_ring.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ID_LENGTH = KEY_ID_SIZE - 1,
    SECRET_SIZE = 32,
    SECRET_TEXT_SIZE = 2 * SECRET_SIZE + 1,
    USE_STEP = 1000000 /* microseconds: uses closer together are one */
};

static const char PREFIX[] = "clm_";

struct key_ring {
    pthread_rwlock_t lock;
    struct key *keys; /* by id; NULL until they were read for the first time */
    size_t count;
};

/* New keys --------------------------------------------------------------------------------- */

bool key_renew(const char id[KEY_ID_SIZE], struct new_key *key)
{
    unsigned char secret[SECRET_SIZE];
    char secret_text[SECRET_TEXT_SIZE];
    if (!random_bytes(secret, sizeof secret))
        return false;
    memmove(key->id, id, KEY_ID_SIZE);
    hex_encode(secret, sizeof secret, secret_text);
    sha256(secret_text, strlen(secret_text), key->digest);
    snprintf(key->text, sizeof key->text, "%s%s_%s", PREFIX, key->id, secret_text);
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(secret_text, sizeof secret_text);
    return true;
}

bool key_make(struct new_key *key)
{
    unsigned char id[ID_LENGTH / 2];
    if (!random_bytes(id, sizeof id))
        return false;
    hex_encode(id, sizeof id, key->id);
    return key_renew(key->id, key);
}

/* The ring --------------------------------------------------------------------------------- */

struct key_ring *key_ring_create(void)
{
    struct key_ring *ring = calloc(1, sizeof *ring);
    if (ring)
        pthread_rwlock_init(&ring->lock, NULL);
    return ring;
}

void keys_free(struct key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(keys[i].sources);
        free(keys[i].types);
    }
    free(keys);
}

void key_ring_destroy(struct key_ring *ring)
{
    if (!ring)
        return;
    pthread_rwlock_destroy(&ring->lock);
    keys_free(ring->keys, ring->count);
    free(ring);
}

static int compare_keys(const void *one, const void *other)
{
    return strcmp(((const struct key *)one)->id, ((const struct key *)other)->id);
}

static int compare_id(const void *id, const void *key)
{
    return strcmp(id, ((const struct key *)key)->id);
}

/* With the lock held. */
static struct key *key_of(const struct key_ring *ring, const char *id)
{
    return ring->keys ? bsearch(id, ring->keys, ring->count, sizeof *ring->keys, compare_id)
                      : NULL;
}

/* What was used and not told yet is not forgotten. */
void key_ring_replace(struct key_ring *ring, struct key *keys, size_t count)
{
    qsort(keys, count, sizeof *keys, compare_keys);
    pthread_rwlock_wrlock(&ring->lock);
    for (size_t i = 0; i < count; i++) {
        struct key *known = key_of(ring, keys[i].id);
        atomic_store(&keys[i].used_at, known ? atomic_load(&known->used_at) : 0);
    }
    struct key *old = ring->keys;
    size_t old_count = ring->count;
    ring->keys = keys;
    ring->count = count;
    pthread_rwlock_unlock(&ring->lock);
    keys_free(old, old_count);
}

size_t key_ring_take_uses(struct key_ring *ring, struct key_use *uses, size_t limit)
{
    size_t taken = 0;
    pthread_rwlock_rdlock(&ring->lock);
    for (size_t i = 0; i < ring->count && taken < limit; i++) {
        int64_t at = atomic_exchange(&ring->keys[i].used_at, 0);
        if (at == 0)
            continue;
        memcpy(uses[taken].id, ring->keys[i].id, KEY_ID_SIZE);
        uses[taken++].at = at;
    }
    pthread_rwlock_unlock(&ring->lock);
    return taken;
}

/* Finding ---------------------------------------------------------------------------------- */

/* "clm_<id>_<secret>" → the id and the secret. */
static bool split(const char *text, char id[KEY_ID_SIZE], const char **secret)
{
    if (strncmp(text, PREFIX, sizeof PREFIX - 1) != 0)
        return false;
    text += sizeof PREFIX - 1;
    if (strnlen(text, KEY_ID_SIZE) < KEY_ID_SIZE || text[ID_LENGTH] != '_')
        return false;
    memcpy(id, text, ID_LENGTH);
    id[ID_LENGTH] = '\0';
    *secret = text + KEY_ID_SIZE;
    return true;
}

/* Both digests are compared, whichever is right. */
static bool has_secret(const struct key *key, const unsigned char digest[SHA256_SIZE],
                       int64_t now)
{
    bool is_current = is_equal_secret(digest, key->digest, SHA256_SIZE);
    bool is_previous = is_equal_secret(digest, key->previous, SHA256_SIZE);
    return is_current | (is_previous & (now < key->previous_until));
}

static void note_use(struct key *key, int64_t now)
{
    if (now - atomic_load_explicit(&key->used_at, memory_order_relaxed) >= USE_STEP)
        atomic_store_explicit(&key->used_at, now, memory_order_relaxed);
}

static bool copy_text(struct arena *arena, const char *text, const char **copy)
{
    *copy = text ? arena_copy(arena, text, strlen(text)) : NULL;
    return !text || *copy;
}

/* With the lock held. Without memory for its bounds a key may do nothing. */
static enum key_finding use(struct key *key, int64_t now, struct arena *arena,
                            struct rights *rights)
{
    *rights = (struct rights){.scopes = key->scopes, .rate = key->rate};
    if (now >= key->expires_at)
        return KEY_EXPIRED;
    note_use(key, now);
    if (arena && (!copy_text(arena, key->sources, &rights->sources) ||
                  !copy_text(arena, key->types, &rights->types)))
        rights->scopes = SCOPE_NONE;
    return KEY_RIGHT;
}

/* An unknown id costs what a wrong secret costs: its secret is compared with nothing. */
enum key_finding key_ring_find(struct key_ring *ring, const char *text, int64_t now,
                               struct arena *arena, char key_id[KEY_ID_SIZE],
                               struct rights *rights)
{
    static const struct key NOBODY = {.previous_until = INT64_MIN};
    unsigned char digest[SHA256_SIZE];
    char id[KEY_ID_SIZE];
    const char *secret;
    if (!split(text, id, &secret))
        return KEY_WRONG;
    sha256(secret, strlen(secret), digest);
    pthread_rwlock_rdlock(&ring->lock);
    struct key *key = key_of(ring, id);
    enum key_finding finding = ring->keys ? KEY_WRONG : KEYS_NOT_LOADED;
    if (has_secret(key ? key : &NOBODY, digest, now) && key)
        finding = use(key, now, arena, rights);
    pthread_rwlock_unlock(&ring->lock);
    if (finding == KEY_RIGHT)
        memcpy(key_id, id, KEY_ID_SIZE);
    return finding;
}

enum key_finding key_ring_vouch(struct key_ring *ring, const char id[KEY_ID_SIZE], int64_t now,
                                struct rights *rights)
{
    pthread_rwlock_rdlock(&ring->lock);
    struct key *key = key_of(ring, id);
    enum key_finding finding = key          ? use(key, now, NULL, rights)
                               : ring->keys ? KEY_WRONG
                                            : KEYS_NOT_LOADED;
    pthread_rwlock_unlock(&ring->lock);
    return finding;
}
