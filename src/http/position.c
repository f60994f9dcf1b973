#include "http/position.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void position_write(uint64_t position, char text[POSITION_SIZE])
{
    snprintf(text, POSITION_SIZE, "%016" PRIx64, position);
}

bool position_read(const char *text, uint64_t *position)
{
    bool is_whole = strlen(text) == POSITION_SIZE - 1 &&
                    strspn(text, "0123456789abcdef") == POSITION_SIZE - 1;
    *position = is_whole ? strtoull(text, NULL, 16) : 0;
    return *position > 0;
}
