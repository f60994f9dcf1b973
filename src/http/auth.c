#include "http/auth.h"

#include "base/clock.h"
#include "db/array.h"
#include "db/db.h"
#include "http/key_ring.h"
#include "http/token.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    TELL_MICROSECONDS = 60 * 1000000, /* between two tellings of which keys were used */
    USES_LIMIT = 1000,                /* that are told at a time */
    USES_MEMORY = 256 * 1024,
    SIGNING_KEYS = 16
};

struct auth {
    struct key_ring *ring;
    struct signer *signer;
    int64_t key_microseconds; /* that the keys count after read_at */
    _Atomic int64_t read_at;  /* clock_monotonic: as of then the keys are known */
    int64_t told_at;          /* clock_monotonic; of the follower, as what follows */
    int64_t signs_since;      /* clock_utc: the age of the youngest signing key */
};

/* Loading ---------------------------------------------------------------------------------- */

enum column { ID, SCOPES, DIGEST, EXPIRES, PREVIOUS, UNTIL, SOURCES, TYPES, REQUESTS, SECONDS };

static int64_t number_at(const PGresult *rows, int row, int column, int64_t otherwise)
{
    return PQgetisnull(rows, row, column) ? otherwise
                                          : strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

static bool read_digest(const PGresult *rows, int row, int column,
                        unsigned char digest[SHA256_SIZE])
{
    return PQgetlength(rows, row, column) == 2 * SHA256_SIZE &&
           hex_decode(PQgetvalue(rows, row, column), SHA256_SIZE, digest);
}

/* False: out of memory, without which a bound key must not become a free one. */
static bool read_bound(const PGresult *rows, int row, int column, char **bound)
{
    if (!PQgetisnull(rows, row, column))
        *bound = strdup(PQgetvalue(rows, row, column));
    return PQgetisnull(rows, row, column) || *bound;
}

static bool read_key(const PGresult *rows, int row, struct key *key)
{
    if (PQgetlength(rows, row, ID) != KEY_ID_SIZE - 1 ||
        !read_digest(rows, row, DIGEST, key->digest))
        return false;
    memcpy(key->id, PQgetvalue(rows, row, ID), KEY_ID_SIZE);
    key->scopes = scopes_of_text(PQgetvalue(rows, row, SCOPES));
    key->expires_at = number_at(rows, row, EXPIRES, INT64_MAX);
    key->rate.requests = (unsigned)number_at(rows, row, REQUESTS, 0);
    key->rate.seconds = (unsigned)number_at(rows, row, SECONDS, 0);
    key->previous_until = INT64_MIN;
    if (read_digest(rows, row, PREVIOUS, key->previous))
        key->previous_until = number_at(rows, row, UNTIL, INT64_MIN);
    return read_bound(rows, row, SOURCES, &key->sources) &&
           read_bound(rows, row, TYPES, &key->types);
}

/* As the database has it. */
#define ROTATION_MICROSECONDS INT64_C(86400000000)

static bool load_keys(struct auth *auth, struct db *db, struct problem *why)
{
    int64_t began_at = clock_monotonic();
    PGresult *rows;
    if (!db_run(db, STATEMENT_LOAD_KEYS, NULL, &rows, why))
        return false;
    size_t count = (size_t)PQntuples(rows), read = 0;
    struct key *keys = calloc(count + 1, sizeof *keys);
    while (keys && read < count && read_key(rows, (int)read, &keys[read]))
        read++;
    PQclear(rows);
    if (read == count && keys) {
        key_ring_replace(auth->ring, keys, count);
        atomic_store(&auth->read_at, began_at);
        return true;
    }
    if (keys)
        keys_free(keys, count);
    return fail(why, PROBLEM_INTERNAL, "a key cannot be read");
}

static bool read_signing_key(const PGresult *rows, int row, struct signing_key *key)
{
    if (PQgetlength(rows, row, 0) != UUID_TEXT_SIZE - 1 ||
        PQgetlength(rows, row, 1) != 2 * SIGNING_SECRET_SIZE ||
        !hex_decode(PQgetvalue(rows, row, 1), SIGNING_SECRET_SIZE, key->secret))
        return false;
    memcpy(key->id, PQgetvalue(rows, row, 0), UUID_TEXT_SIZE);
    key->created_at = number_at(rows, row, 2, INT64_MAX);
    return true;
}

static bool load_signing_keys(struct auth *auth, struct db *db, struct problem *why)
{
    struct signing_key keys[SIGNING_KEYS];
    size_t count = 0;
    PGresult *rows;
    if (!db_run(db, STATEMENT_LOAD_SIGNING_KEYS, NULL, &rows, why))
        return false;
    for (int row = 0; row < PQntuples(rows) && count < SIGNING_KEYS; row++)
        count += read_signing_key(rows, row, &keys[count]);
    PQclear(rows);
    auth->signs_since = count > 0 ? keys[0].created_at : INT64_MIN;
    bool is_held = signer_replace(auth->signer, keys, count, why);
    explicit_bzero(keys, sizeof keys);
    return is_held;
}

/* One server does it for all of them. Where it fails, the ones that there are go on. */
static void rotate_signing_key(const struct auth *auth, struct db *db)
{
    unsigned char secret[SIGNING_SECRET_SIZE];
    char text[2 * sizeof secret + 1];
    struct problem ignored = {0};
    PGresult *rows = NULL;
    if (clock_utc() < auth->signs_since + ROTATION_MICROSECONDS ||
        !random_bytes(secret, sizeof secret))
        return;
    hex_encode(secret, sizeof secret, text);
    const struct db_value value = {.data = text};
    bool is_rotated = db_run(db, STATEMENT_ROTATE_SIGNING_KEY, &value, &rows, &ignored);
    (void)is_rotated;
    PQclear(rows);
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(text, sizeof text);
}

/* Telling ---------------------------------------------------------------------------------- */

static bool store_uses(struct db *db, const struct key_use *uses, size_t count,
                       struct arena *arena)
{
    struct array ids = array_create(arena, ARRAY_TEXT, USES_MEMORY);
    struct array times = array_create(arena, ARRAY_TIMESTAMPTZ, USES_MEMORY);
    struct db_value values[2];
    struct problem ignored = {0};
    PGresult *rows = NULL;
    for (size_t i = 0; i < count; i++) {
        array_text(&ids, uses[i].id);
        array_int8(&times, uses[i].at);
    }
    bool is_stored = array_finish(&ids, &values[0]) && array_finish(&times, &values[1]) &&
                     db_run(db, STATEMENT_NOTE_KEY_USE, values, &rows, &ignored);
    PQclear(rows);
    return is_stored;
}

/* Where it fails, the keys' next use is told: nobody waits for this, nothing stands on it. */
static void tell_uses(struct auth *auth, struct db *db)
{
    int64_t now = clock_monotonic();
    if (now < auth->told_at + TELL_MICROSECONDS && auth->told_at != 0)
        return;
    struct key_use *uses = calloc(USES_LIMIT, sizeof *uses);
    struct arena *arena = arena_create(4 * USES_MEMORY);
    size_t count = uses && arena ? key_ring_take_uses(auth->ring, uses, USES_LIMIT) : 0;
    if (count > 0 && store_uses(db, uses, count, arena))
        auth->told_at = now;
    arena_destroy(arena);
    free(uses);
}

bool auth_load(void *context, struct db *db, struct problem *why)
{
    struct auth *auth = context;
    if (!load_keys(auth, db, why) || !load_signing_keys(auth, db, why))
        return false;
    rotate_signing_key(auth, db);
    tell_uses(auth, db);
    return true;
}

bool auth_refresh(struct auth *auth, struct db *db, struct problem *why)
{
    return load_keys(auth, db, why);
}

bool auth_make_token(struct auth *auth, const struct token *token, struct arena *arena,
                     const char **text, struct problem *why)
{
    return token_make(auth->signer, token, clock_utc(), arena, text, why);
}

struct auth *auth_create(unsigned key_seconds)
{
    struct auth *auth = calloc(1, sizeof *auth);
    if (!auth)
        return NULL;
    auth->key_microseconds = key_seconds * INT64_C(1000000);
    auth->ring = key_ring_create();
    auth->signer = signer_create();
    if (auth->ring && auth->signer)
        return auth;
    auth_destroy(auth);
    return NULL;
}

void auth_destroy(struct auth *auth)
{
    if (!auth)
        return;
    key_ring_destroy(auth->ring);
    signer_destroy(auth->signer);
    free(auth);
}

/* Checking --------------------------------------------------------------------------------- */

/* "Bearer clm_…" → "clm_…"; NULL for another scheme. */
static const char *bearer_of(const char *authorization)
{
    static const char SCHEME[] = "Bearer ";
    if (strncasecmp(authorization, SCHEME, sizeof SCHEME - 1) != 0)
        return NULL;
    authorization += sizeof SCHEME - 1;
    return authorization + strspn(authorization, " ");
}

static bool tell_finding(enum key_finding finding, struct problem *why)
{
    switch (finding) {
    case KEYS_NOT_LOADED:
        return fail(why, PROBLEM_UNAVAILABLE, "the keys could not be read yet");
    case KEY_WRONG:
        return fail(why, PROBLEM_UNAUTHENTICATED, "the key is not valid");
    case KEY_EXPIRED:
        return fail(why, PROBLEM_UNAUTHENTICATED, "the key has expired");
    case KEY_RIGHT:
        break;
    }
    return true;
}

bool auth_confirm(const struct auth *auth, struct problem *why)
{
    return clock_monotonic() - atomic_load(&auth->read_at) <= auth->key_microseconds ||
           fail(
               why, PROBLEM_UNAVAILABLE,
               "the keys cannot be confirmed: the database is away, and they may have changed");
}

static bool check_scope(const struct rights *rights, unsigned needed, struct problem *why)
{
    char names[SCOPES_TEXT_SIZE];
    scopes_print(needed, " or ", names);
    return scopes_allow(rights->scopes, needed) ||
           fail(why, PROBLEM_FORBIDDEN, "the %s lacks the scope %s",
                rights->is_token ? "token" : "key", names);
}

/* A token may no more than the key may now with which it was made. */
static bool check_token(struct auth *auth, const char *text, int64_t now, struct arena *arena,
                        char key_id[KEY_ID_SIZE], struct rights *rights, struct problem *why)
{
    struct token token;
    struct rights of_key = {0};
    if (!token_read(auth->signer, text, now, arena, &token, why))
        return false;
    enum key_finding finding = key_ring_vouch(auth->ring, token.key_id, now, &of_key);
    if (finding == KEYS_NOT_LOADED)
        return tell_finding(finding, why);
    if (finding != KEY_RIGHT)
        return fail(why, PROBLEM_UNAUTHENTICATED,
                    "the key that the token was made with is not in force any more");
    bool is_admin = of_key.scopes & SCOPE_ADMIN;
    *rights = (struct rights){.scopes = token.scopes & (is_admin ? ~0U : of_key.scopes),
                              .customer = token.customer,
                              .rate = of_key.rate,
                              .is_token = true};
    memcpy(key_id, token.key_id, KEY_ID_SIZE);
    return true;
}

static bool is_token(const char *text)
{
    return text && strncmp(text, "clm_", 4) != 0 && strchr(text, '.');
}

bool auth_check(struct auth *auth, const char *authorization, unsigned needed,
                struct arena *arena, char key_id[KEY_ID_SIZE], struct rights *rights,
                struct problem *why)
{
    int64_t now = clock_utc();
    if (needed == SCOPE_NONE)
        return true;
    if (!authorization)
        return fail(why, PROBLEM_UNAUTHENTICATED,
                    "a key is needed: send the field Authorization: Bearer clm_<id>_<secret>");
    const char *text = bearer_of(authorization);
    if (is_token(text))
        return check_token(auth, text, now, arena, key_id, rights, why) &&
               check_scope(rights, needed, why);
    enum key_finding finding =
        text ? key_ring_find(auth->ring, text, now, arena, key_id, rights) : KEY_WRONG;
    return tell_finding(finding, why) && check_scope(rights, needed, why);
}
