#include "ingest/registry.h"

#include "db/db.h"
#include "ingest/custom_type.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { EDITION_MEMORY = 256 * 1024 * 1024 /* far more than 500 definitions take */ };

/* Gone when its last holder is: the registry, and each arena that a type was found for. */
struct edition {
    atomic_size_t holders;
    struct arena *arena;
    size_t capacity, count;
    struct event_type types[]; /* by name, once the registry has it */
};

struct registry {
    pthread_mutex_t loading;
    pthread_rwlock_t lock;   /* of what follows */
    struct edition *edition; /* NULL until one was read */
};

struct edition *edition_create(size_t capacity)
{
    struct edition *edition = calloc(1, sizeof *edition + capacity * sizeof *edition->types);
    struct arena *arena = edition != NULL ? arena_create(EDITION_MEMORY) : NULL;
    if (arena == NULL) {
        free(edition);
        return NULL;
    }
    edition->arena = arena;
    edition->capacity = capacity;
    atomic_init(&edition->holders, 1);
    return edition;
}

void edition_destroy(struct edition *edition)
{
    if (edition == NULL)
        return;
    arena_destroy(edition->arena);
    free(edition);
}

static void release(void *what)
{
    struct edition *edition = what;
    if (edition != NULL && atomic_fetch_sub(&edition->holders, 1) == 1)
        edition_destroy(edition);
}

bool edition_add(struct edition *edition, int16_t code, const char *name,
                 const char *definition, struct problem *why)
{
    struct event_type *type = &edition->types[edition->count];
    const char *description;
    size_t used;
    assert(edition->count < edition->capacity);
    json_t *object = json_parse(definition, strlen(definition), &used, why);
    bool is_read = object != NULL &&
                   custom_type_read(edition->arena, name, object, type, &description, why);
    json_decref(object);
    type->code = code;
    edition->count += is_read;
    return is_read;
}

struct registry *registry_create(void)
{
    struct registry *registry = calloc(1, sizeof *registry);
    if (registry == NULL)
        return NULL;
    pthread_mutex_init(&registry->loading, NULL);
    pthread_rwlock_init(&registry->lock, NULL);
    return registry;
}

void registry_destroy(struct registry *registry)
{
    if (registry == NULL)
        return;
    release(registry->edition);
    pthread_rwlock_destroy(&registry->lock);
    pthread_mutex_destroy(&registry->loading);
    free(registry);
}

static int compare_types(const void *one, const void *other)
{
    const struct event_type *first = one, *second = other;
    return strcmp(first->name, second->name);
}

void registry_replace(struct registry *registry, struct edition *edition)
{
    qsort(edition->types, edition->count, sizeof *edition->types, compare_types);
    pthread_rwlock_wrlock(&registry->lock);
    struct edition *old = registry->edition;
    registry->edition = edition;
    pthread_rwlock_unlock(&registry->lock);
    release(old);
}

/* A row of code, name and definition for each type. */
static struct edition *read_edition(const PGresult *rows, struct problem *why)
{
    int count = PQntuples(rows);
    struct edition *edition = edition_create((size_t)count);
    if (edition == NULL) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    for (int row = 0; row < count; row++) {
        int16_t code = (int16_t)strtol(PQgetvalue(rows, row, 0), NULL, 10);
        if (!edition_add(edition, code, PQgetvalue(rows, row, 1), PQgetvalue(rows, row, 2),
                         why)) {
            (void)fail(why, PROBLEM_INTERNAL, "the custom type %s cannot be read",
                       PQgetvalue(rows, row, 1));
            edition_destroy(edition);
            return NULL;
        }
    }
    return edition;
}

static bool load(struct registry *registry, struct db *db, struct problem *why)
{
    PGresult *rows;
    if (!db_run(db, STATEMENT_LOAD_EVENT_TYPES, NULL, &rows, why))
        return false;
    struct edition *edition = read_edition(rows, why);
    PQclear(rows);
    if (edition == NULL)
        return false;
    registry_replace(registry, edition);
    return true;
}

bool registry_load(void *context, struct db *db, struct problem *why)
{
    struct registry *registry = context;
    pthread_mutex_lock(&registry->loading);
    bool is_loaded = load(registry, db, why);
    pthread_mutex_unlock(&registry->loading);
    return is_loaded;
}

/* Another holder of the edition; NULL if there is none yet. */
static struct edition *hold(struct registry *registry)
{
    pthread_rwlock_rdlock(&registry->lock);
    struct edition *edition = registry->edition;
    if (edition != NULL)
        atomic_fetch_add(&edition->holders, 1);
    pthread_rwlock_unlock(&registry->lock);
    return edition;
}

bool registry_find(struct registry *registry, struct arena *arena, const char *name,
                   const struct event_type **type, struct problem *why)
{
    const struct event_type key = {.name = name};
    *type = vocabulary_find(name);
    if (*type != NULL || registry == NULL)
        return true;
    struct edition *edition = hold(registry);
    if (edition == NULL)
        return fail(why, PROBLEM_UNAVAILABLE, "the custom types could not be read yet");
    const struct event_type *found =
        bsearch(&key, edition->types, edition->count, sizeof *edition->types, compare_types);
    if (found == NULL)
        release(edition);
    else if (!arena_defer(arena, release, edition))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    *type = found;
    return true;
}
