/* The data of an event: what its type says of it, and what goes for every type. */
#ifndef CLMD_INGEST_EVENT_DATA_H
#define CLMD_INGEST_EVENT_DATA_H

#include "base/problem.h"
#include "ingest/event.h"

#include <jansson.h>
#include <stdbool.h>

/* Checks an event's data and takes from it what the ledger has columns for; the texts point
 * into `data`. False with the faults, each with its pointer within the event. */
bool event_data_read(const json_t *data, const struct event_type *type,
                     struct event_values *values, struct problem *why) MUST_CHECK;

#endif
