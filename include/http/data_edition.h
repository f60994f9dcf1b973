/* The edition of the data: a short text that tells one state of the database from every other,
 * so that what was answered once needs no second look while it stands. It is made of
 * PostgreSQL's own snapshot (lifecycle.data_edition), so all servers name a state alike.
 *
 * It is held in memory, and read again several times a second, because others write too: what
 * another server stored may be overlooked for EDITION_MICROSECONDS at the most. What this one
 * stored never is: data_edition_outdate is called before anyone is told of it. */
#ifndef CLMD_HTTP_DATA_EDITION_H
#define CLMD_HTTP_DATA_EDITION_H

#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

struct db;
struct data_edition;

enum {
    EDITION_SIZE = 33,              /* 32 hexadecimal digits, and a NUL */
    EDITION_EVERY = 200000,         /* microseconds */
    EDITION_MICROSECONDS = 1000000, /* the age at which it is trusted no more */
};

struct data_edition *data_edition_create(void); /* NULL: out of memory */
void data_edition_destroy(struct data_edition *edition);

/* Reads it; `edition` is a struct data_edition. For struct followed. */
bool data_edition_load(void *edition, struct db *db, struct problem *why) MUST_CHECK;

/* This server has changed the database, or may have. */
void data_edition_outdate(struct data_edition *edition);

/* The edition now, by clock_monotonic. False while it is not known. */
bool data_edition_read(struct data_edition *edition, int64_t now,
                       char text[EDITION_SIZE]) MUST_CHECK;

#endif
