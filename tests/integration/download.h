/* Long answers, for the tests that take them: each over a connection of its own. */
#ifndef CLMD_TESTS_DOWNLOAD_H
#define CLMD_TESTS_DOWNLOAD_H

#include "integration/service.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct download {
    int socket;
    int status;    /* 0: there was no answer */
    char *head;    /* terminated */
    char *text;    /* the content, without its chunks; terminated */
    size_t length; /* of the text */
    bool is_whole; /* it came to its end */
};

/* Sends the request, with further header fields ("Name: value\r\n…"). The kernel's buffers are
 * small, so that not reading soon holds up the service. */
struct download download_begin(const struct service *service, const char *path,
                               const char *fields);

/* Reads to the end. */
void download_finish(struct download *download);

/* Both at once; what must be answered whole and with 200. */
struct download download_all(const struct service *service, const char *path,
                             const char *fields);
void download_clear(struct download *download);

/* The lines of NDJSON, as an array; to be released. */
json_t *download_lines(const struct download *download);

#endif
