/* Any bytes as a traceparent: what is taken consists of the digits that came, and of nothing
 * that could mean something to PostgreSQL or to a log. */
#include "fuzz.h"

#include "base/trace.h"

#include <string.h>

#define FIELD "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

const char *const FUZZ_SEEDS[] = {FIELD, "cc" FIELD, "01-" FIELD "-more", "ff" FIELD, "", NULL};

static bool is_hex_of(const char *digits, size_t length, const char *text)
{
    return strlen(digits) == length && strspn(digits, "0123456789abcdef") == length &&
           strncmp(digits, text, length) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct trace trace;
    MUST_HOLD(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (trace_read(text, &trace)) {
        MUST_HOLD(is_hex_of(trace.id, TRACE_ID_SIZE - 1, text + 3));
        MUST_HOLD(is_hex_of(trace.parent, SPAN_ID_SIZE - 1, text + 36));
    } else {
        MUST_HOLD(trace.id[0] == '\0' && trace.parent[0] == '\0' && !trace.is_sampled);
    }
    free(text);
    return 0;
}
