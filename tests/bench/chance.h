/* Chance that a seed decides: equal seeds, equal numbers. */
#ifndef CLMD_BENCH_CHANCE_H
#define CLMD_BENCH_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

/* One of many with the same seed: neighbouring numbers have nothing in common. */
struct chance chance_of(uint64_t seed, uint64_t number);

/* 0 to below - 1; below is not 0. */
uint64_t chance_below(struct chance *chance, uint64_t below);

/* True in so many of a thousand cases. */
bool chance_in(struct chance *chance, unsigned per_thousand);

/* Waiting times of events that know nothing of each other: positive. */
double chance_wait(struct chance *chance, double mean);

/* Most near the median, few far above it (log-normal): amounts, and how often customers buy. */
double chance_around(struct chance *chance, double median, double spread);

/* One of a table's words, each as often as its weight says; a row without a word ends it. */
struct choice {
    unsigned weight;
    const char *word;
};
const char *chance_word(struct chance *chance, const struct choice *choices);

#endif
