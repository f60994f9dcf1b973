#include "http/token.h"

#include <cjose/header.h>
#include <cjose/jwk.h>
#include <cjose/jws.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEYS_LIMIT = 16,
    TEXT_LIMIT = 4096,
    SECOND = 1000000,        /* in microseconds */
    KNOWN_AFTER = 60,        /* seconds after which every server has read a new key */
    CLOCK_TOLERANCE = 60,    /* seconds that servers' clocks may be apart */
    UNIX_OF_2000 = 946684800 /* seconds */
};

static const char ISSUER[] = "clmd";

struct held_key {
    char id[UUID_TEXT_SIZE];
    int64_t created_at;
    cjose_jwk_t *jwk;
};

struct signer {
    pthread_rwlock_t lock;
    struct held_key keys[KEYS_LIMIT]; /* the youngest first */
    size_t count;
};

struct signer *signer_create(void)
{
    struct signer *signer = calloc(1, sizeof *signer);
    if (signer)
        pthread_rwlock_init(&signer->lock, NULL);
    return signer;
}

static void release_keys(struct held_key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cjose_jwk_release(keys[i].jwk);
}

void signer_destroy(struct signer *signer)
{
    if (!signer)
        return;
    release_keys(signer->keys, signer->count);
    pthread_rwlock_destroy(&signer->lock);
    free(signer);
}

bool signer_replace(struct signer *signer, const struct signing_key *keys, size_t count,
                    struct problem *why)
{
    struct held_key held[KEYS_LIMIT], old[KEYS_LIMIT];
    size_t made = 0, old_count;
    if (count > KEYS_LIMIT)
        count = KEYS_LIMIT;
    for (; made < count; made++) {
        held[made].created_at = keys[made].created_at;
        memcpy(held[made].id, keys[made].id, sizeof held[made].id);
        held[made].jwk =
            cjose_jwk_create_oct_spec(keys[made].secret, SIGNING_SECRET_SIZE, NULL);
        if (!held[made].jwk) {
            release_keys(held, made);
            return fail(why, PROBLEM_INTERNAL, "out of memory");
        }
    }
    pthread_rwlock_wrlock(&signer->lock);
    old_count = signer->count;
    memcpy(old, signer->keys, old_count * sizeof *old);
    memcpy(signer->keys, held, made * sizeof *held);
    signer->count = made;
    pthread_rwlock_unlock(&signer->lock);
    release_keys(old, old_count);
    return true;
}

/* Making ----------------------------------------------------------------------------------- */

/* With the lock held: the one that signs; NULL: there is none. A key that is so young that a
 * server may not have read it yet signs only where there is no other one. */
static const struct held_key *signing_key(const struct signer *signer, int64_t now)
{
    for (size_t i = 0; i < signer->count; i++)
        if (signer->keys[i].created_at <= now - (int64_t)KNOWN_AFTER * SECOND)
            return &signer->keys[i];
    return signer->count > 0 ? &signer->keys[signer->count - 1] : NULL;
}

static int64_t unix_seconds(int64_t microseconds)
{
    return microseconds / SECOND + UNIX_OF_2000;
}

/* The claims, as text for free(); NULL: out of memory. */
static char *write_claims(const struct token *token, int64_t now)
{
    char scopes[SCOPES_TEXT_SIZE], id[UUID_TEXT_SIZE];
    unsigned char uuid[UUID_SIZE];
    scopes_print(token->scopes, " ", scopes);
    if (!uuid_fresh(uuid))
        return NULL;
    uuid_print(uuid, id);
    json_t *claims = json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s*}", "iss", ISSUER, "sub",
                               token->key_id, "jti", id, "iat", (json_int_t)unix_seconds(now),
                               "exp", (json_int_t)unix_seconds(token->expires_at), "scope",
                               scopes, "customer", token->customer);
    char *text = claims ? json_dumps(claims, JSON_COMPACT) : NULL;
    json_decref(claims);
    return text;
}

static cjose_jws_t *sign(const struct held_key *key, const char *claims)
{
    cjose_header_t *header = cjose_header_new(NULL);
    cjose_jws_t *jws = NULL;
    if (header && cjose_header_set(header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_HS256, NULL) &&
        cjose_header_set(header, "typ", "JWT", NULL) &&
        cjose_header_set(header, CJOSE_HDR_KID, key->id, NULL))
        jws = cjose_jws_sign(key->jwk, header, (const uint8_t *)claims, strlen(claims), NULL);
    cjose_header_release(header);
    return jws;
}

