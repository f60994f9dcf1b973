/* The work that a change of the stage model takes, in the background: history is derived by the
 * model that is to become the active one, and what the earlier one left is taken away; piece by
 * piece (migrations/functions/models_activation.sql). One thread, with a connection of its own,
 * looks every second whether there is something to be done. Of several servers on one database
 * one works at a time; any of them goes on where another one ended. */
#ifndef CLMD_INGEST_DERIVER_H
#define CLMD_INGEST_DERIVER_H

#include "base/problem.h"

#include <stdbool.h>

struct deriver;

/* A database that is away is no failure. */
struct deriver *deriver_start(const char *database_url, unsigned statement_seconds,
                              struct problem *why);

/* Ends after the piece that it is at. NULL is allowed. */
void deriver_stop(struct deriver *deriver);

#endif
