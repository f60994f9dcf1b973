/* The events of one POST, in whatever form they came:
 *
 *   application/json                    an event, or an array of them
 *   application/cloudevents+json        an event
 *   application/cloudevents-batch+json  an array, which may be empty
 *   application/x-ndjson                an event a line (post_lines.c)
 *   the field ce-specversion            an event in the header fields (post_binary.c)
 *
 * An event that is not valid is an item with its problem; what makes the whole body unreadable
 * is a problem of the post. */
#ifndef CLMD_API_POST_H
#define CLMD_API_POST_H

#include "base/arena.h"
#include "base/problem.h"
#include "http/request.h"
#include "ingest/batch.h"

#include <stdbool.h>
#include <stddef.h>

enum { POST_EVENTS = 1000 }; /* the most events that a post may have */

struct post {
    struct arena *arena;
    struct event_context context;
    struct item *items; /* in the sender's order */
    size_t count, capacity;
    bool is_array;  /* there may be several */
    size_t *lines;  /* of each item, from 1; NULL: they did not come as lines */
    bool is_atomic; /* all of them are to be stored, or none */
    bool is_dry;    /* none is to be stored */
};

/* Reads the body by its form. False, with `why`: nothing of it can be taken. */
bool post_read(const struct request *request, struct post *post,
               struct problem *why) MUST_CHECK;

/* Answers with what became of each event: of one, 201 or 200; of several, 200 with a result for
 * each, or, where all or none are to be stored, one problem with all that is at fault: 403
 * where something is forbidden, 409 where there are conflicts only, else 422. */
bool post_answer(struct request *request, const struct post *post,
                 struct problem *why) MUST_CHECK;

/* Why an item was not stored, with pointers from the front of the body: /3/data/amount. */
struct problem post_problem(const struct post *post, size_t position);

/* For the readers of the forms ------------------------------------------------------------- */

/* The next item, zeroed; NULL with 413 or 500. */
struct item *post_add(struct post *post, struct problem *why);

/* Reads the JSON value at the front of a text as the event of the newest item: `used` tells how
 * long it was. An event that is not valid makes the item REJECTED. False, with `why`, for what
 * is not JSON. */
bool post_read_event(struct post *post, const char *text, size_t length, size_t *used,
                     struct problem *why) MUST_CHECK;

/* Makes the newest item REJECTED. False: out of memory. */
bool post_reject(struct post *post, const struct problem *problem,
                 struct problem *why) MUST_CHECK;

/* The problem of an event that has more than EVENT_BODY_LIMIT bytes. */
void post_tell_size(struct problem *problem);

/* A line of NDJSON that is not JSON is a REJECTED item; lines with nothing in them are none. */
bool post_read_lines(const struct request *request, struct post *post,
                     struct problem *why) MUST_CHECK;

/* Whether the event is in the header fields, by the HTTP binding of CloudEvents. */
bool post_is_binary(const struct request *request);

/* Makes of it the JSON object that it would be in structured mode, with the body as its data.
 * The media type must be JSON: 415. */
bool post_read_binary(const struct request *request, struct post *post,
                      struct problem *why) MUST_CHECK;

#endif
