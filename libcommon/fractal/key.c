#include "fractal/key.h"
#include "base/rng.h"

uint64_t key_of(uint64_t seed, enum key_purpose purpose, uint64_t a, uint64_t b)
{
    uint32_t word[4];
    rng_block(word, seed, (uint64_t)purpose << 56 ^ a, b);
    return word[0] | (uint64_t)word[1] << 32;
}
