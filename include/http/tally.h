/* How many of something each party has at the time: connections, requests under way. Counted
 * without locks, by any number of threads, in a table of fixed size. Parties are known by a
 * hash (keyed_hash); two that share one share a count. */
#ifndef CLMD_HTTP_TALLY_H
#define CLMD_HTTP_TALLY_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

struct tally;

/* Where one was counted. NULL: it was not, because the table is full; it is let in all the
 * same, for it is the limit of all connections that protects us then. */
struct tally_place;

struct tally *tally_create(void); /* NULL: out of memory */
void tally_destroy(struct tally *tally);

/* Counts one more of the party; false when it has `limit` of them. */
bool tally_take(struct tally *tally, uint64_t party, unsigned limit,
                struct tally_place **place) MUST_CHECK;

/* Counts it no more. */
void tally_give(struct tally_place *place);

#endif
