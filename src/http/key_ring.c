#include "http/key_ring.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ID_LENGTH = KEY_ID_SIZE - 1, SECRET_SIZE = 32, SECRET_TEXT_SIZE = 2 * SECRET_SIZE + 1 };

static const char SCHEME[] = "Bearer ", PREFIX[] = "clm_";

static const struct {
    enum scope scope;
    const char *name;
} SCOPE_NAMES[] = {
    {SCOPE_EVENTS_WRITE, "events:write"},
    {SCOPE_EVENTS_READ, "events:read"},
    {SCOPE_CUSTOMERS_READ, "customers:read"},
    {SCOPE_CUSTOMERS_WRITE, "customers:write"},
    {SCOPE_METRICS_READ, "metrics:read"},
    {SCOPE_CONFIG_WRITE, "config:write"},
    {SCOPE_PRIVACY, "privacy"},
    {SCOPE_ADMIN, "admin"},
};

struct key_ring {
    pthread_rwlock_t lock;
    struct key *keys; /* by id; NULL until they were read for the first time */
    size_t count;
};

const char *scope_name(enum scope scope)
{
    for (size_t i = 0; i < COUNT_OF(SCOPE_NAMES); i++)
        if (SCOPE_NAMES[i].scope == scope)
            return SCOPE_NAMES[i].name;
    return "none";
}

static enum scope scope_of(const char *name, size_t length)
{
    for (size_t i = 0; i < COUNT_OF(SCOPE_NAMES); i++)
        if (strlen(SCOPE_NAMES[i].name) == length &&
            memcmp(SCOPE_NAMES[i].name, name, length) == 0)
            return SCOPE_NAMES[i].scope;
    return SCOPE_NONE;
}

enum scope scope_of_name(const char *name)
{
    return scope_of(name, strlen(name));
}

unsigned scopes_of_text(const char *text)
{
    unsigned scopes = 0;
    while (*text) {
        size_t length = strcspn(text, " ");
        scopes |= scope_of(text, length);
        text += length;
        text += strspn(text, " ");
    }
    return scopes;
}

bool key_make(struct new_key *key)
{
    unsigned char id[ID_LENGTH / 2], secret[SECRET_SIZE];
    char secret_text[SECRET_TEXT_SIZE];
    if (!random_bytes(id, sizeof id) || !random_bytes(secret, sizeof secret))
        return false;
    hex_encode(id, sizeof id, key->id);
    hex_encode(secret, sizeof secret, secret_text);
    sha256(secret_text, strlen(secret_text), key->digest);
    snprintf(key->text, sizeof key->text, "%s%s_%s", PREFIX, key->id, secret_text);
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(secret_text, sizeof secret_text);
    return true;
}

struct key_ring *key_ring_create(void)
{
    struct key_ring *ring = calloc(1, sizeof *ring);
    if (ring)
        pthread_rwlock_init(&ring->lock, NULL);
    return ring;
}

void key_ring_destroy(struct key_ring *ring)
{
    if (!ring)
        return;
    pthread_rwlock_destroy(&ring->lock);
    free(ring->keys);
    free(ring);
}

static int compare_keys(const void *one, const void *other)
{
    return strcmp(((const struct key *)one)->id, ((const struct key *)other)->id);
}

void key_ring_replace(struct key_ring *ring, struct key *keys, size_t count)
{
    qsort(keys, count, sizeof *keys, compare_keys);
    pthread_rwlock_wrlock(&ring->lock);
    struct key *old = ring->keys;
    ring->keys = keys;
    ring->count = count;
    pthread_rwlock_unlock(&ring->lock);
    free(old);
}

/* "Bearer clm_<id>_<secret>" → the id and the secret. */
static bool split(const char *authorization, char id[KEY_ID_SIZE], const char **secret)
{
    if (strncasecmp(authorization, SCHEME, sizeof SCHEME - 1) != 0)
        return false;
    const char *text = authorization + sizeof SCHEME - 1;
    text += strspn(text, " ");
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

enum finding { KEYS_NOT_LOADED, KEY_WRONG, KEY_RIGHT };

/* An unknown id costs what a wrong secret costs: its secret is compared with nothing. */
static enum finding find(struct key_ring *ring, const char *id, const char *secret,
                         unsigned *scopes)
{
    static const struct key NOBODY = {.scopes = SCOPE_NONE};
    struct key wanted = {0};
    unsigned char digest[SHA256_SIZE];
    memcpy(wanted.id, id, KEY_ID_SIZE);
    sha256(secret, strlen(secret), digest);
    pthread_rwlock_rdlock(&ring->lock);
    bool is_loaded = ring->keys != NULL;
    const struct key *key =
        is_loaded ? bsearch(&wanted, ring->keys, ring->count, sizeof wanted, compare_keys)
                  : NULL;
    const struct key *compared = key ? key : &NOBODY;
    bool is_equal = is_equal_secret(digest, compared->digest, sizeof digest);
    *scopes = compared->scopes;
    pthread_rwlock_unlock(&ring->lock);
    if (!is_loaded)
        return KEYS_NOT_LOADED;
    return key && is_equal ? KEY_RIGHT : KEY_WRONG;
}

bool key_ring_check(struct key_ring *ring, const char *authorization, enum scope scope,
                    char key_id[KEY_ID_SIZE], struct problem *why)
{
    char id[KEY_ID_SIZE];
    const char *secret;
    unsigned scopes;
    if (scope == SCOPE_NONE)
        return true;
    if (!authorization)
        return fail(why, PROBLEM_UNAUTHENTICATED,
                    "a key is needed: send the field Authorization: Bearer clm_<id>_<secret>");
    bool is_key = split(authorization, id, &secret);
    switch (is_key ? find(ring, id, secret, &scopes) : KEY_WRONG) {
    case KEYS_NOT_LOADED:
        return fail(why, PROBLEM_UNAVAILABLE, "the keys could not be read yet");
    case KEY_WRONG:
        return fail(why, PROBLEM_UNAUTHENTICATED, "the key is not valid");
    case KEY_RIGHT:
        break;
    }
    memcpy(key_id, id, KEY_ID_SIZE);
    if (!(scopes & ((unsigned)scope | SCOPE_ADMIN)))
        return fail(why, PROBLEM_FORBIDDEN, "the key lacks the scope %s", scope_name(scope));
    return true;
}
