/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing past U+10FFFF. */
#ifndef CLMD_BASE_UTF8_H
#define CLMD_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the well-formed character at the front of `text`, 1 to 4; 0 if there is
 * none. */
size_t utf8_length(const char *text, size_t length);

/* Whether the bytes are well-formed UTF-8. */
bool is_utf8(const char *text, size_t length);

#endif
