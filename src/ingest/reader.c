#include "ingest/reader.h"

#include <string.h>

static int get(struct reader *reader)
{
    int byte = getc_unlocked(reader->input);
    reader->bytes += byte != EOF;
    return byte;
}

static bool get_if(struct reader *reader, int expected)
{
    int byte = get(reader);
    if (byte == expected)
        return true;
    if (byte != EOF) {
        ungetc(byte, reader->input);
        reader->bytes--;
    }
    return false;
}

/* Where the first byte of the mark stands alone, it is no UTF-8, and what follows is refused
 * with it or without it. */
struct reader reader_create(FILE *input)
{
    struct reader reader = {.input = input, .line = 1, .first_line = 1};
    if (get_if(&reader, 0xef) && get_if(&reader, 0xbb))
        (void)get_if(&reader, 0xbf);
    return reader;
}

void reader_begin(struct reader *reader)
{
    reader->first_line = reader->line;
    reader->excerpt_length = 0;
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

void reader_skip_line(struct reader *reader, int last)
{
    while (last != '\n' && last != EOF)
        last = reader_next(reader);
}

static bool is_blank(const char *text, size_t length)
{
    while (length > 0 && memchr(" \t\r", text[length - 1], 3) != NULL)
        length--;
    return length == 0;
}

enum read_result reader_line(struct reader *reader, char *text, size_t limit, size_t *length)
{
    int byte;
    do {
        reader_begin(reader);
        *length = 0;
        while ((byte = reader_next(reader)) != '\n' && byte != EOF) {
            if (*length == limit) {
                reader_skip_line(reader, byte);
                return READ_BAD;
            }
            text[(*length)++] = (char)byte;
        }
        if (!is_blank(text, *length))
            return READ_ROW;
    } while (byte != EOF);
    return READ_END;
}
