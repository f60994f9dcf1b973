/* What a fuzz target and its driver know of each other. A target is libFuzzer's function; the
 * driver is libFuzzer itself (clang), or mutate.c (any compiler), which begins with the texts
 * that the target names. */
#ifndef CLMD_TESTS_FUZZ_H
#define CLMD_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the run by abort() if what must hold for every input does not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const char *const FUZZ_SEEDS[]; /* ends with NULL */

#define MUST_HOLD(condition)                                                                   \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);     \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

#endif
