/* Metrics as Prometheus reads them: the text format 0.0.4, or OpenMetrics 1.0.0, which differs
 * in the name of counters, in the type of what is only told, and in its last line. */
#ifndef CLMD_BASE_EXPOSITION_H
#define CLMD_BASE_EXPOSITION_H

#include "base/buffer.h"
#include "base/count.h"

#include <stdbool.h>
#include <stdint.h>

enum family_kind { FAMILY_COUNTER, FAMILY_GAUGE, FAMILY_HISTOGRAM, FAMILY_SUMMARY };

/* Metrics of one name. A counter's ends in _total. */
struct family {
    const char *name;
    enum family_kind kind;
    const char *help; /* without line breaks and backslashes */
};

enum { LABEL_LIMIT = 4 };

/* In the order in which they are written; a name of NULL ends them. */
struct label {
    const char *name, *value;
};

struct exposition {
    struct buffer *out;
    bool is_openmetrics;
    const struct family *family; /* that is being written */
};

/* The lines before a family's samples. */
void exposition_family(struct exposition *exposition, const struct family *family);

/* A sample of the family. `labels` may be NULL. */
void exposition_count(struct exposition *exposition, const struct label *labels,
                      uint64_t value);
void exposition_value(struct exposition *exposition, const struct label *labels, double value);
void exposition_histogram(struct exposition *exposition, const struct label *labels,
                          const struct histogram *histogram, const struct scale *scale);

/* Of a summary without quantiles: how often, and how much in all. */
void exposition_summary(struct exposition *exposition, const struct label *labels,
                        uint64_t count, double sum);

/* After the last family. */
void exposition_end(struct exposition *exposition);

#endif
