#include "base/exposition.h"

#include "base/compiler.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const KIND_NAMES[] = {
    [FAMILY_COUNTER] = "counter",
    [FAMILY_GAUGE] = "gauge",
    [FAMILY_HISTOGRAM] = "histogram",
    [FAMILY_SUMMARY] = "summary",
};

/* OpenMetrics calls a counter by its name without the suffix that its samples have. */
static int bare_length(const struct exposition *exposition, const struct family *family)
{
    static const char SUFFIX[] = "_total";
    size_t length = strlen(family->name), end = sizeof SUFFIX - 1;
    bool has_suffix = length > end && strcmp(family->name + length - end, SUFFIX) == 0;
    return (int)(exposition->is_openmetrics && has_suffix ? length - end : length);
}

void exposition_family(struct exposition *exposition, const struct family *family)
{
    int length = bare_length(exposition, family);
    exposition->family = family;
    buffer_print(exposition->out, "# HELP %.*s %s\n# TYPE %.*s %s\n", length, family->name,
                 family->help, length, family->name, KIND_NAMES[family->kind]);
}

/* Backslashes, quotation marks and line feeds, as both formats have it. */
static void write_escaped(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '\n':
            buffer_text(out, "\\n");
            break;
        case '\\':
        case '"':
            buffer_append(out, "\\", 1);
            buffer_append(out, text, 1);
            break;
        default:
            buffer_append(out, text, 1);
        }
}

/* The name, a suffix, and the labels with one more after them, unless that is NULL. */
static void write_name(struct exposition *exposition, const char *suffix,
                       const struct label *labels, const struct label *last)
{
    struct buffer *out = exposition->out;
    const char *before = "{";
    buffer_print(out, "%s%s", exposition->family->name, suffix);
    for (; labels && labels->name; labels++, before = ",") {
        buffer_print(out, "%s%s=\"", before, labels->name);
        write_escaped(out, labels->value);
        buffer_text(out, "\"");
    }
    if (last)
        buffer_print(out, "%s%s=\"%s\"", before, last->name, last->value);
    buffer_text(out, last || *before == ',' ? "} " : " ");
}

void exposition_count(struct exposition *exposition, const struct label *labels, uint64_t value)
{
    write_name(exposition, "", labels, NULL);
    buffer_print(exposition->out, "%" PRIu64 "\n", value);
}

void exposition_value(struct exposition *exposition, const struct label *labels, double value)
{
    write_name(exposition, "", labels, NULL);
    buffer_print(exposition->out, "%.15g\n", value);
}

static void write_ends(struct exposition *exposition, const struct label *labels,
                       uint64_t count, double sum)
{
    write_name(exposition, "_sum", labels, NULL);
    buffer_print(exposition->out, "%.15g\n", sum);
    write_name(exposition, "_count", labels, NULL);
    buffer_print(exposition->out, "%" PRIu64 "\n", count);
}

void exposition_histogram(struct exposition *exposition, const struct label *labels,
                          const struct histogram *histogram, const struct scale *scale)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= scale->count; i++) {
        char bound[24] = "+Inf";
        if (i < scale->count)
            snprintf(bound, sizeof bound, "%g", (double)scale->bounds[i] / scale->unit);
        count += counter_read(&histogram->buckets[i]);
        write_name(exposition, "_bucket", labels, &(struct label){"le", bound});
        buffer_print(exposition->out, "%" PRIu64 "\n", count);
    }
    write_ends(exposition, labels, count, (double)counter_read(&histogram->sum) / scale->unit);
}

void exposition_summary(struct exposition *exposition, const struct label *labels,
                        uint64_t count, double sum)
{
    write_ends(exposition, labels, count, sum);
}

void exposition_end(struct exposition *exposition)
{
    if (exposition->is_openmetrics)
        buffer_text(exposition->out, "# EOF\n");
}
