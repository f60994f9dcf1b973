#include "http/data_edition.h"

#include "base/clock.h"
#include "db/db.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct data_edition {
    pthread_mutex_t mutex;
    uint64_t changes;        /* that this server has made so far */
    uint64_t changes_before; /* the last reading; what came since, it may not have seen */
    int64_t read_at;         /* when that began; 0: never */
    char text[EDITION_SIZE];
};

struct data_edition *data_edition_create(void)
{
    struct data_edition *edition = calloc(1, sizeof *edition);
    if (edition)
        pthread_mutex_init(&edition->mutex, NULL);
    return edition;
}

void data_edition_destroy(struct data_edition *edition)
{
    if (!edition)
        return;
    pthread_mutex_destroy(&edition->mutex);
    free(edition);
}

static bool ask(struct db *db, char text[EDITION_SIZE], struct problem *why)
{
    PGresult *rows;
    if (!db_run(db, STATEMENT_LOAD_EDITION, NULL, &rows, why))
        return false;
    bool is_right = PQntuples(rows) == 1 && PQgetlength(rows, 0, 0) == EDITION_SIZE - 1;
    if (is_right)
        memcpy(text, PQgetvalue(rows, 0, 0), EDITION_SIZE);
    PQclear(rows);
    return is_right || fail(why, PROBLEM_INTERNAL, "the data's edition is not as expected");
}

/* A change that is under way while the database is asked may be in the answer or not: it counts
 * as one that came later. */
bool data_edition_load(void *context, struct db *db, struct problem *why)
{
    struct data_edition *edition = context;
    char text[EDITION_SIZE];
    int64_t began_at = clock_monotonic();
    pthread_mutex_lock(&edition->mutex);
    uint64_t changes = edition->changes;
    pthread_mutex_unlock(&edition->mutex);
    if (!ask(db, text, why))
        return false;
    pthread_mutex_lock(&edition->mutex);
    memcpy(edition->text, text, sizeof text);
    edition->changes_before = changes;
    edition->read_at = began_at;
    pthread_mutex_unlock(&edition->mutex);
    return true;
}

void data_edition_outdate(struct data_edition *edition)
{
    pthread_mutex_lock(&edition->mutex);
    edition->changes++;
    pthread_mutex_unlock(&edition->mutex);
}

bool data_edition_read(struct data_edition *edition, int64_t now, char text[EDITION_SIZE])
{
    pthread_mutex_lock(&edition->mutex);
    bool is_known = edition->read_at != 0 && now - edition->read_at < EDITION_MICROSECONDS &&
                    edition->changes == edition->changes_before;
    if (is_known)
        memcpy(text, edition->text, sizeof edition->text);
    pthread_mutex_unlock(&edition->mutex);
    return is_known;
}
