/* Every operation of the service: what openapi.yaml describes is what stands here, and a test
 * compares them in both directions. */
#ifndef CLMD_API_ROUTES_H
#define CLMD_API_ROUTES_H

#include "http/route.h"

extern const struct route ROUTES[];
extern const size_t ROUTE_COUNT;

/* What is served where only those who watch the service can come: without a key. */
extern const struct route WATCH_ROUTES[];
extern const size_t WATCH_ROUTE_COUNT;

#endif
