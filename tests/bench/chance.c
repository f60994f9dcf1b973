#include "chance.h"

#include <math.h>

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t draw(struct chance *chance)
{
    uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct chance chance_of(uint64_t seed, uint64_t number)
{
    struct chance chance = {.state = seed};
    chance.state = draw(&chance) + number;
    chance.state = draw(&chance);
    return chance;
}

uint64_t chance_below(struct chance *chance, uint64_t below)
{
    return draw(chance) % below;
}

bool chance_in(struct chance *chance, unsigned per_thousand)
{
    return chance_below(chance, 1000) < per_thousand;
}

/* Above 0, up to 1. */
static double draw_part(struct chance *chance)
{
    return (double)((draw(chance) >> 11) + 1) * 0x1p-53;
}

double chance_wait(struct chance *chance, double mean)
{
    return -mean * log(draw_part(chance));
}

double chance_around(struct chance *chance, double median, double spread)
{
    double radius = sqrt(-2 * log(draw_part(chance)));
    return median * exp(spread * radius * cos(2 * M_PI * draw_part(chance)));
}

const char *chance_word(struct chance *chance, const struct choice *choices)
{
    uint64_t total = 0;
    for (const struct choice *choice = choices; choice->word != NULL; choice++)
        total += choice->weight;
    uint64_t place = chance_below(chance, total);
    while (place >= choices->weight)
        place -= choices++->weight;
    return choices->word;
}
