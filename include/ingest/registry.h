/* The registry: the custom types in memory, looked up by many threads at once. It holds an
 * edition of them that never changes; a change in the database brings a new edition. Whoever
 * found a type in an edition keeps that edition for as long as it needs the type. */
#ifndef CLMD_INGEST_REGISTRY_H
#define CLMD_INGEST_REGISTRY_H

#include "base/arena.h"
#include "base/problem.h"
#include "ingest/vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct edition;
struct registry;

struct registry *registry_create(void); /* NULL: out of memory */
void registry_destroy(struct registry *registry);

/* Reads all custom types from the database; `registry` is a struct registry. Calls take turns,
 * so that the registry never falls back behind what a later one has read. */
bool registry_load(void *registry, struct db *db, struct problem *why) MUST_CHECK;

/* A type by its name, of the vocabulary (without a lock) or of the registry, which may be NULL;
 * NULL for an unknown name. It lives as long as the arena. False: out of memory, or (503) the
 * custom types could not be read yet. */
bool registry_find(struct registry *registry, struct arena *arena, const char *name,
                   const struct event_type **type, struct problem *why) MUST_CHECK;

/* An edition in the making, of at most `capacity` types. NULL: out of memory. */
struct edition *edition_create(size_t capacity);
void edition_destroy(struct edition *edition);

/* Adds a type by its definition, JSON that ends in NUL. */
bool edition_add(struct edition *edition, int16_t code, const char *name,
                 const char *definition, struct problem *why) MUST_CHECK;

/* Takes the edition. */
void registry_replace(struct registry *registry, struct edition *edition);

#endif
