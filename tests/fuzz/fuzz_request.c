/* Any bytes as a whole request, answered by a real database: no request is our fault, or the
 * database's; what is answered is what its type says. Events are posted as a trial. */
#include "fuzz.h"
#include "ground.h"

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    (void)ground_database();
    return 0;
}

/* What LANE_WRITE does ends in a commit, unless it is asked for a trial. */
static bool is_undone(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    char *end = text + strcspn(text, "\n");
    *end = '\0';
    bool writes = strncmp(text, "POST ", 5) == 0 && strstr(text, "/v1/events") != NULL;
    bool is_trial = strstr(text, "?dry_run=true") != NULL;
    free(text);
    return is_trial || !writes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct call call;
    if (!is_undone(data, size))
        return 0;
    ground_begin();
    if (ground_try(&call, data, size))
        call_end(&call);
    ground_undo();
    return 0;
}
