/* What the compiler can check for us. */
#ifndef CLMD_BASE_COMPILER_H
#define CLMD_BASE_COMPILER_H

#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define MUST_CHECK __attribute__((warn_unused_result))
#define ENDS_WITH_NULL __attribute__((sentinel))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
