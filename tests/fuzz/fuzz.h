/* What the targets of libFuzzer share. A target promises more than not to crash: it ends the
 * run by abort() where something does not hold that must hold for every input. */
#ifndef CLMD_TESTS_FUZZ_H
#define CLMD_TESTS_FUZZ_H

#include "base/arena.h"
#include "base/problem.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST_HOLD(condition)                                                                   \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);     \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

/* The input as text, which ends where its first NUL stands; of malloc. */
static inline char *text_of(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    MUST_HOLD(text != NULL);
    return text;
}

/* A refusal is fit to be told: it has words, in UTF-8, its faults have theirs, and it is the
 * caller's fault and not ours. */
void promise_refusal(const struct problem *why);

/* Every fault that points into the body points to something in it, or to a member that
 * something in it lacks. */
void promise_pointers(const struct problem *why, const json_t *body);

/* Text of a header field of ours: nothing in it could end the field. */
bool is_field_text(const char *text);

/* A piece of an answer that was not seen yet is to libFuzzer as good as a branch that was not
 * taken yet: so it finds its way through what PostgreSQL decides. Numbers do not count. */
void notice_answer(const char *text, size_t length);

#endif
