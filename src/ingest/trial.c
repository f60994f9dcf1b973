/* Everything runs as it would, in a transaction that is rolled back: so what it tells is what
 * would happen, and what is locked is locked for no longer than it takes. */
#include "ingest/trial.h"

#include "ingest/recording.h"

static bool are_stored(struct item *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (items[i]->outcome != OUTCOME_CREATED && items[i]->outcome != OUTCOME_DUPLICATE)
            return false;
    return true;
}

static enum db_fault record_all(const struct recording *recording, struct item *const *items,
                                size_t count, struct problem *why)
{
    enum db_fault fault = DB_FAULT_NONE;
    for (size_t done = 0, length = 0; done < count && fault == DB_FAULT_NONE; done += length) {
        length = recording_length(items + done, count - done);
        fault = recording_attempt(recording, items + done, length, why);
    }
    return fault;
}

/* With a lost connection its transaction is gone. */
static enum db_fault attempt(const struct recording *recording, struct item *const *items,
                             size_t count, bool may_keep, struct problem *why)
{
    struct problem unended = {.code = PROBLEM_NONE};
    if (!db_execute(recording->db, "begin", NULL, why))
        return db_last_fault(recording->db);
    enum db_fault fault = record_all(recording, items, count, why);
    if (fault == DB_FAULT_CONNECTION)
        return fault;
    bool is_kept = may_keep && fault == DB_FAULT_NONE && are_stored(items, count);
    if (db_execute(recording->db, is_kept ? "commit" : "rollback", NULL, &unended) || !is_kept)
        return fault;
    *why = unended;
    return db_last_fault(recording->db);
}

static enum db_fault rehearse(const struct recording *recording, struct item *const *items,
                              size_t count, struct problem *why)
{
    return attempt(recording, items, count, false, why);
}

static enum db_fault record_or_drop(const struct recording *recording,
                                    struct item *const *items, size_t count,
                                    struct problem *why)
{
    return attempt(recording, items, count, true, why);
}

/* What the database refuses for its data is looked for in rehearsals of halves. */
bool trial_record(struct db *db, struct arena *arena, struct item *const *items, size_t count,
                  bool may_keep, struct problem *why)
{
    size_t sound_count = count;
    struct item **sound = items_sound(arena, items, &sound_count, why);
    if (sound == NULL || sound_count == 0)
        return sound != NULL;
    const struct recording rehearsal = {db, arena, rehearse};
    const struct recording recording = {db, arena, record_or_drop};
    if (!may_keep || sound_count < count)
        return recording_halve(&rehearsal, sound, sound_count, why);
    enum db_fault fault = recording_persist(&recording, sound, sound_count, why);
    if (fault != DB_FAULT_DATA && fault != DB_FAULT_TOLD)
        return fault == DB_FAULT_NONE;
    *why = (struct problem){.code = PROBLEM_NONE};
    return recording_halve(&rehearsal, sound, sound_count, why);
}
