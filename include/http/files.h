/* The open files that a service may have. */
#ifndef CLMD_HTTP_FILES_H
#define CLMD_HTTP_FILES_H

#include "base/config.h"

/* Raises the process's limit of open files to what the service needs; how many connections that
 * allows, which is fewer than the setting's where it cannot be had. */
unsigned files_for_connections(const struct config *config);

#endif
