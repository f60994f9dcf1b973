/* The input of a command: a file, standard input, or either of them in the gzip form. */
#ifndef CLMD_COMMAND_INPUT_H
#define CLMD_COMMAND_INPUT_H

#include "base/arena.h"
#include "base/problem.h"
#include "ingest/reader.h"
#include "ingest/unpack.h"

#include <stdbool.h>
#include <stdint.h>

struct input {
    const char *name; /* "-": standard input */
    int file;
    uint64_t size;             /* bytes; 0 where that is not known */
    uint64_t bytes;            /* read so far */
    struct problem why;        /* of a SOURCE_BROKEN */
    struct unpacker *unpacker; /* of one whose name ends in .gz */
};

/* Lives as long as the arena. */
bool input_open(struct arena *arena, const char *name, struct input *input,
                struct problem *why) MUST_CHECK;

struct source input_source(struct input *input);

/* Why the source broke. */
const struct problem *input_fault(const struct input *input);

/* Whether the name, but for .gz, ends in this ("csv"). */
bool input_has_suffix(const char *name, const char *suffix);

#endif
