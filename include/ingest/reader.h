/* A long input, byte by byte and line by line, in bounded memory. A byte order mark at the
 * beginning is passed over; CRLF is read as LF. */
#ifndef CLMD_INGEST_READER_H
#define CLMD_INGEST_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    READER_BUFFER = 64 * 1024,
    READER_EXCERPT = 1000 /* bytes of a row that are kept to be shown */
};

enum source_state {
    SOURCE_FLOWS,
    SOURCE_QUIET, /* nothing for a while; it may go on */
    SOURCE_ENDED,
    SOURCE_BROKEN /* it ended where it should not have */
};

/* Where the bytes come from: up to `size` of them, at least one where it flows. */
struct source {
    enum source_state (*read)(void *closure, char *into, size_t size, size_t *length);
    void *closure;
};

enum read_result { READ_ROW, READ_BAD, READ_END };

struct reader {
    struct source source;
    enum source_state state; /* FLOWS, until it has ended or broken */
    uint64_t bytes;          /* that the source has given */
    uint64_t line;           /* that the next byte stands in, from 1 */

    /* The row that began last. */
    uint64_t first_line;
    char excerpt[READER_EXCERPT];
    size_t excerpt_length;

    const char *at, *end; /* of what was not read yet */
    char buffer[READER_BUFFER];
};

void reader_start(struct reader *reader, struct source source);

/* A row begins with the next byte. */
void reader_begin(struct reader *reader);

/* The next byte; EOF at the end, and where the source broke. */
int reader_next(struct reader *reader);

/* Passes over what is left of the line, if `last`, the byte read last, did not end it. */
void reader_skip_line(struct reader *reader, int last);

/* The next line with something in it, as a row, without its end: up to `limit` bytes into
 * `text`. READ_BAD: it is longer, and was passed over. */
enum read_result reader_line(struct reader *reader, char *text, size_t limit, size_t *length);

#endif
