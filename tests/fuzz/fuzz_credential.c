/* Any bytes as what a caller shows: as an API key, as a token, and, in two lines, as the header
 * and the claims of a token that is signed rightly. No key opens but the one there is; a token
 * that somebody else made opens nothing; one of ours opens no more and for no longer than we
 * would have said, whatever it claims. */
#include "fuzz.h"

#include "http/auth.h"
#include "http/key_ring.h"
#include "http/token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SECOND INT64_C(1000000)
#define NOW (INT64_C(800000000) * SECOND) /* in May 2025 */
#define KEY_ID "0123456789abcdef"
#define SECRET "0123456789abcdef0123456789abcdef"

enum { MEMORY = 1024 * 1024, UNIX_NOW = 800000000 + 946684800, SIGNATURE_SIZE = 32 };

static const char KEY_TEXT[] = "clm_" KEY_ID "_" SECRET;

static const struct signing_key SIGNING = {.id = "00000000-0000-4000-8000-000000000001",
                                           .secret = "fuzz",
                                           .created_at = NOW - 90000 * SECOND};

static struct key_ring *make_ring(void)
{
    struct key_ring *ring = key_ring_create();
    struct key *key = calloc(1, sizeof *key);
    MUST_HOLD(ring != NULL && key != NULL);
    memcpy(key->id, KEY_ID, sizeof KEY_ID);
    sha256(SECRET, strlen(SECRET), key->digest);
    key->previous_until = INT64_MIN;
    key->expires_at = INT64_MAX;
    key->scopes = SCOPE_METRICS_READ;
    key_ring_replace(ring, key, 1);
    return ring;
}

static void check_key(struct arena *arena, const char *text)
{
    struct key_ring *ring = make_ring();
    char key_id[KEY_ID_SIZE];
    struct rights rights = {0};
    bool is_right = key_ring_find(ring, text, NOW, arena, key_id, &rights) == KEY_RIGHT;
    MUST_HOLD(is_right == (strcmp(text, KEY_TEXT) == 0));
    MUST_HOLD(!is_right || rights.scopes == SCOPE_METRICS_READ);
    key_ring_destroy(ring);
}

/* Nobody is let in before there are keys. */
static void check_nobody(struct arena *arena, const char *text)
{
    struct auth *auth = auth_create(60);
    struct problem why = {0};
    char key_id[KEY_ID_SIZE];
    struct rights rights = {0};
    MUST_HOLD(auth != NULL);
    MUST_HOLD(!auth_check(auth, text, SCOPE_ADMIN, arena, key_id, &rights, &why));
    MUST_HOLD(why.code == PROBLEM_UNAUTHENTICATED || why.code == PROBLEM_UNAVAILABLE);
    auth_destroy(auth);
}

static char *base64url(const void *data, size_t size)
{
    char *text = malloc(4 * (size / 3 + 1) + 1);
    MUST_HOLD(text != NULL);
    EVP_EncodeBlock((unsigned char *)text, data, (int)size);
    text[strcspn(text, "=")] = '\0';
    for (char *at = text; *at != '\0'; at++)
        *at = (char)(*at == '+' ? '-' : *at == '/' ? '_' : *at);
    return text;
}

/* A token of these two texts, as anybody would make it who had our key. */
static char *sign(const char *header, const char *claims, size_t claims_length)
{
    unsigned char signature[SIGNATURE_SIZE];
    char *first = base64url(header, strlen(header));
    char *second = base64url(claims, claims_length);
    char *signed_text, *token;
    int length = asprintf(&signed_text, "%s.%s", first, second);
    MUST_HOLD(length > 0 &&
              HMAC(EVP_sha256(), SIGNING.secret, SIGNING_SECRET_SIZE,
                   (const unsigned char *)signed_text, (size_t)length, signature, NULL));
    char *third = base64url(signature, sizeof signature);
    MUST_HOLD(asprintf(&token, "%s.%s", signed_text, third) > 0);
    free(first);
    free(second);
    free(third);
    free(signed_text);
    return token;
}

static int64_t claim_of(const json_t *claims, const char *name)
{
    return json_integer_value(json_object_get(claims, name));
}

static void check_claims(const struct token *token, const char *header, const char *text,
                         size_t length)
{
    json_t *head = json_loads(header, 0, NULL), *claims = json_loadb(text, length, 0, NULL);
    int64_t expires = claim_of(claims, "exp");
    const char *algorithm = json_string_value(json_object_get(head, "alg"));
    MUST_HOLD(algorithm != NULL && strcmp(algorithm, "HS256") == 0);
    MUST_HOLD(json_object_get(head, "crit") == NULL && claims != NULL);
    MUST_HOLD((token->scopes & ~(unsigned)SCOPES_READ) == 0);
    MUST_HOLD(strlen(token->key_id) == KEY_ID_SIZE - 1);
    MUST_HOLD(expires > UNIX_NOW && expires <= claim_of(claims, "iat") + TOKEN_SECONDS);
    MUST_HOLD(expires <= UNIX_NOW + 2 * TOKEN_SECONDS);
    MUST_HOLD(json_is_string(json_object_get(claims, "customer")) == (token->customer != NULL));
    json_decref(head);
    json_decref(claims);
}

static bool read_token(struct signer *signer, const char *text, struct arena *arena,
                       struct token *token)
{
    struct problem why = {0};
    bool is_read = token_read(signer, text, NOW, arena, token, &why);
    MUST_HOLD(is_read || why.code == PROBLEM_UNAUTHENTICATED);
    return is_read;
}

static void check_token(struct arena *arena, const uint8_t *data, size_t size)
{
    struct token token = {.scopes = 0};
    struct problem why = {0};
    struct signer *signer = signer_create();
    char *header = text_of(data, size);
    MUST_HOLD(signer != NULL && signer_replace(signer, &SIGNING, 1, &why));
    MUST_HOLD(!read_token(signer, header, arena, &token));
    size_t length = strcspn(header, "\n");
    size_t claims_at = length < size ? length + 1 : size;
    header[length] = '\0';
    const char *claims = (const char *)data + claims_at;
    char *signed_token = sign(header, claims, size - claims_at);
    if (read_token(signer, signed_token, arena, &token))
        check_claims(&token, header, claims, size - claims_at);
    free(signed_token);
    free(header);
    signer_destroy(signer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(MEMORY);
    char *text = text_of(data, size);
    check_key(arena, text);
    check_nobody(arena, text);
    check_token(arena, data, size);
    free(text);
    arena_destroy(arena);
    return 0;
}
