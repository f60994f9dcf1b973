/* Data in the gzip form (RFC 1952), unpacked piece by piece: feed a piece, read until it is
 * used up, feed the next one. Nothing is held but zlib's window (some 50 kB), so whoever reads
 * decides how much is unpacked: a small piece can hold a thousand times its size. Several
 * members one after the other are one text, as gzip(1) takes them; anything else behind the
 * last member is a fault. */
#ifndef CLMD_BASE_GZIP_H
#define CLMD_BASE_GZIP_H

#include "base/arena.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

struct gzip;

/* Lives as long as the arena. NULL when out of memory. */
struct gzip *gzip_create(struct arena *arena);

/* The next piece, of less than 4 GiB; it is not copied, and must stay until it is used up. */
void gzip_feed(struct gzip *gzip, const void *piece, size_t length);

/* Unpacks up to `size` bytes (less than 4 GiB) into `room`. *length < size: the piece is used
 * up; otherwise there may be more, even if all of the piece was looked at. False for what is
 * not valid (PROBLEM_MALFORMED), or when out of memory; nothing can be read then any more. */
bool gzip_read(struct gzip *gzip, char *room, size_t size, size_t *length,
               struct problem *why) MUST_CHECK;

/* Whether the data read so far may end here: behind a member, with its checksum. */
bool gzip_is_whole(const struct gzip *gzip);

#endif
