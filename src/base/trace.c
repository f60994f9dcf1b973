#include "base/trace.h"

#include <string.h>

/* 00-<32 digits>-<16 digits>-<2 digits> */
enum { VERSION_AT = 0, ID_AT = 3, PARENT_AT = 36, FLAGS_AT = 53, LENGTH = 55 };

/* Lower case alone, as the standard wants it. */
static bool is_hex(const char *text, size_t length)
{
    return strspn(text, "0123456789abcdef") >= length;
}

static bool is_zero(const char *text, size_t length)
{
    return strspn(text, "0") >= length;
}

static bool is_well_formed(const char *field)
{
    size_t length = strlen(field);
    if (length < LENGTH || !is_hex(field, 2) || field[2] != '-' || !is_hex(field + ID_AT, 32) ||
        field[PARENT_AT - 1] != '-' || !is_hex(field + PARENT_AT, 16) ||
        field[FLAGS_AT - 1] != '-' || !is_hex(field + FLAGS_AT, 2))
        return false;
    bool is_first_version = strncmp(field + VERSION_AT, "00", 2) == 0;
    bool has_good_end = length == LENGTH || (!is_first_version && field[LENGTH] == '-');
    return has_good_end && strncmp(field + VERSION_AT, "ff", 2) != 0 &&
           !is_zero(field + ID_AT, 32) && !is_zero(field + PARENT_AT, 16);
}

static bool is_odd(char digit)
{
    return strchr("13579bdf", digit) != NULL;
}

bool trace_read(const char *field, struct trace *trace)
{
    *trace = (struct trace){.is_sampled = false};
    if (!field || !is_well_formed(field))
        return false;
    memcpy(trace->id, field + ID_AT, TRACE_ID_SIZE - 1);
    memcpy(trace->parent, field + PARENT_AT, SPAN_ID_SIZE - 1);
    trace->is_sampled = is_odd(field[FLAGS_AT + 1]);
    return true;
}
