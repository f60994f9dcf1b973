#include "http/auth.h"

#include "db/db.h"
#include "http/key_ring.h"

#include <stdlib.h>
#include <string.h>

struct auth {
    struct key_ring *ring;
};

static bool read_key(const PGresult *rows, int row, struct key *key)
{
    if (PQgetlength(rows, row, 0) != KEY_ID_SIZE - 1 ||
        PQgetlength(rows, row, 1) != 2 * SHA256_SIZE ||
        !hex_decode(PQgetvalue(rows, row, 1), SHA256_SIZE, key->digest))
        return false;
    memcpy(key->id, PQgetvalue(rows, row, 0), KEY_ID_SIZE);
    key->scopes = scopes_of_text(PQgetvalue(rows, row, 2));
    return true;
}

bool auth_load(void *context, struct db *db, struct problem *why)
{
    const struct auth *auth = context;
    PGresult *rows;
    if (!db_run(db, STATEMENT_LOAD_KEYS, NULL, &rows, why))
        return false;
    int row_count = PQntuples(rows);
    size_t count = 0;
    struct key *keys = calloc((size_t)row_count + 1, sizeof *keys);
    for (int row = 0; keys && row < row_count; row++)
        if (read_key(rows, row, &keys[count]))
            count++;
    PQclear(rows);
    if (!keys)
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    key_ring_replace(auth->ring, keys, count);
    return true;
}

struct auth *auth_create(void)
{
    struct auth *auth = calloc(1, sizeof *auth);
    struct key_ring *ring = auth ? key_ring_create() : NULL;
    if (!ring) {
        free(auth);
        return NULL;
    }
    auth->ring = ring;
    return auth;
}

void auth_destroy(struct auth *auth)
{
    if (!auth)
        return;
    key_ring_destroy(auth->ring);
    free(auth);
}

bool auth_check(struct auth *auth, const char *authorization, enum scope scope,
                char key_id[KEY_ID_SIZE], struct problem *why)
{
    return key_ring_check(auth->ring, authorization, scope, key_id, why);
}
