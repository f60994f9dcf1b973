/* What the service answers, as the tests look at it. Everything fails the test (ck_assert) that
 * is not as it must be. */
#ifndef CLMD_TESTS_ANSWERS_H
#define CLMD_TESTS_ANSWERS_H

#include "integration/client.h"
#include "integration/service.h"

#include <jansson.h>

/* The JSON of a GET that must be answered with 200; to be released. */
json_t *answer_get(struct client *client, const char *path);

/* The answer to a request with header fields of one's own must have this status. Its body is to
 * be freed; a field of it is copied where `value` is not NULL. */
char *answer_ask(struct client *client, const char *method, const char *path,
                 const char *fields, const char *body, int status, const char *field,
                 char *value, size_t size);

/* The row of a metric's answer that has this group (as JSON text, "null" for none); NULL if
 * there is none. Borrowed. */
json_t *answer_row(const json_t *answer, const char *group);

/* A text member of an object, "-" where it is null or missing. */
const char *answer_text(const json_t *object, const char *name);

/* Every metric of the catalogue for each of the windows (query strings, ending with NULL),
 * without computed_at: equal states give equal texts. To be freed. */
char *answer_all_metrics(struct client *client, const char *const *windows);

/* clmd verify finds no difference. */
void answer_verified(const struct service *service);

#endif
