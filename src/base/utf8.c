#include "base/utf8.h"

#include "base/compiler.h"

#include <stdint.h>
#include <string.h>

/* The well-formed byte sequences, as the Unicode standard tables them (table 3-7): by the range
 * of the first byte, the length and the range of the second; all further ones are 80..BF. */
struct utf8_form {
    unsigned char first_low, first_high, length, second_low, second_high;
};

static const struct utf8_form FORMS[] = {
    {0x00, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static bool is_form(const struct utf8_form *form, const unsigned char *bytes)
{
    if (form->length > 1 && (bytes[1] < form->second_low || bytes[1] > form->second_high))
        return false;
    for (size_t at = 2; at < form->length; at++) {
        if ((bytes[at] & 0xc0) != 0x80)
            return false;
    }
    return true;
}

size_t utf8_length(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (length == 0)
        return 0;
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        const struct utf8_form *form = &FORMS[i];
        if (bytes[0] < form->first_low || bytes[0] > form->first_high)
            continue;
        return form->length <= length && is_form(form, bytes) ? form->length : 0;
    }
    return 0;
}

/* Most text is ASCII: eight bytes at a time are seen to be. */
static size_t skip_ascii(const char *text, size_t length)
{
    size_t at = 0;
    for (uint64_t word; at + sizeof word <= length; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return at;
}

bool is_utf8(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        at += skip_ascii(text + at, length - at);
        if (at == length)
            return true;
        size_t step = utf8_length(text + at, length - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}
