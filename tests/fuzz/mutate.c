/* A plain driver for fuzz targets: mutates their seeds at random, without looking at coverage.
 *
 *     fuzz_json [RUNS [SEED]]
 *
 * The same seed makes the same runs. */
#include "fuzz.h"

#include <string.h>
#include <time.h>

enum { INPUT_SIZE = 4096, MUTATIONS = 8, DEFAULT_RUNS = 100000 };

struct input {
    uint8_t data[INPUT_SIZE];
    size_t size;
};

static uint64_t state;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t random_word(void)
{
    uint64_t word = state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

/* From 0 to below − 1; 0 if there is nothing below. */
static size_t random_below(size_t below)
{
    return below > 0 ? random_word() % below : 0;
}

static void remove_bytes(struct input *input, size_t at, size_t count)
{
    memmove(input->data + at, input->data + at + count, input->size - at - count);
    input->size -= count;
}

static void insert_bytes(struct input *input, size_t at, const void *bytes, size_t count)
{
    if (count > INPUT_SIZE - input->size)
        return;
    memmove(input->data + at + count, input->data + at, input->size - at);
    memcpy(input->data + at, bytes, count);
    input->size += count;
}

static void flip_bit(struct input *input)
{
    if (input->size > 0)
        input->data[random_below(input->size)] ^= (uint8_t)(1U << random_below(8));
}

static void remove_some(struct input *input)
{
    size_t at = random_below(input->size);
    remove_bytes(input, at, random_below(input->size - at + 1));
}

/* What parsers trip over. */
static void insert_token(struct input *input)
{
    static const char *const TOKENS[] = {
        "\"", "\\",    "{",        "}",      "[",    "]",       ",",    ":",    "\\u0000",
        "-",  "1e",    "e999",     "0.",     "null", "true",    "\\u",  "\xff", "\xc0\xaf",
        "Z",  "\\ud8", "\xe2\x82", "+14:00", ":60",  "9999999", "\x01", "\n",   "-02-29",
    };
    const char *token = TOKENS[random_below(sizeof TOKENS / sizeof *TOKENS)];
    insert_bytes(input, random_below(input->size + 1), token, strlen(token));
}

static void repeat_some(struct input *input)
{
    uint8_t copy[INPUT_SIZE];
    size_t at = random_below(input->size);
    size_t count = random_below(input->size - at + 1);
    memcpy(copy, input->data + at, count);
    for (size_t times = random_below(100) + 1; times > 0; times--)
        insert_bytes(input, at, copy, count);
}

static void random_byte(struct input *input)
{
    uint8_t byte = (uint8_t)random_below(256);
    insert_bytes(input, random_below(input->size + 1), &byte, 1);
}

static void (*const MUTATE[])(struct input *input) = {flip_bit, remove_some, insert_token,
                                                      repeat_some, random_byte};

static size_t count_seeds(void)
{
    size_t count = 0;
    while (FUZZ_SEEDS[count])
        count++;
    return count;
}

/* The target gets memory of just the input's size, so that a sanitizer sees it read beyond. */
static void run_target(const struct input *input)
{
    uint8_t *data = malloc(input->size > 0 ? input->size : 1);
    if (!data)
        abort();
    memcpy(data, input->data, input->size);
    LLVMFuzzerTestOneInput(data, input->size);
    free(data);
}

int main(int argc, char **argv)
{
    uint64_t runs = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_RUNS;
    state = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
    printf("%llu runs, seed %llu\n", (unsigned long long)runs, (unsigned long long)state);
    fflush(stdout);
    size_t seeds = count_seeds();
    for (uint64_t run = 0; run < runs; run++) {
        struct input input = {.size = 0};
        const char *seed = FUZZ_SEEDS[random_below(seeds)];
        insert_bytes(&input, 0, seed, strlen(seed));
        for (size_t left = random_below(MUTATIONS + 1); left > 0; left--)
            MUTATE[random_below(sizeof MUTATE / sizeof *MUTATE)](&input);
        run_target(&input);
    }
    return EXIT_SUCCESS;
}
