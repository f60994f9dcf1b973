#include "command/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { QUIET_MILLISECONDS = 1000 };

static const char GZIP[] = ".gz";

static bool ends_in(const char *name, size_t length, const char *end)
{
    size_t end_length = strlen(end);
    return length > end_length && strncasecmp(name + length - end_length, end, end_length) == 0;
}

bool input_has_suffix(const char *name, const char *suffix)
{
    char end[16];
    size_t length = strlen(name);
    if (ends_in(name, length, GZIP))
        length -= sizeof GZIP - 1;
    snprintf(end, sizeof end, ".%s", suffix);
    return ends_in(name, length, end);
}

static void close_file(void *input)
{
    close(((struct input *)input)->file);
}

/* A pipe may be quiet for a while. */
static enum source_state read_file(void *closure, char *into, size_t size, size_t *length)
{
    struct input *input = closure;
    struct pollfd ready = {.fd = input->file, .events = POLLIN};
    *length = 0;
    if (poll(&ready, 1, QUIET_MILLISECONDS) == 0)
        return SOURCE_QUIET;
    ssize_t got = read(input->file, into, size);
    if (got < 0 && errno == EINTR)
        return SOURCE_QUIET;
    if (got < 0) {
        fail(&input->why, PROBLEM_INTERNAL, "%s: %s", input->name, strerror(errno));
        return SOURCE_BROKEN;
    }
    *length = (size_t)got;
    input->bytes += *length;
    return got > 0 ? SOURCE_FLOWS : SOURCE_ENDED;
}

bool input_open(struct arena *arena, const char *name, struct input *input, struct problem *why)
{
    struct stat status;
    bool is_piped = strcmp(name, "-") == 0;
    *input = (struct input){.name = name, .file = STDIN_FILENO};
    if (!is_piped && (input->file = open(name, O_RDONLY | O_CLOEXEC)) < 0)
        return fail(why, PROBLEM_NOT_FOUND, "%s: %s", name, strerror(errno));
    if (!is_piped && !arena_defer(arena, close_file, input))
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    if (fstat(input->file, &status) == 0 && S_ISREG(status.st_mode))
        input->size = (uint64_t)status.st_size;
    if (!ends_in(name, strlen(name), GZIP))
        return true;
    input->unpacker = unpacker_create(arena, (struct source){read_file, input});
    return input->unpacker != NULL || fail(why, PROBLEM_INTERNAL, "out of memory");
}

struct source input_source(struct input *input)
{
    return input->unpacker != NULL ? unpacker_source(input->unpacker)
                                   : (struct source){read_file, input};
}

const struct problem *input_fault(const struct input *input)
{
    bool is_packed_badly = input->why.code == PROBLEM_NONE && input->unpacker != NULL;
    return is_packed_badly ? &input->unpacker->why : &input->why;
}
