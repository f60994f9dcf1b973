/* Data into the gzip form (RFC 1952), piece by piece, by zlib with little effort: what is
 * packed while somebody waits is to be packed fast. */
#ifndef CLMD_BASE_PACK_H
#define CLMD_BASE_PACK_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct packer;

/* Lives as long as the arena. NULL when out of memory. */
struct packer *packer_create(struct arena *arena);

/* The next piece; it is not copied, and must stay until it is used up. is_last: there is none
 * after it. */
void packer_feed(struct packer *packer, const void *piece, size_t length, bool is_last);

/* Packs into `room`: how many bytes it has filled. 0: the piece is used up, and after the last
 * one all is told. */
size_t packer_read(struct packer *packer, void *room, size_t size);

#endif
