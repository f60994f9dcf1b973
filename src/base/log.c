/* A line is put together in a bounded place on the stack and leaves by one write. Nothing of it
 * is longer than PIPE_BUF, so that the lines of several threads never mix, in a pipe neither.
 * What does not fit is cut, and the line stays well-formed: LINE_END is kept free for that. */
#include "base/log.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE_SIZE = 4096,
    LINE_END = 8 /* an ellipsis, a quotation mark, a brace and a newline */
};

/* How a format puts pairs of name and value together. */
struct syntax {
    const char *first, *next; /* before the first pair, and before each further one */
    const char *assign;
    const char *end;
    bool quotes_all;
};

static const struct syntax SYNTAXES[] = {
    [LOG_FORMAT_LOGFMT] = {"", " ", "=", "\n", false},
    [LOG_FORMAT_JSON] = {"{\"", ",\"", "\":", "}\n", true},
};

const char *const LOG_LEVEL_NAMES[LOG_LEVELS] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
};

struct line {
    const struct syntax *syntax;
    char text[LINE_SIZE];
    size_t length;
    bool is_full;
};

static enum log_level log_threshold = LOG_LEVEL_INFO;
static enum log_format log_format = LOG_FORMAT_LOGFMT;
static struct counter log_counts[LOG_LEVELS];

void log_setup(enum log_level threshold, enum log_format format)
{
    log_threshold = threshold;
    log_format = format;
}

/* Once something did not fit, nothing shorter slips in behind it. */
static bool put(struct line *line, const char *text, size_t length)
{
    if (line->is_full || line->length + length > LINE_SIZE - LINE_END) {
        line->is_full = true;
        return false;
    }
    memcpy(line->text + line->length, text, length);
    line->length += length;
    return true;
}

static bool put_text(struct line *line, const char *text)
{
    return put(line, text, strlen(text));
}

/* Into the room that is kept free. */
static void put_end(struct line *line, const char *text)
{
    size_t length = strlen(text);
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

/* Puts the first character of `text`, escaped as JSON and logfmt both do it, and returns how
 * many bytes of the text that was. */
static size_t put_character(struct line *line, const char *text, size_t length)
{
    static const char NAMED[] = "\"\\\b\f\n\r\t", NAMES[] = "\"\\bfnrt";
    const char *named = strchr(NAMED, *text);
    unsigned char byte = (unsigned char)*text;
    size_t step = utf8_length(text, length);
    if (named) {
        put(line, (const char[]){'\\', NAMES[named - NAMED]}, 2);
    } else if (byte < 0x20 || byte == 0x7f) {
        char escape[8];
        snprintf(escape, sizeof escape, "\\u%04x", (unsigned)byte);
        put_text(line, escape);
    } else if (step == 0) {
        put_text(line, "\uFFFD");
    } else {
        put(line, text, step);
    }
    return step > 0 ? step : 1;
}

/* What logfmt takes without quotation marks. */
static bool is_bare(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || strchr("\"=\\\x7f", *at))
            return false;
    }
    return *text != '\0' && is_utf8(text, strlen(text));
}

static void put_pair(struct line *line, const char *name, const char *value)
{
    const struct syntax *syntax = line->syntax;
    const char *quote = syntax->quotes_all || !is_bare(value) ? "\"" : "";
    size_t start = line->length;
    if (!put_text(line, start == 0 ? syntax->first : syntax->next) || !put_text(line, name) ||
        !put_text(line, syntax->assign) || !put_text(line, quote)) {
        line->length = start;
        return;
    }
    size_t length = strlen(value);
    for (size_t at = 0; at < length && !line->is_full;)
        at += put_character(line, value + at, length - at);
    if (line->is_full)
        put_end(line, "\u2026");
    put_end(line, quote);
}

bool log_takes(enum log_level level)
{
    return level >= log_threshold;
}

void log_line(enum log_level level, const char *message, ...)
{
    if (!log_takes(level))
        return;
    int saved_errno = errno;
    counter_add(&log_counts[level], 1);
    struct line line = {.syntax = &SYNTAXES[log_format]};
    char time[CLOCK_TEXT_SIZE];
    clock_print(clock_utc(), time);
    put_pair(&line, "time", time);
    put_pair(&line, "level", LOG_LEVEL_NAMES[level]);
    put_pair(&line, "msg", message);

    va_list pairs;
    va_start(pairs, message);
    const char *name, *value;
    while ((name = va_arg(pairs, const char *)) && (value = va_arg(pairs, const char *)))
        put_pair(&line, name, value);
    va_end(pairs);

    put_end(&line, line.syntax->end);
    while (write(STDERR_FILENO, line.text, line.length) < 0 && errno == EINTR)
        continue;
    errno = saved_errno;
}

uint64_t log_count(enum log_level level)
{
    return counter_read(&log_counts[level]);
}
