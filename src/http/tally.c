/* A party has one of the few places that its hash leads to. A place is one word: the rest of
 * the hash above, the count below; so it changes by one compare-and-swap, and is free when the
 * count is 0. Two threads that meet a new party at once may give it two places if a third one
 * frees a place between them: then it has a little more than its limit, until both are free. */
#include "http/tally.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { SETS = 8192, WAYS = 8, COUNT_BITS = 20 };

static const uint64_t COUNT_MASK = (UINT64_C(1) << COUNT_BITS) - 1;

struct tally_place {
    _Atomic uint64_t word;
};

struct tally {
    struct tally_place places[SETS][WAYS];
};

struct tally *tally_create(void)
{
    return calloc(1, sizeof(struct tally));
}

void tally_destroy(struct tally *tally)
{
    free(tally);
}

/* One more at this place; false if it is not this party's, and not free where `takes_free`. */
static bool count_at(struct tally_place *place, uint64_t name, bool takes_free, unsigned limit,
                     bool *is_over)
{
    uint64_t word = atomic_load(&place->word);
    do {
        uint64_t count = word & COUNT_MASK;
        bool is_ours = count > 0 && (word & ~COUNT_MASK) == name;
        if (!is_ours && (count > 0 || !takes_free))
            return false;
        *is_over = count >= limit;
        if (*is_over)
            return true;
    } while (
        !atomic_compare_exchange_weak(&place->word, &word, name | ((word & COUNT_MASK) + 1)));
    return true;
}

bool tally_take(struct tally *tally, uint64_t party, unsigned limit, struct tally_place **place)
{
    struct tally_place *set = tally->places[party % SETS];
    bool is_over = false;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < WAYS; i++)
            if (count_at(&set[i], party & ~COUNT_MASK, round == 1, limit, &is_over)) {
                *place = is_over ? NULL : &set[i];
                return !is_over;
            }
    *place = NULL;
    return true;
}

void tally_give(struct tally_place *place)
{
    if (place)
        atomic_fetch_sub(&place->word, 1);
}
