/* openapi.yaml, built into the program by tools/embed.py. */
#ifndef CLMD_API_OPENAPI_H
#define CLMD_API_OPENAPI_H

#include <stddef.h>

extern const char *const OPENAPI_YAML;
extern const size_t OPENAPI_YAML_LENGTH;
extern const char *const OPENAPI_JSON;
extern const size_t OPENAPI_JSON_LENGTH;

#endif
