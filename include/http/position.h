/* A place in PostgreSQL's log of changes, as callers get it with what they have written, and
 * give it back to those who answer them: sixteen hexadecimal digits that mean nothing to them.
 */
#ifndef CLMD_HTTP_POSITION_H
#define CLMD_HTTP_POSITION_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

enum { POSITION_SIZE = 17 };

void position_write(uint64_t position, char text[POSITION_SIZE]);
bool position_read(const char *text, uint64_t *position) MUST_CHECK;

#endif
