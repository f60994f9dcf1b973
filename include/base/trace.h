/* Where a request belongs in a trace over several services: W3C Trace Context, the field
 * traceparent. We begin no spans of our own; what came is told in the log, and to PostgreSQL.
 */
#ifndef CLMD_BASE_TRACE_H
#define CLMD_BASE_TRACE_H

#include <stdbool.h>

enum { TRACE_ID_SIZE = 33, SPAN_ID_SIZE = 17 };

struct trace {
    char id[TRACE_ID_SIZE];    /* 32 hexadecimal digits; empty: there is none */
    char parent[SPAN_ID_SIZE]; /* 16 of them: the caller's span */
    bool is_sampled;           /* the caller records it */
};

/* Reads the field's value. What is not exactly as the standard has it is no trace at all:
 * false, and `trace` is empty. Of versions to come, the parts that this one has are read. */
bool trace_read(const char *field, struct trace *trace);

#endif