bool token_make(struct signer *signer, const struct token *token, int64_t now,
                struct arena *arena, const char **text, struct problem *why)
{
    char *claims = write_claims(token, now);
    cjose_jws_t *jws = NULL;
    const char *compact = NULL;
    pthread_rwlock_rdlock(&signer->lock);
    const struct held_key *key = signing_key(signer, now);
    bool has_key = key != NULL;
    if (key && claims)
        jws = sign(key, claims);
    pthread_rwlock_unlock(&signer->lock);
    *text = jws && cjose_jws_export(jws, &compact, NULL)
                ? arena_copy(arena, compact, strlen(compact))
                : NULL;
    cjose_jws_release(jws);
    free(claims);
    if (!has_key)
        return fail(why, PROBLEM_UNAVAILABLE, "the signing keys could not be read yet");
    return *text || fail(why, PROBLEM_INTERNAL, "the token could not be signed");
}

/* Reading ---------------------------------------------------------------------------------- */

/* With the lock held: the key that the token's header names, if it says the one algorithm that
 * there is. */
static const struct held_key *verifying_key(const struct signer *signer, cjose_jws_t *jws)
{
    cjose_header_t *header = cjose_jws_get_protected(jws);
    const char *algorithm = cjose_header_get(header, CJOSE_HDR_ALG, NULL);
    const char *id = cjose_header_get(header, CJOSE_HDR_KID, NULL);
    if (!algorithm || strcmp(algorithm, CJOSE_HDR_ALG_HS256) != 0 || !id ||
        json_object_get((json_t *)header, "crit"))
        return NULL;
    for (size_t i = 0; i < signer->count; i++)
        if (strcmp(signer->keys[i].id, id) == 0)
            return &signer->keys[i];
    return NULL;
}

static bool verify(struct signer *signer, cjose_jws_t *jws)
{
    pthread_rwlock_rdlock(&signer->lock);
    const struct held_key *key = verifying_key(signer, jws);
    bool is_ours = key && cjose_jws_verify(jws, key->jwk, NULL);
    pthread_rwlock_unlock(&signer->lock);
    return is_ours;
}

/* False: not what we sign. */
static bool read_claims(const json_t *claims, int64_t now, struct arena *arena,
                        struct token *token)
{
    const char *issuer = json_string_value(json_object_get(claims, "iss"));
    const char *key_id = json_string_value(json_object_get(claims, "sub"));
    const char *scopes = json_string_value(json_object_get(claims, "scope"));
    const char *customer = json_string_value(json_object_get(claims, "customer"));
    int64_t issued = json_integer_value(json_object_get(claims, "iat"));
    int64_t expires = json_integer_value(json_object_get(claims, "exp"));
    if (!issuer || strcmp(issuer, ISSUER) != 0 || !scopes || !key_id ||
        strlen(key_id) != KEY_ID_SIZE - 1 || issued > unix_seconds(now) + CLOCK_TOLERANCE ||
        expires <= issued || expires > issued + TOKEN_SECONDS)
        return false;
    *token = (struct token){.scopes = scopes_of_text(scopes) & SCOPES_READ,
                            .expires_at = (expires - UNIX_OF_2000) * SECOND};
    memcpy(token->key_id, key_id, KEY_ID_SIZE);
    token->customer = customer ? arena_copy(arena, customer, strlen(customer)) : NULL;
    return !customer || token->customer;
}

static bool read_payload(cjose_jws_t *jws, int64_t now, struct arena *arena,
                         struct token *token)
{
    uint8_t *text = NULL;
    size_t length = 0;
    if (!cjose_jws_get_plaintext(jws, &text, &length, NULL))
        return false;
    json_t *claims = json_loadb((const char *)text, length, JSON_REJECT_DUPLICATES, NULL);
    bool is_read = claims && read_claims(claims, now, arena, token);
    json_decref(claims);
    return is_read;
}

/* Three parts of base64url without padding (RFC 7515, 3.1), each of a length that bytes can
 * have. cjose wants to be given nothing else: padding in the wrong place makes it abort. */
static bool is_compact(const char *text)
{
    static const char DIGITS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (int part = 0; part < 3; part++) {
        size_t length = strspn(text, DIGITS);
        if (length == 0 || length % 4 == 1 || text[length] != (part < 2 ? '.' : '\0'))
            return false;
        text += length + 1;
    }
    return true;
}

bool token_read(struct signer *signer, const char *text, int64_t now, struct arena *arena,
                struct token *token, struct problem *why)
{
    size_t length = strlen(text);
    bool is_readable = length <= TEXT_LIMIT && is_compact(text);
    cjose_jws_t *jws = is_readable ? cjose_jws_import(text, length, NULL) : NULL;
    bool is_ours = jws && verify(signer, jws) && read_payload(jws, now, arena, token);
    cjose_jws_release(jws);
    if (!is_ours)
        return fail(why, PROBLEM_UNAUTHENTICATED, "the token is not valid");
    return now < token->expires_at ||
           fail(why, PROBLEM_UNAUTHENTICATED, "the token has expired: have another one made");
}
