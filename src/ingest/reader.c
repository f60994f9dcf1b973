#include "ingest/reader.h"

#include <stdio.h>
#include <string.h>

/* What was read before is overwritten. */
static bool refill(struct reader *reader)
{
    size_t length = 0;
    do {
        if (reader->state != SOURCE_FLOWS)
            return false;
        enum source_state state = reader->source.read(reader->source.closure, reader->buffer,
                                                      sizeof reader->buffer, &length);
        if (state == SOURCE_ENDED || state == SOURCE_BROKEN)
            reader->state = state;
    } while (length == 0);
    reader->at = reader->buffer;
    reader->end = reader->buffer + length;
    reader->bytes += length;
    return true;
}

static int peek(struct reader *reader)
{
    return reader->at < reader->end || refill(reader) ? (unsigned char)*reader->at : EOF;
}

static int get(struct reader *reader)
{
    int byte = peek(reader);
    reader->at += byte != EOF;
    return byte;
}

static bool get_if(struct reader *reader, int expected)
{
    bool is_there = peek(reader) == expected;
    reader->at += is_there;
    return is_there;
}

/* Where the first byte of the mark stands alone, it is no UTF-8, and what follows is refused
 * with it or without it. */
void reader_start(struct reader *reader, struct source source)
{
    reader->source = source;
    reader->state = SOURCE_FLOWS;
    reader->bytes = 0;
    reader->line = reader->first_line = 1;
    reader->excerpt_length = 0;
    reader->at = reader->end = reader->buffer;
    if (get_if(reader, 0xef) && get_if(reader, 0xbb))
        (void)get_if(reader, 0xbf);
}

void reader_begin(struct reader *reader)
{
    reader->first_line = reader->line;
    reader->excerpt_length = 0;
}

static void show(struct reader *reader, const char *text, size_t length)
{
    size_t room = sizeof reader->excerpt - reader->excerpt_length;
    if (length > room)
        length = room;
    memcpy(reader->excerpt + reader->excerpt_length, text, length);
    reader->excerpt_length += length;
}

int reader_next(struct reader *reader)
{
    int byte = get(reader);
    if (byte == '\r' && get_if(reader, '\n'))
        byte = '\n';
    if (byte == EOF)
        return EOF;
    if (reader->excerpt_length < sizeof reader->excerpt)
        reader->excerpt[reader->excerpt_length++] = (char)byte;
    reader->line += byte == '\n';
    return byte;
}

/* The next piece of the line, as long as what is at hand. False at its end, which is passed. */
static bool next_piece(struct reader *reader, const char **piece, size_t *length)
{
    *piece = reader->at;
    *length = 0;
    if (reader->at == reader->end && !refill(reader))
        return false;
    const char *end = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    *piece = reader->at;
    *length = (size_t)((end != NULL ? end : reader->end) - reader->at);
    reader->at += *length + (end != NULL);
    reader->line += end != NULL;
    return end == NULL;
}

void reader_skip_line(struct reader *reader, int last)
{
    const char *piece;
    size_t length;
    if (last == '\n' || last == EOF)
        return;
    while (next_piece(reader, &piece, &length))
        show(reader, piece, length);
}

static bool is_blank(const char *text, size_t length)
{
    while (length > 0 && memchr(" \t\r", text[length - 1], 3) != NULL)
        length--;
    return length == 0;
}

/* False when the line is longer than the limit. */
static bool take_line(struct reader *reader, char *text, size_t limit, size_t *length)
{
    const char *piece = NULL;
    size_t size;
    bool goes_on, fits = true;
    *length = 0;
    do {
        goes_on = next_piece(reader, &piece, &size);
        show(reader, piece, size);
        fits = fits && size <= limit - *length;
        if (fits) {
            memcpy(text + *length, piece, size);
            *length += size;
        }
    } while (goes_on);
    if (fits && *length > 0 && text[*length - 1] == '\r')
        --*length;
    return fits;
}

enum read_result reader_line(struct reader *reader, char *text, size_t limit, size_t *length)
{
    for (;;) {
        reader_begin(reader);
        if (!take_line(reader, text, limit, length))
            return READ_BAD;
        if (!is_blank(text, *length))
            return READ_ROW;
        if (peek(reader) == EOF)
            return READ_END;
    }
}
