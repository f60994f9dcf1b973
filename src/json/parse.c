/* Jansson parses. What it lets through, but PostgreSQL or a reader's stack would not bear, is
 * refused before: one quick look over the bytes, up to the end of the first value. And its own
 * words, which quote the input, are replaced by ours. */
#include "json/decode.h"

#include <limits.h>
#include <string.h>

enum { EXPONENT_DIGITS = 3 };

/* The end of a string that begins at `at`, or of the text. */
static size_t skip_string(const char *text, size_t length, size_t at)
{
    for (at++; at < length && text[at] != '"'; at++) {
        if (text[at] == '\\')
            at++;
    }
    return at < length ? at + 1 : length;
}

static bool is_numeric(char character)
{
    return (character >= '0' && character <= '9') || memchr("+-.eE", character, 5) != NULL;
}

static bool is_letter(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

/* A number that PostgreSQL's numeric can hold, however small or large. */
static bool is_number_bearable(const char *text, size_t length)
{
    size_t exponent = 0;
    while (exponent < length && text[exponent] != 'e' && text[exponent] != 'E')
        exponent++;
    exponent += exponent < length;
    if (exponent < length && (text[exponent] == '+' || text[exponent] == '-'))
        exponent++;
    return length <= JSON_NUMBER_LIMIT && length - exponent <= EXPONENT_DIGITS;
}

/* Looks at the token at `at`: where it ends, and how deep the text is behind it. */
static bool look_at_token(const char *text, size_t length, size_t *at, int *depth,
                          struct problem *why)
{
    size_t start = *at, end = start + 1;
    char first = text[start];
    if (first == '"') {
        end = skip_string(text, length, start);
    } else if (first == '{' || first == '[') {
        if (++*depth > JSON_DEPTH_LIMIT)
            return fail(why, PROBLEM_MALFORMED,
                        "nested too deeply at byte %zu: at most %d levels", start,
                        JSON_DEPTH_LIMIT);
    } else if (first == '}' || first == ']') {
        --*depth;
    } else if (is_letter(first)) {
        while (end < length && is_letter(text[end]))
            end++;
    } else if (is_numeric(first)) {
        while (end < length && is_numeric(text[end]))
            end++;
        if (!is_number_bearable(text + start, end - start))
            return fail(
                why, PROBLEM_MALFORMED,
                "the number at byte %zu is too long or too large: at most %d characters, "
                "and an exponent of at most %d digits",
                start, JSON_NUMBER_LIMIT, EXPONENT_DIGITS);
    }
    *at = end;
    return true;
}

/* Looks at the first value, and sees where it ends. */
static bool is_bearable(const char *text, size_t length, size_t *end, struct problem *why)
{
    int depth = 0;
    *end = 0;
    while (*end < length && memchr(" \t\r\n", text[*end], 4))
        ++*end;
    while (*end < length) {
        if (!look_at_token(text, length, end, &depth, why))
            return false;
        if (depth <= 0)
            break;
    }
    return true;
}

size_t json_extent(const char *text, size_t length)
{
    struct problem unused = {0};
    size_t end;
    return is_bearable(text, length, &end, &unused) ? end : 0;
}

static const char *const REASONS[] = {
    [json_error_invalid_utf8] = "not valid UTF-8",
    [json_error_premature_end_of_input] = "not valid JSON: it ends too early,",
    [json_error_null_character] = "not allowed: the character \\u0000",
    [json_error_null_byte_in_key] = "not allowed: the character \\u0000 in a name",
    [json_error_duplicate_key] = "not allowed: the same name twice in one object,",
    [json_error_numeric_overflow] = "not allowed: a number that is too large,",
};

/* Where jansson gets no memory, it mostly says nothing at all. */
static bool fail_to_parse(const json_error_t *error, struct problem *why)
{
    enum json_error_code code = json_error_code(error);
    if (code == json_error_out_of_memory || error->text[0] == '\0')
        return fail(why, PROBLEM_INTERNAL, "out of memory");
    const char *reason = (size_t)code < COUNT_OF(REASONS) ? REASONS[code] : NULL;
    return fail(why, PROBLEM_MALFORMED, "%s at byte %d", reason ? reason : "not valid JSON",
                error->position);
}

json_t *json_parse(const char *text, size_t length, size_t *used, struct problem *why)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK;
    bool is_refused = false;
    size_t end;
    if (length > INT_MAX)
        is_refused = !fail(why, PROBLEM_MALFORMED, "too long to be read as JSON");
    else if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        is_refused = !fail(why, PROBLEM_MALFORMED,
                           "begins with a byte order mark; send UTF-8 without one");
    else
        is_refused = !is_bearable(text, length, &end, why);
    if (is_refused)
        return NULL;
    json_error_t error;
    json_t *value = json_loadb(text, length, flags, &error);
    if (value)
        *used = (size_t)error.position;
    else
        (void)fail_to_parse(&error, why);
    return value;
}
