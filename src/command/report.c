#include "command/command.h"

#include <stdarg.h>
#include <stdio.h>

int command_misused(const char *command, const char *detail, ...)
{
    va_list arguments;
    fprintf(stderr, "clmd %s: ", command);
    va_start(arguments, detail);
    vfprintf(stderr, detail, arguments);
    va_end(arguments);
    fprintf(stderr, "\nclmd %s --help tells more\n", command);
    return STATUS_USAGE;
}

int command_failed(const struct problem *why)
{
    bool has_more = why->log_detail[0] != '\0';
    fprintf(stderr, "clmd: %s%s%s%s\n", why->detail, has_more ? " (" : "", why->log_detail,
            has_more ? ")" : "");
    for (unsigned i = 0; i < why->fault_count; i++)
        fprintf(stderr, "clmd: %s %s\n", why->faults[i].pointer, why->faults[i].detail);
    return STATUS_FAILED;
}
