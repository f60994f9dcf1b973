/* Structured log lines on standard error, one write a line: logfmt, or JSON by setting. Values
 * are escaped; secrets and payloads are never passed in. Safe from any thread. */
#ifndef CLMD_BASE_LOG_H
#define CLMD_BASE_LOG_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVELS };

extern const char *const LOG_LEVEL_NAMES[LOG_LEVELS];
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

/* Once, before the first thread. */
void log_setup(enum log_level threshold, enum log_format format);

/* `message`, then pairs of name and value, both `const char *`, then NULL. A NULL value ends
 * the list as well, so pass "" for an empty one. */
void log_line(enum log_level level, const char *message, ...) ENDS_WITH_NULL;

/* Whether lines of this level are written, for whoever would go to lengths for one. */
bool log_takes(enum log_level level);

/* Lines of a level that were written so far. */
uint64_t log_count(enum log_level level);

#endif
